import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { KeyRing } from "../../../controller/credentials/keys.ts";
import { rotateKeys } from "../../../controller/credentials/rotate.ts";
import { seal } from "../../../controller/credentials/seal.ts";
import { type OpenController, type OpenOptions, openController } from "../../../controller/open.ts";
import { withLeases } from "../../../controller/reconcile/leases.ts";
import { openPlugins } from "../../../controller/reconcile/plugins.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { packageFromEnvironment } from "../../../resources/plugin/executable.ts";
import { clouds } from "../../../resources/registry.ts";
import { startLinode } from "../../../simulators/linode/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { Fleet } from "../../e2e/fleet.ts";

/** Sealed credentials and bound addresses, on a real database and against a simulated cloud. */
const TOKEN = "canary-sealed-51c0ffee";
const BY = "Ada <ada@example.org>";
const ELSEWHERE = "https://collect.example.net";
const signal = AbortSignal.timeout(120_000);

let simulator: Simulator;
let fleet: Fleet;
let controller: OpenController;
let hidden: string[];

const account = (credentials: object, endpoint: string | null, more: object = {}) => ({
  kind: "Account",
  name: "linode-main",
  provider: "linode",
  ...(endpoint && { endpoint }),
  credentials,
  ...more,
});

function write(credentials: object, endpoint: string | null = simulator.url, more: object = {}): void {
  fleet.write({ "accounts/linode-main.yaml": account(credentials, endpoint, more) });
  fleet.commit();
}

const environment: Record<string, string | undefined> = { FLEETWRIGHT_TOKEN: TOKEN, FLEETWRIGHT_OTHER: "another" };
const open = (more: Partial<OpenOptions> = {}) =>
  openController({
    ...more,
    fleetDir: fleet.dir,
    dataDir: fleet.dataDir,
    environment: { ...process.env, ...environment },
    onSecrets: (values) => hidden.push(...values),
  });
const sql = (text: string) => controller.store.jobs.executeSql(text);
const specOf = async () => {
  const { accountsAt } = await import("../../../controller/catalog/shops.ts");
  return (await accountsAt(controller, ["linode-main"]))[0]!;
};
/** The account as the steps of a reconcile get it. */
const resolved = async () => {
  await controller.renewCredentials!();
  return controller.account(await specOf());
};

beforeAll(async () => {
  simulator = await startLinode({ token: TOKEN, rateScale: 0 });
  fleet = new Fleet(undefined);
  write({ token: { sealed: true } });
  controller = await open();
});
afterAll(async () => {
  await controller?.close();
  await fleet?.close();
  await simulator?.close();
});
beforeEach(async () => {
  hidden = [];
  await sql("delete from credential; delete from credential_binding; delete from account");
  write({ token: { sealed: true } }, simulator.url, { title: String(Math.random()) });
});

const set = (more: object = {}) =>
  controller.credentials.set({ account: "linode-main", field: "token", value: `${TOKEN}\n`, by: BY, ...more });

