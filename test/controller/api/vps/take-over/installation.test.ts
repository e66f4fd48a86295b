import { expect, it } from "vitest";
import { type Choice, installationOf } from "../../../../../controller/api/vps/take-over/installation.ts";
import type { OldRows, Row } from "../../../../../controller/api/vps/take-over/old-database.ts";
import { FleetError } from "../../../../../resources/errors.ts";

const id = (digit: string) => `00000000-0000-4000-8000-00000000000${digit}`;
const LINODE = { id: id("1"), name: "Linode", type: "linode", active: true, configuration: {} };
const DROPLETS = { ...LINODE, id: id("2"), name: "DigitalOcean", type: "digitalocean" };
const GOOGLE = { ...LINODE, id: id("3"), name: "Google", type: "gcp" };
const WEB = { id: id("a"), label: "web", provider_instance_id: "4711", provider_id: null, provider_type: null };

const read = (rows: Partial<OldRows>, choice: Partial<Choice> = {}) =>
  installationOf(
    {
      ...{ providers: [LINODE, DROPLETS], plans: [], instances: [], hasProviders: true },
      ...{ people: new Map(), members: new Map() },
      ...rows,
    },
    { linode: id("9"), ...choice },
  );

const refusal = (rows: Partial<OldRows>, choice: Partial<Choice> = {}): string => {
  try {
    read(rows, choice);
  } catch (error) {
    if (error instanceof FleetError) return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error("nothing was refused");
};

it("has instances without a provider be Linode's, and makes that provider where there is none", () => {
  const there = read({ instances: [WEB] });
  const made = read({ providers: [DROPLETS], instances: [WEB] });
  const unneeded = read({ providers: [DROPLETS] });

  expect(there.instances[0]!.provider.id).toBe(LINODE.id);
  expect(there.made).toBeUndefined();
  expect(made.made).toMatchObject({ id: id("9"), name: "Linode", type: "linode" });
  expect(made.instances[0]!.provider).toBe(made.made);
  expect(unneeded.made).toBeUndefined();
  expect(unneeded.providers.map(({ name }) => name)).toEqual(["DigitalOcean"]);
});

it("finds the owner that the table names, or the person that it belongs to", () => {
  const people = new Map([
    ["u1", "ada@example.org"],
    ["o1", "bob@example.org"],
  ]);
  const rows: Row[] = [
    { ...WEB, user_id: "u1" },
    { ...WEB, id: id("b"), provider_instance_id: "2", organization_id: "o1" },
    { ...WEB, id: id("c"), provider_instance_id: "3", owner: "team-web", user_id: "u1" },
    { ...WEB, id: id("d"), provider_instance_id: "4" },
  ];
  const { instances, notes } = read({ instances: rows, people, members: new Map([["o1", 3]]) });

  expect(instances.map(({ owner }) => owner)).toEqual(["ada@example.org", "bob@example.org", "team-web", undefined]);
  expect(notes.join("\n")).toContain("1 instances have no owner");
  expect(notes.join("\n")).toContain("--owner bob@example.org");
});

it.each([
  ["was never made", { provider_instance_id: "" }, "no machine was made for it"],
  ["has lost its provider", { provider_type: "aws" }, "its provider, of aws, was deleted"],
] as const)("leaves out one that %s, and says so", (_, row, reason) => {
  const { instances, leftOut } = read({ instances: [{ ...WEB, ...row }] });

  expect(instances).toEqual([]);
  expect(leftOut).toEqual([{ id: WEB.id, label: "web", reason: expect.stringContaining(reason) }]);
});

it("takes a machine once, whichever rows have it", () => {
  const { instances, leftOut } = read({ instances: [WEB, { ...WEB, id: id("b") }] });

  expect(instances.map((one) => one.id)).toEqual([WEB.id]);
  expect(leftOut[0]!.reason).toContain(`web (${WEB.id}) is the same machine`);
});

it("reads what a plan holds by names that have one meaning", () => {
  const plan = {
    id: id("e"),
    provider_id: LINODE.id,
    provider_plan_id: "g6-nanode-1",
    base_price: 5,
    markup_price: 1.5,
  };
  const specifications = [
    { vcpus: 1, memory: 1024, disk: 25, transfer: 1000 },
    { cpu_cores: 2, memory_gb: 4, storage_gb: 80 },
    { disk: "large" },
  ];
  const plans = specifications.map((one, index) => ({ ...plan, id: id(String(4 + index)), specifications: one }));
  const read_ = read({ plans: [...plans, { ...plan, active: false, updated_at: "2025-03-04T05:06:07Z" }] }).plans;

  expect(read_.map((one) => one.specifications)).toEqual([
    { vcpus: 1, memoryMiB: 1024, diskGiB: 25, transferGiB: 1000 },
    { vcpus: 2, memoryMiB: 4096, diskGiB: 80 },
    {},
    {},
  ]);
  expect(read_.at(-1)).toMatchObject({ endedOn: "2025-03-04", basePrice: 5, markup: 1.5 });
});

it.each([
  ["a type that is none here", { providers: [LINODE, GOOGLE] }, /service_providers .*3 \(Google\).*"gcp".*--only/],
  ["an instance of such a type", { instances: [{ ...WEB, provider_type: "gcp" }] }, /vps_instances .*a: .*"gcp"/],
  ["a row without an id", { instances: [{ ...WEB, id: null }] }, /vps_instances \(web\): it has no id/],
  ["an id that is none", { plans: [{ id: 7, name: "small" }] }, /vps_plans \(small\): its id 7 is no UUID/],
  ["a provider that is not there", { instances: [{ ...WEB, provider_id: id("8") }] }, /no row of service_providers is/],
  [
    "two words for one provider",
    { instances: [{ ...WEB, provider_id: DROPLETS.id, provider_type: "linode" }] },
    /provider_type is linode, and its provider DigitalOcean is of digitalocean/,
  ],
  [
    "one of two providers, and not which",
    { providers: [LINODE, { ...LINODE, id: id("7") }], instances: [WEB] },
    /has no provider_id, and the database has 2 providers of linode/,
  ],
  ["a plan without its size", { plans: [{ id: id("5"), provider_id: LINODE.id }] }, /provider_plan_id is missing/],
] as const)("refuses all of it for %s", (_, rows, words) => {
  expect(refusal(rows)).toMatch(/^USAGE the database cannot be taken over as it is, and nothing was:/);
  expect(refusal(rows)).toMatch(words);
});

it("tells every problem at once, and none of providers that are not chosen", () => {
  const rows = { providers: [LINODE, GOOGLE], instances: [WEB, { ...WEB, id: id("b"), provider_id: GOOGLE.id }] };
  const both = refusal({ ...rows, instances: [{ ...WEB, id: null }] });
  const chosen = read(rows, { only: ["Linode"] });

  expect(both.split("\n")).toHaveLength(3);
  expect(chosen.instances.map((one) => one.id)).toEqual([WEB.id]);
  expect(refusal(rows, { only: ["Azure"] })).toMatch(/^NOT_FOUND the database has no provider Azure: it has Linode/);
});
