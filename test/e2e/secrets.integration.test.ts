import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureServer } from "../../controller/store/embedded.ts";
import { CLOUDS, type CloudName, Clouds } from "./clouds.ts";
import { type Ended, ended, FIREWALL, Fleet, KEY, server } from "./fleet.ts";
import { allProcesses, type FoundProcess } from "./processes.ts";

/** Promise 10: canaries where secrets go in, and a search of everything that comes out. */
const TIMEOUT = 240_000;
const KEY_FILE = "state.key";

const TOKENS: Record<CloudName, string> = {
  linode: "canary-linode-0c9a7e5d1f",
  digitalocean: "canary-digitalocean-4be1dae77",
  proxmox: "root@pam!fleetwright=cafe0000-c0de-4a11-8bad-canary0proxmox",
};
/** As nested as user data can be: it is one more level of text inside the plugins' nested inputs. */
const SECRET_LINE = 'content: "PASSWORD=canary-user-data-9f31c2"';
const USER_DATA = `#cloud-config\nwrite_files:\n  - path: /etc/app.env\n    ${SECRET_LINE}\n`;
const CANARIES = {
  ...TOKENS,
  proxmoxSecret: "cafe0000-c0de-4a11-8bad-canary0proxmox",
  userData: "canary-user-data-9f31c2",
};
const USER_DATA_64 = Buffer.from(USER_DATA).toString("base64");

let clouds: Clouds;
let fleet: Fleet;
/** Everything that commands have printed. */
const printed: Record<string, string> = {};
/** Engines and plugins seen while they ran. */
const seen = new Map<number, FoundProcess>();

beforeAll(async () => {
  clouds = await Clouds.start({}, TOKENS);
  fleet = new Fleet(clouds, { id: "secrets", environment: { FLEETWRIGHT_USER_DATA: USER_DATA } });
  const userData = { userData: { env: "FLEETWRIGHT_USER_DATA" } };
  fleet.write({
    "keys/ops.yaml": KEY,
    "firewalls/web.yaml": FIREWALL,
    "servers/web-1.yaml": server("linode", "web-1", { firewalls: ["web"], ...userData }),
    "servers/api-1.yaml": server("digitalocean", "api-1", { firewalls: ["web"], ...userData }),
    "servers/pve-1.yaml": server("proxmox", "pve-1"),
  });
  fleet.commit("Begin");

  await run("preview", ["preview"]);
  await run("preview as JSON", ["preview", "--json"]);
  // A cloud that shows a request in its own error.
  for (const [cloud, path] of [
    ["linode", "^/v4/linode/instances$"],
    ["digitalocean", "^/v2/droplets$"],
  ] as const) {
    const echo = `bad request with Bearer ${TOKENS[cloud]}: ${USER_DATA_64}, in ${USER_DATA} near ${SECRET_LINE}`;
    const body = { errors: [{ reason: echo }], id: "bad_request", message: echo };
    await clouds.of(cloud).fault({ match: { method: "POST", path }, action: { kind: "status", status: 400, body } });
  }
  expect((await run("apply that fails", ["apply", "--yes", "--json"])).code).toBe(1);
  expect((await run("apply", ["apply"])).code).toBe(0);
  for (const path of ["web-1", "api-1", "pve-1"])
    fleet.edit(`servers/${path}.yaml`, (text) => text.replace("env: test", "env: prod"));
  fleet.commit("Change all");
  const changed = await run("apply with the executable", ["apply", "--yes", "--json", "--provider", "executable"]);
  expect(changed.code, changed.stdout).toBe(0);
  await run("full preview", ["preview", "--full", "--json"]);
  await run("drift", ["drift", "--json"]);
  await run("status", ["status", "--json"]);
  await run("compile", ["compile", "--json"]);
  await run("wrong token", ["drift", "--json"], { FLEETWRIGHT_PROXMOX_TOKEN: `${TOKENS.proxmox}x` });
}, TIMEOUT);

afterAll(async () => {
  await fleet?.close();
  await clouds?.close();
});

