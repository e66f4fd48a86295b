import { describe, expect, it } from "vitest";
import { type PropertyMap, UNKNOWN } from "../../../resources/plugin/handler.ts";
import { planDiff } from "../../../simulators/standins/diff.ts";
import type { Field, Fields } from "../../../simulators/standins/fields.ts";
import { typeProblems } from "../../../simulators/standins/fields.ts";
import { type StandinName, standinPackage } from "../../../simulators/standins/index.ts";
import { INSTANCE_FIELDS } from "../../../simulators/standins/linode/instance-fields.ts";
import { officialSchema } from "../../../simulators/standins/schema.ts";

const FIELDS = {
  image: { type: "string", replace: true },
  tags: { type: "string[]", set: true, caseless: true },
  keys: { type: "string[]" },
  size: { type: "string", computed: true },
  ipv6: { type: "boolean", computed: true, replace: (before, after) => before === true && after === false },
  rules: { type: { list: { protocol: { type: "string", required: true }, ports: { type: "string" } } }, set: true },
} as const satisfies Fields;

describe("planDiff", () => {
  it.each<{ name: string; state: PropertyMap; news: PropertyMap; changes: object }>([
    {
      name: "sees no change in tags of another order or case",
      state: { tags: ["a", "b"] },
      news: { tags: ["B", "a"] },
      changes: {},
    },
    {
      name: "names the tag that is new and the one that is gone",
      state: { tags: ["a", "b"] },
      news: { tags: ["c", "a", "d"] },
      changes: { "tags[0]": { kind: "add" }, "tags[1]": { kind: "delete" }, "tags[2]": { kind: "add" } },
    },
    {
      name: "takes the order of a list for a change",
      state: { keys: ["a", "b"] },
      news: { keys: ["b", "a"] },
      changes: { "keys[0]": { kind: "update" }, "keys[1]": { kind: "update" } },
    },
    { name: "keeps a computed value that is not declared", state: { size: "s" }, news: {}, changes: {} },
    {
      name: "replaces for what is made only once",
      state: { image: "a" },
      news: { image: "b" },
      changes: { image: { kind: "update", replace: true } },
    },
    {
      name: "replaces for a removal of what is made only once",
      state: { image: "a" },
      news: {},
      changes: { image: { kind: "delete", replace: true } },
    },
    {
      name: "switches IPv6 on in place",
      state: { ipv6: false },
      news: { ipv6: true },
      changes: { ipv6: { kind: "update" } },
    },
    {
      name: "replaces to switch IPv6 off",
      state: { ipv6: true },
      news: { ipv6: false },
      changes: { ipv6: { kind: "update", replace: true } },
    },
    {
      name: "takes an unknown value for a change",
      state: { image: "a" },
      news: { image: UNKNOWN },
      changes: { image: { kind: "update", replace: true } },
    },
    {
      name: "compares rules without order, zero values and what only the state has",
      state: {
        rules: [
          { protocol: "icmp", ports: "" },
          { protocol: "tcp", ports: "22", extra: [] },
        ],
      },
      news: { rules: [{ protocol: "tcp", ports: "22" }, { protocol: "icmp" }] },
      changes: {},
    },
  ])("$name", ({ state, news, changes }) => {
    expect(planDiff(FIELDS, state, news).changes).toEqual(changes);
  });
});

describe("typeProblems", () => {
  it("tells every wrong input by its path", () => {
    const problems = typeProblems(
      FIELDS,
      { image: 1, tags: ["a", 2], rules: [{ ports: "1" }, "x"], colour: "red", size: UNKNOWN },
      "thing",
    );

    expect(problems.map((problem) => problem.path)).toEqual([
      "image",
      "tags[1]",
      "rules[0].protocol",
      "rules[1]",
      "colour",
    ]);
  });

  it("names inputs that only the real plugin has", () => {
    const [problem] = typeProblems(INSTANCE_FIELDS, { region: "us-east", disks: [] }, "instance");

    expect(problem).toMatchObject({ path: "disks", reason: expect.stringContaining("the real one does") });
  });
});

/** The type of a field as the official schema writes it. */
function officialType({ type }: Field): string {
  if (typeof type === "object") return "list" in type ? "array" : "object";
  if (type === "stringMap") return "object";
  return type.endsWith("[]") ? `array of ${type.slice(0, -2)}` : type;
}

describe.each<StandinName>(["linode", "digitalocean"])("inputs of the %s stand-in", (name) => {
  const schema = officialSchema(name);

  it.skipIf(!schema)("are those of the official schema (skipped where it is not beside the checkout)", async () => {
    const { handlers } = await standinPackage(name, {});
    const fields = await fieldsByType(name);

    for (const { type } of handlers) {
      const official = schema!.resources[type]!;
      for (const [input, field] of Object.entries(fields[type]!)) {
        const { type: kind, items, $ref, willReplaceOnChanges } = official.inputProperties[input]!;
        const itemType = items?.type ? ` of ${items.type}` : "";
        expect($ref ? "object" : `${kind}${itemType}`, `${type} ${input}`).toBe(officialType(field));
        if (willReplaceOnChanges) expect(field.replace, `${type} ${input} replaces`).toBe(true);
      }
      for (const required of official.requiredInputs ?? [])
        expect(fields[type]![required]?.required, `${type} ${required}`).toBe(true);
    }
  });

  it.skipIf(!schema)("leave out only what the official schema has since the version they stand in for", async () => {
    const fields = await fieldsByType(name);
    const missing = Object.keys(fields).flatMap((type) =>
      Object.keys(schema!.resources[type]!.inputProperties).filter((input) => !Object.hasOwn(fields[type]!, input)),
    );

    expect(missing.sort()).toEqual(
      name === "linode" ? ["interfaceGeneration", "interfaces", "maintenancePolicy", "networkHelper"] : [],
    );
  });
});

async function fieldsByType(name: StandinName): Promise<Record<string, Fields>> {
  const modules =
    name === "linode"
      ? [
          (await import("../../../simulators/standins/linode/instance.ts")).instance,
          (await import("../../../simulators/standins/linode/firewall.ts")).firewall,
          (await import("../../../simulators/standins/linode/firewall-device.ts")).firewallDevice,
          (await import("../../../simulators/standins/linode/ssh-key.ts")).sshKey,
        ]
      : [
          (await import("../../../simulators/standins/digitalocean/droplet.ts")).droplet,
          (await import("../../../simulators/standins/digitalocean/droplet-snapshot.ts")).dropletSnapshot,
          (await import("../../../simulators/standins/digitalocean/firewall.ts")).firewall,
          (await import("../../../simulators/standins/digitalocean/ssh-key.ts")).sshKey,
          (await import("../../../simulators/standins/digitalocean/tag.ts")).tag,
        ];
  return Object.fromEntries(modules.map(({ type, fields }) => [type, fields]));
}