describe("a sealed credential", () => {
  it("is asked for by name until it is set, then used for its address, and hidden from logs before it is", async () => {
    await expect(resolved()).rejects.toThrow(/nothing was sealed yet: `fleetwright credentials set linode-main token`/);

    const answer = await set({ endpoint: simulator.url });

    expect(answer).toMatchObject({ account: "linode-main", field: "token", endpoint: simulator.url, isUsed: true });
    expect((await resolved()).credentials.token).toBe(TOKEN);
    expect(hidden).toContain(TOKEN);
    expect(await controller.credentials.validate({ account: "linode-main", signal })).toMatchObject({
      account: "linode-main",
      endpoint: simulator.url,
    });
  });

  it("is not set for an address that only the file names", async () => {
    await expect(set()).rejects.toThrow(/nobody has allowed yet: say `.*--endpoint http/);
    await set({ endpoint: simulator.url });

    expect(await set()).toMatchObject({ endpoint: simulator.url });
  });

  it("is set for the cloud's own address without more words", async () => {
    write({ token: { sealed: true } }, null);

    expect(await set()).toMatchObject({ endpoint: "https://api.linode.com" });
  });

  it("counts in another controller with its next look, and is gone there as well", async () => {
    const other = await open();
    try {
      const spec = await specOf();
      await set({ endpoint: simulator.url });
      await other.renewCredentials!();
      expect(other.account(spec).credentials.token).toBe(TOKEN);

      await controller.credentials.remove({ account: "linode-main", by: BY });
      await other.renewCredentials!();
      expect(() => other.account(spec)).toThrow(/nothing was sealed/);
    } finally {
      await other.close();
    }
  });

  it("keeps to its account through a rename, and is nobody else's", async () => {
    await controller.store.putAccount({ identity: "linode-main", name: "linode-main", cells: 1 });
    await set({ endpoint: simulator.url });
    const spec = await specOf();
    await controller.renewCredentials!();

    expect(controller.account({ ...spec, name: "renamed", formerly: ["linode-main"] }).credentials.token).toBe(TOKEN);
    expect(() => controller.account({ ...spec, name: "other" })).toThrow(/nothing was sealed/);
    expect(() => controller.account({ ...spec, formerly: ["linode-main"], endpoint: ELSEWHERE })).toThrow(
      /may not be sent to https:\/\/collect/,
    );
  });

  it("is refused when its row was moved or changed in the database", async () => {
    await set({ endpoint: simulator.url });
    await sql(`update credential set endpoint = '${ELSEWHERE}'`);
    write({ token: { sealed: true } }, ELSEWHERE);
    await expect(resolved()).rejects.toThrow(/changed in the database after it was sealed, or moved there/);

    await sql(`update credential set endpoint = '${simulator.url}', account = 'evil'`);
    write({ token: { sealed: true } });
    await expect(resolved()).rejects.toThrow(/nothing was sealed/);

    await sql(
      "update credential set account = 'linode-main', sealed = 'A' || substr(sealed, 2), nonce = substr(nonce, 2) || 'A'",
    );
    await expect(resolved()).rejects.toThrow(/changed in the database/);
  });

  it("stands nowhere in what is told, stored or dumped", async () => {
    await set({ endpoint: simulator.url });
    const told: unknown[] = [await controller.credentials.list(), await controller.store.events(0, 1000)];
    await controller.store.dump({
      migrations: async () => undefined,
      table: async () => undefined,
      rows: async (table, rows) => void told.push(table, rows),
    });

    const text = JSON.stringify(told);
    expect(text).toContain('"credential"');
    for (const form of [
      TOKEN,
      Buffer.from(TOKEN).toString("base64"),
      Buffer.from(TOKEN).toString("hex"),
      TOKEN.slice(4),
    ])
      expect(text).not.toContain(form);
    expect(text).toContain("credentials.set");
  });

  it.each([
    {
      what: "a field that the cloud has not",
      ask: { field: TOKEN },
      says: /no credential of Linode, which has token$/,
    },
    { what: "a value of two lines", ask: { value: `${TOKEN}\n${TOKEN}` }, says: /line break/ },
    { what: "an account that is none", ask: { account: "nobody" }, says: /no account nobody/ },
    {
      what: "an address with a password",
      ask: { endpoint: `https://a:${TOKEN}@x.example` },
      says: /without user name/,
    },
  ])("is refused with $what, and the refusal does not repeat it", async ({ ask, says }) => {
    await expect(set({ endpoint: simulator.url, ...ask })).rejects.toThrow(says);
    await expect(set({ endpoint: simulator.url, ...ask })).rejects.not.toThrow(new RegExp(TOKEN));
  });
});

it("reaches our own provider as an executable by a variable of its run, and only its gateway's token does", async () => {
  await set({ endpoint: simulator.url });
  const executing = await open({ provider: "executable" });
  try {
    const matched = { identity: "linode-main", spec: await specOf(), cells: 1, recorded: true };
    await withLeases(executing, ["linode-main.0"], signal, async () => {
      const plugins = await openPlugins(executing, matched, "linode-main.0");
      try {
        const { FLEETWRIGHT_ACCOUNT } = plugins.environment;
        const { handlers } = await packageFromEnvironment(plugins.environment, "1.0.0");

        expect(JSON.parse(FLEETWRIGHT_ACCOUNT!).credentials).toEqual({ token: { env: "FLEETWRIGHT_CREDENTIAL_0" } });
        expect(handlers.map(({ type }) => type)).toEqual(["fleetwright:index:Power"]);
        expect(JSON.stringify(plugins.environment)).not.toContain(TOKEN);
        expect(plugins.secrets).toContain(TOKEN);
      } finally {
        await plugins.close();
      }
    });
  } finally {
    await executing.close();
  }
});

