import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../../controller/fleet/canonical.ts";
import { hashServer } from "../../../controller/fleet/server.ts";
import { liveDifferences } from "../../../controller/reconcile/differences.ts";
import { workOf } from "../../../controller/reconcile/effects.ts";
import { isSettled, matchObjects } from "../../../controller/reconcile/match.ts";
import type { Capabilities } from "../../../resources/cloud.ts";
import type { ServerSpec, StackObject } from "../../../resources/spec.ts";
import { accountSpec, accountsOf, appliedOf, desiredOf, firewallSpec, serverSpec } from "./specs.ts";

const capabilities = {
  inPlace: ["size", "hostname", "labels", "firewalls", "backups", "ipv6", "monitoring", "options"],
} as unknown as Capabilities;
const accounts = accountsOf(accountSpec("linode-main"));
const word = fc.stringMatching(/^[a-z]{1,40}$/);

/** Server documents that differ in a few fields only, so that equal ones come up. */
const server: fc.Arbitrary<ServerSpec> = fc
  .record({
    hostname: fc.constantFrom("web-1", "web-1.example.org"),
    size: fc.constantFrom("small", "large"),
    region: fc.constantFrom("us-east", "eu-west"),
    labels: fc.dictionary(word, word, { maxKeys: 50 }),
    firewalls: fc.shuffledSubarray(["web", "ssh", "db"]),
    power: fc.constantFrom("running" as const, "stopped" as const),
    restarts: fc.record({ reboot: fc.nat(3), reset: fc.nat(3) }),
    rebuild: fc.nat(2),
    backups: fc.boolean(),
    monitoring: fc.boolean(),
    protect: fc.boolean(),
    owner: fc.constantFrom("acme", "else"),
    options: fc.dictionary(word, fc.oneof(word, fc.nat(), fc.boolean()), { maxKeys: 3 }),
    createOnly: fc.record({
      image: fc.constantFrom("a", "b"),
      keys: fc.constant<ServerSpec["createOnly"]["keys"]>([]),
    }),
  })
  .map((fields) => serverSpec("web-1", fields));

const work = (before: StackObject | undefined, after: StackObject | undefined) => {
  const applied = before === undefined ? [] : [appliedOf(before as ServerSpec)];
  const [match] = matchObjects(after === undefined ? [] : [desiredOf(after as ServerSpec)], applied, accounts);
  return { match: match!, work: workOf(match!, { fleetId: "acme", capabilities }) };
};

describe("documents, hashes and effects", () => {
  it("agree: what differs for the engine differs in its hash", () => {
    fc.assert(
      fc.property(server, server, (before, after) => {
        const differs = liveDifferences(before, after).length > 0;
        if (differs) expect(hashServer(before).hash).not.toBe(hashServer(after).hash);
        // The only thing that the hash tells and the engine does not see is the order of firewalls.
        const ordered = (spec: ServerSpec) => hashServer({ ...spec, firewalls: [...spec.firewalls].sort() }).hash;
        if (!differs) expect(ordered(before)).toBe(ordered(after));
      }),
      { numRuns: 300 },
    );
  });

  it("come to rest: what is recorded after an effect, or without one, is settled", () => {
    fc.assert(
      fc.property(server, server, (before, after) => {
        const highest = {
          ...after,
          rebuild: Math.max(before.rebuild, after.rebuild),
          restarts: restarts(before, after),
        };
        const record = appliedOf(highest, { hash: hashServer(after).hash });
        const [match] = matchObjects([desiredOf(after)], [record], accounts);

        expect(isSettled(match!)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it("give one hash for one wish, whatever was before and in whatever order it is written", () => {
    fc.assert(
      fc.property(server, server, server, (one, two, wanted) => {
        const [first, second] = [work(one, wanted).work, work(two, wanted).work];
        if (first === undefined || second === undefined || first.effect.op !== second.effect.op) return;
        if (canonicalJson(first.effect.replaceReasons) !== canonicalJson(second.effect.replaceReasons)) return;
        expect(second.effect.hash).toBe(first.effect.hash);
      }),
      { numRuns: 200 },
    );
  });

  it("keep each effect below 2 KB, whatever its documents hold", () => {
    const long = fc.string({ minLength: 0, maxLength: 3_000 });
    const rule = fc.record({
      direction: fc.constant("inbound" as const),
      action: fc.constant("accept" as const),
      protocol: fc.constant("tcp" as const),
      ports: fc.constant("22"),
      addresses: fc.array(fc.constant("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128"), { maxLength: 200 }),
      description: long,
    });
    const firewall = fc.array(rule, { maxLength: 40 }).map((rules) => firewallSpec("web", { rules }));
    const pair = fc.oneof(fc.tuple(server, server), fc.tuple(firewall, firewall)) as fc.Arbitrary<
      [StackObject, StackObject]
    >;
    fc.assert(
      fc.property(pair, long, ([before, after], text) => {
        const secretly = (spec: StackObject): StackObject =>
          spec.kind === "Server" ? { ...spec, createOnly: { ...spec.createOnly, userData: { text } } } : spec;
        const effects = [work(undefined, secretly(after)), work(before, secretly(after)), work(before, undefined)];
        for (const { work } of effects)
          expect(Buffer.byteLength(JSON.stringify(work?.effect ?? ""))).toBeLessThan(2_048);
      }),
      { numRuns: 150 },
    );
  });

  const restarts = (before: ServerSpec, after: ServerSpec) => ({
    reboot: Math.max(before.restarts.reboot, after.restarts.reboot),
    reset: Math.max(before.restarts.reset, after.restarts.reset),
  });
});
