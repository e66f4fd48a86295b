import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  APIError,
  AuthenticationError,
  type Changed,
  type Instance,
  type Provider,
  type ProviderManager,
  RateLimitError,
  ResourceNotFoundError,
} from "../../../controller/capsule/index.ts";
import { ec2List, filters } from "../../../resources/aws/http.ts";
import { AWS_CREDENTIALS } from "../../../simulators/aws/index.ts";
import type { SimulatedServer } from "../../../simulators/simulator.ts";
import { motoMissing } from "../../aws/peer.ts";
import { accountSpec, testCall } from "../../resources/fixtures.ts";
import { failing, Place, type ProviderName } from "./place.ts";

/** Each provider from deploy to delete, side by side in one fleet: real git, database and engine, simulated clouds. DigitalOcean's walk is beside this. */
const TIMEOUT = 600_000;
const PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR me@example.org";
const noMoto = await motoMissing();

interface Case {
  template: string;
  region: string;
  /** Path of one machine at the cloud, as faults match it. */
  path(id: string): string;
  /** Of the right form, and nobody's. */
  unknown: string;
}

const CASES = {
  vultr: {
    template: "vultr-cloud-1",
    region: "fra",
    path: (id) => `^/v2/instances/${id}$`,
    unknown: "cb676a46-66fd-4dfb-b839-443f2e6c0b60",
  },
  linode: {
    template: "linode-nanode-1",
    region: "eu-central",
    path: (id) => `^/v4/linode/instances/${id}$`,
    unknown: "99999999",
  },
  hivelocity: {
    template: "hv-vps-2",
    region: "NYC1",
    path: (id) => `^/api/v2/compute/${/\d+/.exec(id)![0]}$`,
    unknown: "99999999",
  },
  aws: {
    template: "aws-t3-small",
    region: "us-west-2",
    path: (id) => `DescribeInstances/${id.split("/")[1]}$`,
    unknown: "us-east-1/i-0123456789abcdef0",
  },
  equinix: {
    template: "equinix-c3-small",
    region: "da",
    path: (id) => `^/metal/v1/devices/${id}$`,
    unknown: "cb676a46-66fd-4dfb-b839-443f2e6c0b60",
  },
} satisfies Partial<Record<ProviderName, Case>>;
type CaseName = keyof typeof CASES;

const ALL = (Object.keys(CASES) as CaseName[]).filter((name) => name !== "aws" || noMoto === undefined);
/** Those that take new machines. */
const OPEN = ALL.filter((name) => name !== "equinix");

interface Life {
  deployed: Instance & Changed;
  listed: Instance[];
  got: Instance;
  stopped: Instance & Changed;
  started: Instance & Changed;
  deleted: Instance & Changed;
  /** At the cloud, once it runs. */
  machine: SimulatedServer;
  left: SimulatedServer[];
}

let place: Place;
let stranger: Place;
let manager: ProviderManager;
let strangers: ProviderManager;
let groups: string[];
const foreign = new Map<CaseName, string>();
const lives = new Map<CaseName, Promise<Life>>();

const provider = async (name: CaseName): Promise<Provider> => await manager.get_provider(name);

async function live(name: CaseName): Promise<Life> {
  const { template, region } = CASES[name];
  const at = await provider(name);
  const security = name === "aws" ? { security_groups: groups } : {};
  const deployed = await at.deploy(template, { name: `edge-${name}`, region, ssh_keys: [PUBLIC_KEY], ...security });
  const { id } = deployed;
  const stopped = await at.stop_instance(id);
  const started = await at.start_instance(id);
  const machine = (await place.of(name).servers()).find((server) => server.id === id)!;
  const listed = await at.list_instances();
  const got = await at.get_instance(id);
  const deleted = await at.delete_instance(id);
  const left = await place.of(name).servers();
  return { deployed, listed, got, stopped, started, deleted, machine, left };
}

/** EC2 puts every machine into a group: the region's own. */
async function groupsIn(region: string): Promise<string[]> {
  const spec = accountSpec({ provider: "aws", regions: [region] });
  const call = testCall(place.url("aws"), { credentials: AWS_CREDENTIALS, account: { spec } });
  const isGroup = (item: unknown): item is { groupId: string } => typeof item === "object" && item !== null;
  const found = await ec2List(call, region, "DescribeSecurityGroups", {
    list: "securityGroupInfo",
    isItem: isGroup,
    parameters: filters({ "group-name": ["default"] }),
  });
  return found.map(({ groupId }) => groupId);
}

beforeAll(async () => {
  place = await Place.open(...ALL);
  stranger = place.stranger();
  [manager, strangers] = [place.manager(), stranger.manager({ max_retries: 0 })];
  if (ALL.includes("aws")) groups = await groupsIn(CASES.aws.region);
  for (const name of ALL) foreign.set(name, (await place.of(name).addForeign({ name: "of-somebody" })).id);
}, TIMEOUT);

/** All begin with the first that is asked for. */
async function lifeOf(name: CaseName): Promise<Life> {
  if (lives.size === 0) await begin();
  return await lives.get(name)!;
}