describe("an address that is bound", () => {
  it("is for what the file refers to, and for no other variable", async () => {
    write({ token: { env: "FLEETWRIGHT_TOKEN" } });
    await expect(resolved()).rejects.toThrow(/may not be sent to .*credentials bind linode-main --endpoint/);

    const bound = await controller.credentials.bind({ account: "linode-main", by: BY });

    expect(bound).toEqual({ account: "linode-main", endpoint: simulator.url, fields: ["token"], unset: [] });
    expect((await resolved()).credentials.token).toBe(TOKEN);
    expect((await controller.credentials.list()).bindings).toMatchObject([
      { account: "linode-main", field: "token", reference: "env:FLEETWRIGHT_TOKEN", endpoint: simulator.url, by: BY },
    ]);
    write({ token: { env: "FLEETWRIGHT_OTHER" } });
    await expect(resolved()).rejects.toThrow(/may not be sent/);
    write({ token: { env: "FLEETWRIGHT_TOKEN" } }, ELSEWHERE);
    await expect(resolved()).rejects.toThrow(/may not be sent/);
  });

  it("is for a file by its path, and a file in the data folder or the fleet is none", async () => {
    const file = join(fleet.root, "token");
    writeFileSync(file, `${TOKEN}\n`, { mode: 0o600 });
    write({ token: { file } });
    await expect(resolved()).rejects.toThrow(/may not be sent/);
    await controller.credentials.bind({ account: "linode-main", by: BY });
    expect((await resolved()).credentials.token).toBe(TOKEN);
    expect(hidden).toContain(TOKEN);

    await new KeyRing(fleet.dataDir, {}).newest();
    write({ token: { file: join(fleet.dataDir, "seal.key") } });
    await controller.credentials.bind({ account: "linode-main", by: BY });
    await expect(resolved()).rejects.toThrow(/lies in .*keep it elsewhere/);
    rmSync(file);
  });

  it("seals what is sealed for it as well, until it is unbound", async () => {
    await set({ endpoint: simulator.url });
    write({ token: { sealed: true } }, ELSEWHERE);
    await expect(resolved()).rejects.toThrow(
      new RegExp(`sealed for ${simulator.url} and may not be sent to ${ELSEWHERE}`),
    );

    await controller.credentials.bind({ account: "linode-main", by: BY });
    expect((await resolved()).credentials.token).toBe(TOKEN);

    await controller.credentials.unbind({ account: "linode-main", endpoint: ELSEWHERE, by: BY });
    await expect(resolved()).rejects.toThrow(/may not be sent/);
    expect((await controller.credentials.list()).credentials).toMatchObject([{ endpoint: simulator.url }]);
  });

  it("is said with set while there is nothing to seal for it", async () => {
    await expect(controller.credentials.bind({ account: "linode-main", by: BY })).rejects.toThrow(
      /credentials set linode-main token --endpoint/,
    );
  });

  it("may be bound ahead for a commit that is not on the main line", async () => {
    write({ token: { env: "FLEETWRIGHT_TOKEN" } });
    fleet.git("checkout", "-q", "-b", "topic");
    write({ token: { env: "FLEETWRIGHT_OTHER" } }, ELSEWHERE);
    fleet.git("checkout", "-q", "main");

    await controller.credentials.bind({ account: "linode-main", commit: "topic", by: BY });

    await expect(resolved()).rejects.toThrow(/may not be sent/);
    write({ token: { env: "FLEETWRIGHT_OTHER" } }, ELSEWHERE);
    expect((await resolved()).endpoint).toBe(ELSEWHERE);
    fleet.git("branch", "-qD", "topic");
  });
});

