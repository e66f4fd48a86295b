import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Accepted } from "../../controller/reconcile/accept.ts";
import type { AccountDrift } from "../../controller/reconcile/drift.ts";
import type { Execution } from "../../controller/reconcile/execute.ts";
import { SimulatorClient } from "../../simulators/client.ts";
import { DIGITALOCEAN_TOKEN, startDigitalOcean } from "../../simulators/digitalocean/index.ts";
import { OPENSTACK_CREDENTIALS, startOpenStack } from "../../simulators/openstack/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { startVultr, VULTR_API_KEY } from "../../simulators/vultr/index.ts";
import { Fleet } from "./fleet.ts";
import { SnapshotHands } from "./snapshot-hands.ts";

/** Snapshots on the clouds that take some, through the real engine: one fleet, whose tests follow each other. */
const TIMEOUT = 300_000;
const QUICK = { provisionMs: 100, actionMs: 60, rateScale: 60 };

const SERVERS = {
  do: { account: "do-main", size: "s-1vcpu-1gb", region: "nyc3", image: "debian-12-x64" },
  vultr: { account: "vultr-main", size: "vc2-1c-1gb", region: "ewr", image: "os:2136" },
  stack: { account: "stack-main", size: "m1.small", region: "nova", image: "debian-12" },
} as const;
type Place = keyof typeof SERVERS;
const PLACES = Object.keys(SERVERS) as Place[];

interface DriftReport {
  drifted: number;
  accounts: AccountDrift[];
  reverted?: Execution;
  accepted?: Accepted;
}

const simulators: Partial<Record<Place, Simulator>> = {};
let fleet: Fleet;
let hands: Record<Place, SnapshotHands>;

const account = (name: string, provider: string, url: string, credentials: object) => ({
  kind: "Account",
  name,
  provider,
  endpoint: url,
  credentials,
  deadlines: { createSeconds: 60, settleSeconds: 1 },
});
const server = (place: Place, name = `${place}-1`, more: object = {}) => ({
  kind: "Server",
  name,
  ...SERVERS[place],
  ...more,
});
const snapshot = (place: Place, more: object = {}) => ({
  kind: "Snapshot",
  name: `${place}-before`,
  account: SERVERS[place].account,
  server: `${place}-1`,
  ...more,
});
const everywhere = (of: (place: Place) => [string, object | null]) => Object.fromEntries(PLACES.map(of));
const marked = async (place: Place) => (await hands[place].all()).filter(({ text }) => /fw-[a-z2-7]{20}/.test(text));
const drift = async (...args: string[]) => await fleet.json<DriftReport>(["drift", ...args]);

beforeAll(async () => {
  Object.assign(simulators, {
    do: await startDigitalOcean(QUICK),
    vultr: await startVultr(QUICK),
    stack: await startOpenStack(QUICK),
  });
  const { applicationCredentialId: id, applicationCredentialSecret: secret } = OPENSTACK_CREDENTIALS;
  const url = (place: Place) => simulators[place]!.url;
  const environment = {
    FLEETWRIGHT_DO: DIGITALOCEAN_TOKEN,
    FLEETWRIGHT_VULTR: VULTR_API_KEY,
    FLEETWRIGHT_STACK_ID: id!,
    FLEETWRIGHT_STACK_SECRET: secret!,
  };
  hands = {
    do: new SnapshotHands("digitalocean", url("do")),
    vultr: new SnapshotHands("vultr", url("vultr")),
    stack: new SnapshotHands("openstack", url("stack")),
  };
  fleet = new Fleet(undefined, { id: "snapshots", environment });
  fleet.write({
    "accounts/do-main.yaml": account("do-main", "digitalocean", url("do"), { token: { env: "FLEETWRIGHT_DO" } }),
    "accounts/vultr-main.yaml": account("vultr-main", "vultr", url("vultr"), { apiKey: { env: "FLEETWRIGHT_VULTR" } }),
    "accounts/stack-main.yaml": account("stack-main", "openstack", url("stack"), {
      applicationCredentialId: { env: "FLEETWRIGHT_STACK_ID" },
      applicationCredentialSecret: { env: "FLEETWRIGHT_STACK_SECRET" },
    }),
    ...everywhere((place) => [`servers/${place}-1.yaml`, server(place)]),
    ...everywhere((place) => [`snapshots/${place}.yaml`, snapshot(place)]),
  });
  fleet.commit("Make servers, and keep them as they begin");
}, TIMEOUT);

afterAll(async () => {
  await fleet?.close();
  for (const simulator of Object.values(simulators)) await simulator.close();
});