async function begin(): Promise<void> {
  // As many as are deleted here are more than a fleet lets go within an hour unless it says so.
  await (await provider("equinix")).list_instances();
  place.edit("fleet.yaml", (text) =>
    text.replace("servers: 25", "deletionsPerHour: { minimum: 10 }\n      servers: 25"),
  );
  for (const name of OPEN) {
    const life = live(name);
    // Who looks at it is told of what it fails with.
    life.catch(() => undefined);
    lives.set(name, life);
  }
}

afterAll(async () => {
  await stranger?.close();
  await place?.close();
});

const IS_ADDRESS = expect.stringMatching(/^\d+(\.\d+){3}$/);
const IS_CHANGE = expect.stringMatching(/^c-/);

describe.each(OPEN)("at %s", (name) => {
  const { template, region, path, unknown } = CASES[name];

  it(
    "a machine is deployed, read, stopped, started and deleted",
    async () => {
      const { deployed, listed, got, stopped, started, deleted, machine, left } = await lifeOf(name);

      const { size, image } = (await provider(name)).templates.find(({ id }) => id === template)!;
      const called = name === "hivelocity" ? `edge-${name}.internal` : `edge-${name}`;
      const own = { id: deployed.id, name: called, provider: name, managed: true, server: `edge-${name}` };
      expect(deployed).toMatchObject({ ...own, name: expect.any(String), region, size, change: IS_CHANGE });
      expect(machine).toMatchObject({ name: called, region, size });
      expect(stopped).toMatchObject({ ...own, status: "stopped", change: IS_CHANGE });
      expect(started).toMatchObject({ ...own, status: "running", change: IS_CHANGE });
      expect(got).toMatchObject({ ...own, status: "running", ip_address: IS_ADDRESS, size, region });
      expect([image, got.image]).toEqual([image, expect.any(String)]);
      expect(listed.map(({ name, managed }) => ({ name, managed }))).toEqual([
        { name: called, managed: true },
        { name: "of-somebody", managed: false },
      ]);
      expect(deleted).toMatchObject({ ...own, status: "deleted", change: IS_CHANGE });
      expect(left.map(({ name }) => name)).toEqual(["of-somebody"]);
    },
    TIMEOUT,
  );

  it("a machine of somebody else is not touched, and a template that is not there not ordered", async () => {
    const [at, id] = [await provider(name), foreign.get(name)!];
    expect(await failing(at.stop_instance(id))).toMatchObject({ status_code: 409 });
    expect(await failing(at.deploy("do-basic-2", { name: "x" }))).toBeInstanceOf(ResourceNotFoundError);
    expect(await failing(at.delete_instance(unknown))).toBeInstanceOf(ResourceNotFoundError);
  });

  it.each([
    { status: 400, kind: APIError, tries: 1 },
    { status: 401, kind: AuthenticationError, tries: 1 },
    { status: 403, kind: AuthenticationError, tries: 1 },
    { status: 422, kind: APIError, tries: 1 },
    { status: 429, kind: RateLimitError, tries: 4 },
    { status: 503, kind: APIError, tries: 4 },
  ])("a $status is asked $tries times", async ({ status, kind, tries }) => {
    const id = foreign.get(name)!;
    const cloud = place.of(name);
    await cloud.fault({ match: { path: path(id) }, times: 9, action: { kind: "status", status } });

    const error = await failing((await provider(name)).get_instance(id));

    expect([error.constructor, error.status_code]).toEqual([kind, status]);
    expect((await cloud.faults()).map(({ acted }) => acted)).toEqual([tries]);
    await cloud.clearFaults();
  });
});

describe("every provider", () => {
  it.each(ALL)("%s refuses a key that is none, by an error of its own class", async (name) => {
    const error = await failing((await strangers.get_provider(name)).list_instances());

    expect([error.constructor, error.status_code]).toEqual([AuthenticationError, 401]);
  });

  it.each(ALL)("%s has no machine of an id that nobody has", async (name) => {
    const at = await provider(name);
    expect(await failing(at.get_instance(CASES[name].unknown))).toBeInstanceOf(ResourceNotFoundError);
    // What is no id at all is not asked for.
    expect(await failing(at.get_instance("no id"))).toMatchObject({ status_code: 400 });
  });
});

describe("Equinix Metal, which has ended,", () => {
  it("is read, and takes no new machine", async () => {
    const at = await provider("equinix");

    const listed = await at.list_instances();

    expect(listed).toMatchObject([
      { name: "of-somebody", managed: false, ip_address: IS_ADDRESS, provider: "equinix" },
    ]);
    expect(await at.get_instance(listed[0]!.id)).toEqual(listed[0]);
    const refused = await failing(at.deploy(CASES.equinix.template, { name: "late", region: "da" }));
    expect(refused).toMatchObject({ status_code: 409, message: expect.stringMatching(/ended|closed/) });
    expect(await failing(at.stop_instance(listed[0]!.id))).toMatchObject({ status_code: 409 });
    expect((await place.of("equinix").servers()).map(({ name }) => name)).toEqual(["of-somebody"]);
    expect(place.git("ls-files", "servers")).not.toContain("late");
  });
});
