import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, RequestListener, Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { getCACertificates } from "node:tls";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Plugins keep a connection for as long as they live. */
const KEEP_ALIVE_MS = 60_000;

/** What stands in for an API whose address a plugin has built in. */
export interface FixedHost {
  /** Sends every HTTPS request of the run here, and lets it trust this one certificate besides those of the machine. */
  environment: Record<string, string>;
  close(): Promise<void>;
}

export interface FixedHostOptions {
  /** The plain server of the gateway: `CONNECT` comes in there. */
  server: Server;
  /** `http://127.0.0.1:PORT` of it. */
  url: string;
  /** Host that the plugin believes to talk to. */
  host: string;
  /** The run's token; without it nobody is let through. */
  token: string;
  isToken(given: string): boolean;
  handle: RequestListener;
  /** Where the certificates are written, in a folder of their own. Default: the system's folder for temporary files. */
  dir?: string;
}

/**
 * Answers as `host` over TLS with a certificate made for this run. The plugin comes through `HTTPS_PROXY`; whatever else the run asks for over that
 * (the engine fetches plugins) is passed on unread.
 */
export async function standInFor(options: FixedHostOptions): Promise<FixedHost> {
  const { server, host, handle } = options;
  const { private: key, cert } = await certificateFor(host);
  const secure = createSecureServer({ key, cert }, handle);
  secure.requestTimeout = 0;
  secure.keepAliveTimeout = KEEP_ALIVE_MS;
  const sockets = new Set<Duplex>();
  server.on("connect", (request, socket, head) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    if (!isOurs(request, options)) refuse(socket, "407 Proxy Authentication Required");
    else if (request.url === `${host}:443`) {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      if (head.length > 0) socket.unshift(head);
      secure.emit("connection", socket);
    } else tunnel(request.url ?? "", socket, head, sockets);
  });

  const trusted = await writeTrusted(cert, options.dir);
  const proxy = new URL(options.url);
  proxy.username = "run";
  proxy.password = options.token;
  const address = proxy.href.replace(/\/$/, "");
  return {
    environment: {
      HTTPS_PROXY: address,
      https_proxy: address,
      NO_PROXY: "127.0.0.1,localhost,::1",
      no_proxy: "127.0.0.1,localhost,::1",
      SSL_CERT_FILE: trusted.file,
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      secure.closeAllConnections();
      await trusted.remove();
    },
  };
}

/** A leaf that is its own root: it is trusted by name in one file, and signs nothing. */
async function certificateFor(host: string) {
  const now = Date.now();
  const { generate } = await import("selfsigned");
  return await generate([{ name: "commonName", value: host }], {
    keyType: "ec",
    algorithm: "sha256",
    // Clocks of this machine only, but it may have been set back meanwhile.
    notBeforeDate: new Date(now - DAY_MS),
    notAfterDate: new Date(now + 30 * DAY_MS),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: [{ type: 2, value: host }] },
    ],
  });
}

async function writeTrusted(cert: string, parent = tmpdir()) {
  await mkdir(parent, { recursive: true });
  const dir = await mkdtemp(join(parent, "gateway-"));
  const file = join(dir, "trusted.pem");
  // SSL_CERT_FILE takes the place of the machine's own, so these are in it as well.
  const others = [...new Set([...getCACertificates("system"), ...getCACertificates("extra")])];
  const roots = others.length > 0 ? others : getCACertificates("bundled");
  await writeFile(file, [cert, ...roots].map((pem) => pem.trim()).join("\n"), { mode: 0o600 });
  return { file, remove: () => rm(dir, { recursive: true, force: true }) };
}

function isOurs(request: IncomingMessage, { isToken }: FixedHostOptions): boolean {
  const [, encoded] = /^Basic (\S+)$/i.exec(request.headers["proxy-authorization"] ?? "") ?? [];
  if (encoded === undefined) return false;
  const [, password = ""] = /^run:(.*)$/.exec(Buffer.from(encoded, "base64").toString("utf8")) ?? [];
  return isToken(password);
}

/** Passes a connection on without looking into it: what the run itself needs, over TLS only. */
function tunnel(target: string, socket: Duplex, head: Buffer, sockets: Set<Duplex>): void {
  const [, host, port] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(target) ?? [];
  if (host === undefined || port !== "443") {
    refuse(socket, "403 Forbidden");
    return;
  }
  const upstream = connect({ host, port: 443 });
  sockets.add(upstream);
  upstream.once("connect", () => {
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
  });
  upstream.once("error", () => refuse(socket, "502 Bad Gateway"));
  upstream.once("close", () => {
    sockets.delete(upstream);
    socket.destroy();
  });
  socket.once("close", () => upstream.destroy());
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
