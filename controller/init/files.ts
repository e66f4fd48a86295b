import { KINDS, SCHEMA_FOLDER, schemaLine } from "../../schemas/index.ts";

/** Where a link to this installation stands in a fleet repository: each machine has its own, so it is not committed. */
export const PACKAGE_LINK = ".fleetwright/package";

/** Text by path. */
export type Files = Record<string, string>;

/** What Fleetwright itself keeps up to date in a fleet repository: the schemas that editors complete and check with. */
export function schemaFiles(): Files {
  return Object.fromEntries(
    Object.values(KINDS).map(({ schema, schemaFile }) => [
      `${SCHEMA_FOLDER}/${schemaFile}`,
      `${JSON.stringify(schema, undefined, 2)}\n`,
    ]),
  );
}

/** What a new fleet repository holds besides. Where one of these is there already, it is its owner's and stays. */
export function startingFiles(id: string): Files {
  const folders = Object.values(KINDS).flatMap(({ place }) => (place.endsWith("/") ? [place] : []));
  return {
    "fleet.yaml": fleetFile(id),
    "README.md": readme(id),
    ".gitignore": `# A link to the Fleetwright of this machine; \`fleetwright init\` makes it.\n/${PACKAGE_LINK}\n`,
    "Pulumi.yaml": pulumiFile(id),
    ...Object.fromEntries(folders.map((folder) => [`${folder}.gitkeep`, ""])),
  };
}

function fleetFile(id: string): string {
  return `${schemaLine("Fleet", "fleet.yaml")}
kind: Fleet
# Enters the owner mark of every machine: never change it once machines run.
id: ${id}
# A person approves each preview. \`auto\` executes commits that no guard refuses.
approval: required
`;
}

/** For operators who call \`pulumi\` themselves: the program the controller runs, as plain Node 24 runs it, and our own provider. */
function pulumiFile(id: string): string {
  return `name: ${id}
description: A fleet kept by Fleetwright
runtime:
  name: nodejs
  options:
    typescript: false
main: ${PACKAGE_LINK}/stacks/index.ts
plugins:
  providers:
    - name: fleetwright
      path: ${PACKAGE_LINK}/bin
`;
}

function readme(id: string): string {
  return `# Fleet ${id}

The desired servers, as YAML. A commit here is how anything changes; \`fleetwright preview\` shows what it would do and \`fleetwright apply\` does it.
One object a file; folders below \`servers/\` are yours to arrange, a file's name and place mean nothing.

\`\`\`yaml
${schemaLine("Account", "accounts/do-main.yaml")}
# accounts/do-main.yaml: a credential is the name of an environment variable, or { sealed: true }; never the secret.
kind: Account
name: do-main
provider: digitalocean
credentials:
  token: { env: FLEETWRIGHT_DIGITALOCEAN_TOKEN }
\`\`\`

\`\`\`yaml
${schemaLine("SshKey", "keys/ops.yaml")}
# keys/ops.yaml
kind: SshKey
name: ops
publicKey: ssh-ed25519 AAAA… you@example.net
\`\`\`

\`\`\`yaml
${schemaLine("Firewall", "firewalls/web.yaml")}
# firewalls/web.yaml
kind: Firewall
name: web
rules:
  - { protocol: tcp, ports: "22,80,443" }
\`\`\`

\`\`\`yaml
${schemaLine("Server", "servers/web/web-1.yaml")}
# servers/web/web-1.yaml
kind: Server
name: web-1
account: do-main
size: s-1vcpu-1gb
region: nyc3
image: debian-12-x64
keys: [ops]
firewalls: [web]
\`\`\`
`;
}
