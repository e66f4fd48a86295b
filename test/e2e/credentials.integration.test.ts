import { execFileSync, spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { main } from "../../controller/cli/main.ts";
import { type OpenController, openController } from "../../controller/open.ts";
import { startLinode } from "../../simulators/linode/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { fakeIo } from "../controller/cli/fake-io.ts";
import { type Ended, ended, Fleet, KEY, server } from "./fleet.ts";
import type { LogLine } from "./serving.ts";

/** Credentials by the command line: what is sealed shows nowhere, and goes to no address that only git names. */
const TIMEOUT = 120_000;
const TOKEN = "canary-write-only-8d1f";
const OTHER = "canary-variable-77aa10";
const BIN = join(import.meta.dirname, "../../bin/fleetwright.ts");
const python = spawnSync("python3", ["-c", "import pty"]).status === 0;

let simulator: Simulator;
let listener: Server;
/** Whatever came to an address that nobody has allowed. */
const received: string[] = [];
let elsewhere: string;
let fleet: Fleet;
let controller: OpenController;
/** Everything that commands have printed. */
const printed: string[] = [];

const account = (credentials: object, endpoint: string, more: object = {}) => ({
  "accounts/linode-main.yaml": {
    kind: "Account",
    name: "linode-main",
    provider: "linode",
    endpoint,
    credentials,
    ...more,
  },
});

/** Runs a command in this process, and is asked for a secret where it asks for one. */
async function run(args: string[], secret = ""): Promise<Ended> {
  const io = fakeIo({ secret });
  const code = await main(["--fleet", fleet.dir, "--data", fleet.dataDir, "--stand-ins", ...args], io);
  const result = { code, stdout: io.stdout.join("\n"), stderr: io.stderr.join("\n") };
  printed.push(result.stdout, result.stderr, ...io.drawn);
  return result;
}
/** In a process of its own, with this on its standard input. */
async function piped(args: string[], input: string): Promise<Ended> {
  const all = [BIN, "--fleet", fleet.dir, "--data", fleet.dataDir, ...args];
  const child = spawn(process.execPath, all, { env: process.env, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(input);
  const result = await ended(child);
  printed.push(result.stdout, result.stderr);
  return result;
}
const credentials = (...args: string[]) => run(["credentials", ...args]);

beforeAll(async () => {
  simulator = await startLinode({ token: TOKEN, rateScale: 0 });
  listener = createServer((request, response) => {
    received.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    response.writeHead(401, { "content-type": "application/json" }).end('{"errors":[{"reason":"Invalid Token"}]}');
  });
  listener.on("connection", () => received.push("a connection"));
  await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
  elsewhere = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  fleet = new Fleet(undefined, {
    id: "sealed",
    environment: { FLEETWRIGHT_ENDPOINTS: "", FLEETWRIGHT_OTHER: OTHER },
  });
  fleet.write({ "keys/ops.yaml": KEY, ...account({ token: { sealed: true } }, simulator.url) });
  fleet.commit("Begin");
  for (const [name, value] of Object.entries({ ...fleet.environment, NO_COLOR: "1" })) vi.stubEnv(name, value);
  // As an apply records it. It keeps the database running as well.
  controller = await openController({ fleetDir: fleet.dir, dataDir: fleet.dataDir });
  await controller.store.putAccount({ identity: "linode-main", name: "linode-main", cells: 1 });
}, TIMEOUT);

afterAll(async () => {
  vi.unstubAllEnvs();
  await controller?.close();
  await fleet?.close();
  await simulator?.close();
  listener?.closeAllConnections();
  await new Promise((done) => listener?.close(done));
});

it(
  "is taken from standard input, never from an argument, and a running service begins to use it",
  async () => {
    const child = fleet.start([
      "serve",
      "--listen",
      "127.0.0.1:0",
      "--log-format",
      "json",
      "--poll-seconds",
      "1",
      "--drift-seconds",
      "1",
    ]);
    const lines: LogLine[] = [];
    const readers: (() => void)[] = [];
    createInterface({ input: child.stdout! }).on("line", (line) => {
      printed.push(line);
      lines.push(JSON.parse(line) as LogLine);
      for (const reader of readers) reader();
    });
    child.stderr!.on("data", (text: Buffer) => printed.push(text.toString()));
    const told = (what: string, fits: (line: LogLine) => boolean) =>
      new Promise<LogLine>((done, failed) => {
        const look = () => {
          const found = lines.find(fits);
          if (found !== undefined) done(found);
        };
        readers.push(look);
        child.once("exit", () => failed(new Error(`the service ended before it told of ${what}`)));
        look();
      });

    const missing = await told("a missing credential", ({ reason }) => /nothing was sealed yet/.test(String(reason)));
    expect(missing.reason).toContain("fleetwright credentials set linode-main token");

    const argument = await credentials("set", "linode-main", "token", TOKEN);
    expect(argument.code).toBe(1);
    const unnamed = await run(["credentials", "set", "linode-main", "token"], TOKEN);
    expect(unnamed.code).toBe(1);
    expect(unnamed.stderr).toContain(`--endpoint ${simulator.url}`);
    const set = await piped(["credentials", "set", "linode-main", "token", "--endpoint", simulator.url], `${TOKEN}\n`);
    expect(set.stdout).toMatch(
      /^linode-main token is sealed for http:\/\/127\.0\.0\.1:\d+ with the key [0-9a-f]{8}\n$/,
    );

    await told("a pass over the account", ({ msg }) => msg === "drift pass");
    child.kill("SIGTERM");
    await ended(child);
  },
  TIMEOUT,
);

it(
  "is validated, listed and rotated without a part of it",
  async () => {
    const validated = await credentials("validate", "linode-main", "--json");
    expect(validated.code).toBe(0);
    expect(JSON.parse(validated.stdout)).toMatchObject({ account: "linode-main", by: "access", identity: "simulated" });
    expect((await credentials("validate", "linode-main")).stdout).toContain("as simulated");

    const [listed] = JSON.parse((await credentials("list", "--json")).stdout).credentials;
    expect(Object.keys(listed)).toEqual(["account", "field", "endpoint", "key", "readable", "by", "at"]);
    expect(listed).toMatchObject({ account: "linode-main", field: "token", by: "Ada Operator <ada@example.org>" });
    const rotated = JSON.parse((await credentials("rotate", "--json")).stdout);
    expect(rotated).toMatchObject({ resealed: 1, removed: [listed.key], removable: [] });
    expect((await credentials("list")).stdout).toContain(`key ${rotated.key}`);
    expect((await credentials("validate", "linode-main")).code).toBe(0);
  },
  TIMEOUT,
);

it.skipIf(!python)(
  "is asked for on a terminal without echo",
  async () => {
    const script = `
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0: os.execv(sys.argv[1], sys.argv[1:])
seen = b""; sent = False
while True:
    try: chunk = os.read(fd, 4096)
    except OSError: break
    if not chunk: break
    seen += chunk
    if not sent and b"token of linode-main: " in seen:
        os.write(fd, b"${TOKEN}x\\x7f\\r"); sent = True
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;
    const args = [process.execPath, BIN, "--fleet", fleet.dir, "--data", fleet.dataDir, "credentials", "set"];
    const seen = execFileSync("python3", ["-c", script, ...args, "linode-main", "token"], {
      encoding: "utf8",
      env: { ...process.env, TERM: "xterm" },
    });

    printed.push(seen);
    expect(seen).toContain("token of linode-main: ");
    expect(seen).toContain("is sealed for");
    // The last character was taken back, so it opens the cloud only when keys were read as a terminal gives them.
    expect((await credentials("validate", "linode-main")).code).toBe(0);
  },
  TIMEOUT,
);

describe("a pull request", () => {
  it.each([
    { what: "points an account at its own server", change: () => account({ token: { sealed: true } }, elsewhere) },
    { what: "takes a variable instead", change: () => account({ token: { env: "FLEETWRIGHT_OTHER" } }, elsewhere) },
    {
      what: "renames the account as well",
      change: () => ({
        "accounts/linode-main.yaml": null,
        "accounts/x.yaml": {
          kind: "Account",
          name: "linode-x",
          formerly: ["linode-main"],
          provider: "linode",
          endpoint: elsewhere,
          credentials: { token: { sealed: true } },
        },
      }),
      account: "linode-x",
    },
  ])(
    "that $what gets no token, before and after it is merged",
    async ({ change, account: name = "linode-main" }) => {
      fleet.git("checkout", "-q", "-b", "topic");
      fleet.write({ ...change(), "servers/web-1.yaml": server("linode", "web-1", { account: name }) });
      const commit = fleet.commit("Point it elsewhere");
      fleet.git("checkout", "-q", "main");

      const validated = await credentials("validate", name, "--commit", commit);
      const previewed = await run(["preview", "--commit", commit]);
      expect(validated.stderr).toMatch(/may not be sent to http/);
      expect(previewed.code).not.toBe(0);
      expect(previewed.stderr).toMatch(
        new RegExp(`may not be sent to ${elsewhere}.*fleetwright credentials bind ${name} --endpoint ${elsewhere}`),
      );

      const before = fleet.git("rev-parse", "HEAD");
      fleet.git("merge", "-q", "--ff-only", "topic");
      for (const args of [["apply", "--yes"], ["drift"], ["catalog", "sizes", "--account", name, "--refresh"]])
        expect((await run(args)).code, args.join(" ")).not.toBe(0);
      fleet.git("reset", "-q", "--hard", before);
      fleet.git("branch", "-qD", "topic");
      expect(received).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "is let go there once an operator has bound it, and no longer when that is taken back",
    async () => {
      fleet.write(account({ token: { sealed: true } }, elsewhere));
      fleet.commit("Move");

      const bound = await credentials("bind", "linode-main", "--json");
      expect(JSON.parse(bound.stdout)).toEqual({
        account: "linode-main",
        endpoint: elsewhere,
        fields: ["token"],
        unset: [],
      });
      const validated = await credentials("validate", "linode-main");
      expect(validated.stderr).toContain("CLOUD_AUTH");
      expect(received.join("\n")).toContain(`Bearer ${TOKEN}`);

      received.length = 0;
      expect((await credentials("unbind", "linode-main", "--endpoint", elsewhere)).code).toBe(0);
      expect((await credentials("validate", "linode-main")).stderr).toContain("may not be sent");
      expect(received).toEqual([]);
    },
    TIMEOUT,
  );
});

it(
  "is in no output, no log, no file of the data folder, no backup",
  async () => {
    const file = join(fleet.root, "backup.tar.gz");
    expect((await run(["backup", file])).code).toBe(0);
    expect((await credentials("remove", "linode-main")).code).toBe(0);
    expect((await credentials("remove", "linode-main")).stderr).toContain("nothing of linode-main is sealed");
    const places: Record<string, Buffer | string> = {
      output: printed.join("\n"),
      backup: execFileSync("tar", ["-xzOf", file], { maxBuffer: 1 << 28 }),
    };
    for (const entry of readdirSync(fleet.dataDir, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) places[join(entry.parentPath, entry.name)] = readFileSync(join(entry.parentPath, entry.name));

    const forms = [TOKEN, OTHER].flatMap((value) => [
      value,
      value.slice(4),
      Buffer.from(value).toString("base64").slice(0, -2),
      Buffer.from(value).toString("hex"),
    ]);
    const leaks = Object.entries(places).flatMap(([place, content]) =>
      forms.filter((form) => content.includes(form)).map((form) => `${form} in ${place}`),
    );
    expect(Object.keys(places).length).toBeGreaterThan(100);
    expect(leaks).toEqual([]);
  },
  TIMEOUT,
);