describe("a change of keys", () => {
  const values = async () => {
    const ring = new KeyRing(fleet.dataDir, {});
    return { keys: (await ring.read()).map(({ id }) => id), listed: (await controller.credentials.list()).credentials };
  };

  it("seals everything anew and throws the old key away", async () => {
    await set({ endpoint: simulator.url });
    await set({ endpoint: ELSEWHERE });
    const before = await values();

    const change = await controller.credentials.rotate({ by: BY });

    const after = await values();
    expect(change).toMatchObject({ resealed: 2, removed: before.keys, removable: [] });
    expect(after.keys).toEqual([change.key]);
    expect(before.keys).not.toContain(change.key);
    expect(after.listed.map(({ key, by, at }) => ({ key, by, at }))).toEqual(
      before.listed.map(({ by, at }) => ({ key: change.key, by, at })),
    );
    expect((await resolved()).credentials.token).toBe(TOKEN);
  });

  it.each(["with a new key", "before it is stored", "with all sealed anew"])(
    "is finished by the next one when it is killed %s",
    async (step) => {
      await set({ endpoint: simulator.url });
      const [old] = (await values()).keys;

      const { signal } = spawnSync(process.execPath, [join(import.meta.dirname, "rotating.ts"), fleet.dataDir, step]);
      expect(signal).toBe("SIGKILL");
      expect((await resolved()).credentials.token).toBe(TOKEN);
      const between = await values();
      expect(between.keys).toHaveLength(2);
      const change = await controller.credentials.rotate({ by: BY });

      expect(change).toMatchObject({ key: between.keys[1], removed: [old] });
      expect((await values()).keys).toEqual([change.key]);
      expect((await resolved()).credentials.token).toBe(TOKEN);
    },
  );

  it("changes nothing while one of them cannot be opened, and names it", async () => {
    await set({ endpoint: simulator.url });
    await set({ endpoint: ELSEWHERE });
    await sql(`update credential set nonce = substr(nonce, 2) || 'A' where endpoint = '${ELSEWHERE}'`);
    const { listed } = await values();

    await expect(controller.credentials.rotate({ by: BY })).rejects.toThrow(
      new RegExp(`token of .* for ${ELSEWHERE} was changed`),
    );

    expect((await values()).listed).toEqual(listed);
    expect((await resolved()).credentials.token).toBe(TOKEN);
    await controller.credentials.remove({ account: "linode-main", endpoint: ELSEWHERE, by: BY });
    expect(await controller.credentials.rotate({ by: BY })).toMatchObject({ resealed: 1 });
  });

  it("takes the keys of many machines from the environment, and says which may go", async () => {
    const [one, two] = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")];
    const rotate = async (FLEETWRIGHT_SEAL_KEY: string) =>
      await rotateKeys({ store: controller.store, ring: new KeyRing(fleet.dataDir, { FLEETWRIGHT_SEAL_KEY }) }, BY);
    await set({ endpoint: simulator.url });
    const { keys } = await values();

    const moved = await rotate(one);
    expect(moved).toMatchObject({ resealed: 1, removed: keys, removable: [] });
    await expect(rotate(one)).rejects.toThrow(/has one key: put a new one/);
    const changed = await rotate(`${one},${two}`);
    expect(changed).toMatchObject({ resealed: 1, removed: [], removable: [moved.key] });
    expect((await controller.credentials.list()).credentials).toMatchObject([{ key: changed.key, readable: false }]);
  });

  it("waits for what is being sealed with the old key, and seals it anew", async () => {
    await set({ endpoint: simulator.url });
    const store: Store = await openStore({ dataDir: fleet.dataDir });
    try {
      const [old] = await new KeyRing(fleet.dataDir, {}).read();
      const place = { account: "linode-main", field: "token", endpoint: ELSEWHERE };
      let finish = () => {};
      const held = new Promise<void>((done) => {
        finish = done;
      });
      let begun = () => {};
      const isBegun = new Promise<void>((done) => {
        begun = done;
      });
      const sealing = store.changeCredentials(async () => {
        begun();
        await held;
        return { seal: [{ ...place, ...seal(TOKEN, place, old!), by: BY, at: "2026-01-01T00:00:00.000Z" }] };
      });
      await isBegun;

      let isDone = false;
      const rotating = controller.credentials.rotate({ by: BY }).finally(() => {
        isDone = true;
      });
      await vi.waitUntil(
        async () =>
          isDone || (await sql("select 1 from pg_locks where locktype = 'advisory' and not granted")).rows.length > 0,
        { timeout: 30_000 },
      );
      expect(isDone).toBe(false);
      finish();
      await sealing;
      await rotating;

      const { listed, keys } = await values();
      expect(listed.map(({ endpoint, key }) => [endpoint, key]).sort()).toEqual(
        [
          [ELSEWHERE, keys[0]],
          [simulator.url, keys[0]],
        ].sort(),
      );
      expect(keys).not.toContain(old!.id);
    } finally {
      await store.close();
    }
  });
});

it("keeps the keys out of the database and of backups", async () => {
  await set({ endpoint: simulator.url });
  const { backUp } = await import("../../../controller/backup/backup.ts");
  const { list } = await import("tar");
  const file = join(fleet.root, `backup-${randomBytes(4).toString("hex")}.tar.gz`);
  await backUp(controller, { file });
  const names: string[] = [];
  const texts: string[] = [];
  await list({
    file,
    onReadEntry: (entry) => {
      names.push(entry.path);
      entry.on("data", (data: Buffer) => texts.push(data.toString("latin1")));
    },
  });

  expect(names).toContain("database/credential.jsonl");
  expect(names).not.toContain("seal.key");
  const key = readFileSync(join(fleet.dataDir, "seal.key"), "utf8").trim();
  expect(texts.join("")).not.toContain(key);
  expect(texts.join("")).not.toContain(TOKEN);
});

it("knows every cloud's own address", () => {
  for (const cloud of Object.values(clouds)) {
    const { endpoint } = cloud as { endpoint?: string };
    if (endpoint !== undefined) expect(endpoint).toMatch(/^https:\/\/[a-z0-9.-]+$/);
  }
});
