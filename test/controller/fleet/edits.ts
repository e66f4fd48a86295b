import fc from "fast-check";
import { stringify } from "yaml";
import type { FirewallText } from "../../../resources/spec.ts";
import { BASE, file, clouds as plain } from "./fleet.ts";

/** One of the clouds has rules at each machine and cannot drop, so that what is compiled of one file can be wrong for another. */
export const clouds = {
  ...plain,
  cirrus: {
    ...plain.cirrus,
    capabilities: { ...plain.cirrus.capabilities, firewalls: true, firewallScope: "server" as const },
    firewallProblems: ({ rules }: FirewallText) =>
      rules.flatMap(({ action }, index) =>
        action === "drop" ? [{ path: ["rules", index, "action"], message: "it cannot drop" }] : [],
      ),
  },
};

const names = ["a", "b", "c", "d", "e"];

/** Fields of a valid server, some left out. */
const fields = fc.record(
  {
    plan: fc.constantFrom("small", "large"),
    labels: fc.dictionary(fc.constantFrom("role", "tier", "x.y"), fc.constantFrom("web", "db", "1"), {
      noNullPrototype: true,
    }),
    keys: fc.constantFrom([], ["ops"]),
    firewalls: fc.constantFrom([], ["web"], ["web", "ssh"]),
    restarts: fc.record({ reboot: fc.nat(3), reset: fc.nat(3) }, { requiredKeys: [] }),
    provider: fc.record(
      { watchdog: fc.boolean(), swap: fc.constantFrom(1, 512) },
      { requiredKeys: [], noNullPrototype: true },
    ),
    userData: fc.constantFrom({ text: "#!/bin/sh\n" }, { file: "user-data/a.sh" }),
    backups: fc.boolean(),
    rebuild: fc.nat(2),
  },
  { requiredKeys: ["plan"], noNullPrototype: true },
);
export const fleet = fc.dictionary(fc.constantFrom(...names), fields, { minKeys: 1, noNullPrototype: true });

/** A server's fields, with more or others. */
export const whole = (name: string, given: object): Record<string, unknown> => ({
  kind: "Server",
  name,
  account: "main",
  region: "us-east",
  image: "debian-12",
  ...given,
});

/** One commit's worth of change, good and bad ones. */
export const step = fc.oneof(
  fc
    .tuple(fc.constantFrom(...names), fields)
    .map(([name, given]) => ({ [`servers/${name}.yaml`]: stringify(whole(name, given)) })),
  fc.constantFrom(...names).map((name) => ({ [`servers/${name}.yaml`]: null })),
  fc
    .tuple(fc.constantFrom(...names), fc.constantFrom(...names))
    .map(([path, name]) => ({ [`servers/${path}.yaml`]: stringify(whole(name, { plan: "small" })) })),
  fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)).map(([name, old]) => ({
    [`servers/${name}.yaml`]: stringify(whole(name, { plan: "small", formerly: [old], adopt: "7" })),
  })),
  fc.constantFrom<Record<string, string | null>>(
    { "servers/a.yaml": "kind: Server\nname: [\n" },
    { "servers/b.yaml": "kind: Server\nname: b\naccount: nope\nsize: c1\nregion: us-east\nimage: x\n" },
    { "plans/small.yaml": BASE["plans/small.yaml"]!.replace("c1", "c2") },
    { "plans/small.yaml": BASE["plans/small.yaml"]! },
    { "plans/small.yaml": null },
    { "keys/ops.yaml": BASE["keys/ops.yaml"]!.replace("ops@example.net", "") },
    { "firewalls/web.yaml": BASE["firewalls/web.yaml"]!.replace("80", "443") },
    { "firewalls/web.yaml": `${BASE["firewalls/web.yaml"]}  - {protocol: gre, action: drop}\n` },
    { "firewalls/web.yaml": "kind: Firewall\nname: web\nrules:\n  - {protocol: icmp, ports: 1}\n" },
    { "servers/c.yaml": stringify(whole("c", { account: "lab", firewalls: ["web"] })) },
    { "servers/c.yaml": stringify(whole("c", { account: "lab", firewalls: ["ssh"] })) },
    { "servers/c.yaml": stringify(whole("c", { account: "lab" })) },
    { "firewalls/web.yaml": null },
    { "accounts/main.yaml": BASE["accounts/main.yaml"]!.replace("FLEETWRIGHT_TOKEN", "HOME") },
    { "accounts/main.yaml": `${BASE["accounts/main.yaml"]}regions: [us-east]\n` },
    { "accounts/main.yaml": BASE["accounts/main.yaml"]! },
    { "fleet.yaml": 'kind: Fleet\nid: acme\nenvPrefixes: ["X_"]\n' },
    { "fleet.yaml": BASE["fleet.yaml"]! },
    { "user-data/a.sh": "echo 1" },
    { "user-data/a.sh": null },
  ),
);

/** Fleet files of texts by path, null for none, in git's order; the same object for the same text, as a repository's listing has it. */
export function listing() {
  const known = new Map<string, ReturnType<typeof file>>();
  return (texts: Readonly<Record<string, string | null>>) =>
    Object.entries(texts)
      .filter(([path, text]) => text !== null && !path.startsWith("user-data"))
      .map(([path, text]) => {
        const key = `${path}\n${text}`;
        if (!known.has(key)) known.set(key, file(path, text!));
        return known.get(key)!;
      })
      .sort((a, b) => (a.path < b.path ? -1 : 1));
}