describe("a snapshot", () => {
  it(
    "is taken once its server is there, and once although its answer is lost, and asks for nothing more",
    async () => {
      const creating = { do: "/droplets/\\d+/actions$", vultr: "/snapshots$", stack: "/servers/[^/]+/action$" };
      for (const place of PLACES) {
        const match = { method: "POST", path: creating[place] };
        await new SimulatorClient(simulators[place]!.url).fault({ match, times: 1, action: { kind: "dropAfter" } });
      }

      const made = await fleet.converge();

      expect(made).toMatchObject({ failed: 0, converged: 6 });
      const last = made.outcomes.slice(-3).map(({ name }) => name);
      expect(last.sort()).toEqual(PLACES.map((place) => `${place}-before`).sort());
      for (const place of PLACES) expect(await marked(place)).toHaveLength(1);
      expect((await fleet.preview("--full")).effects).toEqual([]);
      expect(await drift()).toMatchObject({ code: 0, drifted: 0 });
    },
    TIMEOUT,
  );

  it(
    "that a hand has removed is reported, those of others are not, and another is taken only when somebody asks",
    async () => {
      for (const place of PLACES) {
        await hands[place].take("by hand");
        await hands[place].remove((await marked(place))[0]!.id);
      }

      const report = await drift();

      expect(report.code).toBe(2);
      const found = report.accounts.flatMap(({ drifted }) => drifted);
      expect(found.map(({ object, name, kind }) => `${object} ${name} ${kind}`).sort()).toEqual(
        PLACES.map((place) => `Snapshot ${place}-before gone`).sort(),
      );
      for (const place of PLACES) expect(await marked(place)).toEqual([]);

      const { reverted } = await drift("--revert", "--yes");

      expect(reverted).toMatchObject({ failed: 0, converged: 3 });
      for (const place of PLACES) expect(await hands[place].all()).toHaveLength(2);
      expect(await drift()).toMatchObject({ code: 0, drifted: 0 });
    },
    TIMEOUT,
  );

  it(
    "that is protected is not removed, also when its file goes before the protection was ever executed",
    async () => {
      fleet.write(everywhere((place) => [`snapshots/${place}.yaml`, snapshot(place, { protect: true })]));
      fleet.commit("Protect them");
      fleet.write(everywhere((place) => [`snapshots/${place}.yaml`, null])).commit("Remove them");

      const preview = await fleet.preview();
      const refused = await fleet.apply("--yes");

      expect(preview.effects.map(({ op, dataLoss }) => ({ op, dataLoss }))).toEqual(
        PLACES.map(() => ({ op: "delete", dataLoss: true })),
      );
      expect(preview.verdicts.map(({ guard, passed }) => `${guard} ${passed}`)).toEqual(
        PLACES.map(() => "protect false"),
      );
      expect(refused.error?.code).toBe("GUARD_REFUSED");
      for (const place of PLACES) expect(await marked(place)).toHaveLength(1);
      fleet.write(everywhere((place) => [`snapshots/${place}.yaml`, snapshot(place)])).commit("Bring them back");
    },
    TIMEOUT,
  );

  it(
    "stays when its server goes, and another server is made of it",
    async () => {
      fleet.write(everywhere((place) => [`servers/${place}-1.yaml`, null])).commit("Remove the servers");

      expect(await fleet.converge()).toMatchObject({ failed: 0 });

      for (const place of PLACES) expect(await marked(place)).toHaveLength(1);
      expect((await fleet.preview("--full")).effects).toEqual([]);
      expect(await drift()).toMatchObject({ code: 0, drifted: 0 });
      const images: Record<Place, string> = {
        do: (await marked("do"))[0]!.id,
        vultr: `snapshot:${(await marked("vultr"))[0]!.id}`,
        stack: (await marked("stack"))[0]!.id,
      };
      const again = (place: Place) => server(place, `${place}-2`, { image: images[place] });
      fleet.write(everywhere((place) => [`servers/${place}-2.yaml`, again(place)])).commit("Make them again");
      expect(await fleet.converge()).toMatchObject({ failed: 0, converged: 3 });
      for (const place of PLACES) expect(await hands[place].imageOf(`${place}-2`)).toBe(images[place]);
    },
    TIMEOUT,
  );

  it(
    "goes when its file goes, and nobody else's with it",
    async () => {
      fleet.write(everywhere((place) => [`snapshots/${place}.yaml`, null])).commit("Remove them");

      const gone = await fleet.converge();

      expect(gone).toMatchObject({ failed: 0, converged: 3 });
      for (const place of PLACES)
        expect((await hands[place].all()).map(({ text }) => text)).toEqual([expect.stringContaining("by hand")]);
    },
    TIMEOUT,
  );
});