describe("tokens and user data", () => {
  it("reached the clouds, or the search would prove nothing", async () => {
    expect((await clouds.servers()).map(({ power }) => power)).toEqual(["running", "running", "running"]);
    expect(seen.size).toBeGreaterThan(6);
  });

  it.each(Object.keys(CANARIES))("are in nothing that was printed: %s", (name) => {
    const canary = CANARIES[name as keyof typeof CANARIES];

    expect(
      Object.entries(printed)
        .filter(([, text]) => text.includes(canary))
        .map(([command]) => command),
    ).toEqual([]);
  });

  it("are in no object of the fleet repository", () => {
    const objects = execFileSync("git", ["cat-file", "--batch-all-objects", "--batch"], { cwd: fleet.dir });

    expect(found(objects)).toEqual([]);
  });

  it("are in no file of the data folder: state, history, logs, database", () => {
    const files = filesIn(fleet.dataDir);

    expect(files.filter((file) => file.includes("/.pulumi/")).length).toBeGreaterThan(0);
    expect(files.flatMap((file) => found(readFileSync(file)).map((name) => `${name} in ${file}`))).toEqual([]);
  });

  it("are in no row of the database", async () => {
    const { socketDir, user, database } = await ensureServer(fleet.dataDir);
    const client = new pg.Client({ host: socketDir, user, database });
    await client.connect();
    try {
      const tables = await client.query<{ name: string }>(
        "select table_name as name from information_schema.tables where table_schema = 'fleetwright'",
      );
      expect(tables.rows.length).toBeGreaterThan(5);
      for (const { name } of tables.rows) {
        const { rows } = await client.query<{ row: string }>(`select t::text as row from fleetwright."${name}" t`);
        expect(
          rows.flatMap(({ row }) => found(Buffer.from(row))),
          name,
        ).toEqual([]);
      }
    } finally {
      await client.end();
    }
  });

  it("are on no command line, and the clouds' tokens in no environment of an engine or an official plugin", () => {
    const processes = [...seen.values()];
    const kinds = new Set(processes.map(kindOf));

    expect([...kinds].sort()).toEqual(["digitalocean", "engine", "fleetwright", "linode"]);
    expect(processes.flatMap(({ command }) => found(Buffer.from(command)))).toEqual([]);
    for (const process of processes) {
      const text = JSON.stringify(process.environment);
      // The executable of our own provider needs what no gateway stands for: the account it was started for.
      const allowed = process.environment.FLEETWRIGHT_ACCOUNT?.includes('"proxmox"')
        ? ["proxmox", "proxmoxSecret"]
        : [];
      expect(
        found(Buffer.from(text)).filter((name) => !allowed.includes(name)),
        kindOf(process),
      ).toEqual([]);
    }
  });
});

describe("the passphrase of the state", () => {
  it("is in one file that only its owner reads, and nowhere else", () => {
    const file = join(fleet.dataDir, KEY_FILE);
    const passphrase = readFileSync(file, "utf8").trim();

    expect(statSync(file).mode & 0o077).toBe(0);
    expect(passphrase.length).toBeGreaterThan(20);
    const texts = [...Object.values(printed), ...[...seen.values()].map((process) => JSON.stringify(process))];
    expect(texts.filter((text) => text.includes(passphrase))).toEqual([]);
    expect(filesIn(fleet.dataDir).filter((file) => readFileSync(file).includes(passphrase))).toEqual([]);
  });
});

/** Names of the canaries in these bytes, in clear or as the clouds take user data. */
function found(bytes: Buffer): string[] {
  const names = Object.entries(CANARIES).flatMap(([name, canary]) => (bytes.includes(canary) ? [name] : []));
  return bytes.includes(USER_DATA_64.slice(0, 60)) ? [...names, "userData in base64"] : names;
}

/** All files but the one that holds the passphrase. */
function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => file !== join(dir, KEY_FILE));
}

async function run(name: string, args: string[], environment: Record<string, string> = {}): Promise<Ended> {
  const child = fleet.start(args, environment);
  const watch = setInterval(() => {
    for (const process of allProcesses()) {
      if (process.environment.PULUMI_HOME?.startsWith(fleet.dataDir)) seen.set(process.pid, process);
    }
  }, 40);
  const end = await ended(child);
  clearInterval(watch);
  printed[name] = end.stdout + end.stderr;
  return end;
}

function kindOf({ command }: FoundProcess): string {
  return (
    CLOUDS.find((cloud) => command.includes(`pulumi-resource-${cloud}`)) ??
    (/resource-fleetwright|plugin\/main/.test(command) ? "fleetwright" : "engine")
  );
}
