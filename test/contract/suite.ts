import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Account, ActualServer, Call, Cloud } from "../../resources/cloud.ts";
import { FLEET_ERRORS, FleetError, type FleetErrorCode } from "../../resources/errors.ts";
import { ownerMark } from "../../resources/mark.ts";
import type { ServerSpec } from "../../resources/spec.ts";
import { FAULTS, type FaultKind } from "./faults.ts";

/** What a test may do to the cloud behind our back. `id`s are those of `ActualServer`. */
export interface Control {
  /** A machine that nobody of the fleet made, ready at once. */
  add(partial?: Partial<Pick<ActualServer, "name" | "tags" | "size" | "region" | "power">>): Promise<string>;
  remove(id: string): Promise<void>;
  change(id: string, patch: Partial<Pick<ActualServer, "name" | "tags" | "size" | "power">>): Promise<void>;
  /** The machine that `server` describes, as the engine would have made it. Default: `add` of what `expect` says. */
  make?(server: ServerSpec, mark: string): Promise<string>;
  /** The next `times` requests of this kind fail so; `faults([])`-like clearing is `clear`. */
  fault(kind: FaultKind, on: "list" | "observe", times: number): Promise<void>;
  clear(): Promise<void>;
}

export interface ContractPeer {
  cloud: Cloud;
  account: Account;
  control: Control;
  /** A server that this cloud can have: size, region, image, options. */
  server: ServerSpec;
  close(): Promise<void>;
}

/** Tests by the beginning of their name, and why this cloud cannot have them. */
export type Skips = Record<string, string>;

/** What every cloud keeps, whatever it is. A skipped test states its reason. */
export function describeCloud(name: string, setup: () => Promise<ContractPeer>, skips: Skips = {}): void {
  describe(`${name} keeps the contract of a cloud`, () => {
    let peer: ContractPeer;
    beforeAll(async () => {
      peer = await setup();
    });
    afterEach(() => peer.control.clear());
    afterAll(() => peer?.close());

    const used = new Set<string>();
    const test = (title: string, run: () => Promise<void>, timeoutMs = 20_000) => {
      const skip = Object.keys(skips).find((start) => title.startsWith(start));
      if (skip) used.add(skip);
      if (skip) it.skip(`${title} (${skips[skip]})`, () => {});
      else it(title, run, timeoutMs);
    };
    const call = (timeoutMs = 15_000): Call => ({
      signal: AbortSignal.timeout(timeoutMs),
      account: peer.account,
      priority: "person",
    });
    const listed = async (within?: number) => {
      const servers: ActualServer[] = [];
      for await (const server of peer.cloud.list(call(within))) servers.push(server);
      return servers;
    };
    const observed = async (id: string) => {
      const server = await peer.cloud.observe(id, call());
      if (!server) throw new Error(`${id} is gone`);
      return server;
    };
    const mark = (generation: number) => ownerMark("contract", "Server", name, generation);
    const make = async (server: ServerSpec, owner: string) => {
      if (peer.control.make) return peer.control.make(server, owner);
      const { name: label, tags, size, region, power } = peer.cloud.expect(server, owner);
      return peer.control.add({
        power,
        ...(label ? { name: label } : {}),
        ...(tags ? { tags } : {}),
        ...(size ? { size } : {}),
        ...(region ? { region } : {}),
      });
    };

    describe("list and observe", () => {
      test("list machines whether ours or not", async () => {
        const foreign = await peer.control.add({ name: "by-hand" });
        const ours = await make(peer.server, mark(1));

        const servers = await listed();

        const byId = new Map(servers.map((server) => [server.id, server]));
        expect(byId.size).toBe(servers.length);
        expect(byId.get(foreign)?.mark).toBeUndefined();
        expect(byId.get(ours)?.mark).toBe(mark(1));
      });

      test("observe what list shows", async () => {
        const id = await make(peer.server, mark(2));

        const fromList = (await listed()).find((server) => server.id === id);
        const alone = await observed(id);

        expect(fromList).toBeDefined();
        const { id: _, name: label, power, mark: owner, tags } = alone;
        expect(fromList).toMatchObject({ id, name: label, power, mark: owner, tags });
      });

      test("tell a removed machine as gone", async () => {
        const id = await peer.control.add({ name: "short-lived" });

        await peer.control.remove(id);

        expect(await peer.cloud.observe(id, call())).toBeUndefined();
        expect((await listed()).map((server) => server.id)).not.toContain(id);
      });

      test("see a change made by hand at once", async () => {
        const id = await make(peer.server, mark(3));

        await peer.control.change(id, { name: "renamed-by-hand", power: "stopped" });

        expect(await observed(id)).toMatchObject({ name: "renamed-by-hand", power: "stopped" });
      });

      for (const { kind, codes } of FAULTS) {
        if (kind !== "omit") {
          test(`never take ${kind} for a machine that is gone`, async () => {
            const id = await peer.control.add({ name: "still-here" });
            await peer.control.fault(kind, "observe", 50);

            const outcome = await peer.cloud.observe(id, call(600)).then(
              (server) => ({ server }),
              (error: unknown) => ({ error }),
            );

            expectFault(outcome, codes);
          });
        }
        test(`never take ${kind} for an account without machines`, async () => {
          await peer.control.add({ name: "still-here" });
          await peer.control.fault(kind, "list", 50);

          const outcome = await listed(600).then(
            (servers) => ({ servers }),
            (error: unknown) => ({ error }),
          );

          expectFault(outcome, codes);
        });
      }

      test("read again after a passing fault", async () => {
        const id = await peer.control.add({ name: "still-here" });
        await peer.control.fault("503", "list", 1);

        expect((await listed()).map((server) => server.id)).toContain(id);
      });
    });

    describe("power", () => {
      for (const action of ["start", "shutdown", "stop", "suspend", "resume", "reboot", "reset"] as const) {
        const reached = {
          start: "running",
          resume: "running",
          reboot: "running",
          reset: "running",
          shutdown: "stopped",
          stop: "stopped",
          suspend: "suspended",
        } as const;
        test(`${action} leaves the machine ${reached[action]}, also when asked twice`, async () => {
          const id = await make(peer.server, mark(4));
          if (action === "start") await peer.control.change(id, { power: "stopped" });
          const can = peer.cloud.capabilities.power.includes(action);
          if (!can) {
            await expect(peer.cloud.power(id, action, call())).rejects.toMatchObject({ code: "CLOUD_UNSUPPORTED" });
            return;
          }
          if (action === "resume") await peer.cloud.power(id, "suspend", call());

          for (let time = 1; time <= 2; time++) {
            await peer.cloud.power(id, action, call());
            expect((await observed(id)).power).toBe(reached[action]);
          }
        });
      }

      test("of a machine that is gone is an error with a code", async () => {
        const id = await peer.control.add();
        await peer.control.remove(id);

        const error = await peer.cloud.power(id, "start", call()).catch((caught) => caught);

        expect(error).toBeInstanceOf(FleetError);
        expect(["NOT_FOUND", "CLOUD_REFUSED"]).toContain(error.code);
      });
    });

    describe("marks", () => {
      test("find the machine that carries one, and no other", async () => {
        const id = await make(peer.server, mark(5));
        await make(peer.server, mark(6));
        await peer.control.add();

        const found = await peer.cloud.findByMark(mark(5), peer.server, call());

        expect(found.map((server) => server.id)).toEqual([id]);
        expect(found[0]?.mark).toBe(mark(5));
        expect(await peer.cloud.findByMark(mark(99), peer.server, call())).toEqual([]);
      });

      test("find every machine when there are two", async () => {
        const ids = [await make(peer.server, mark(7)), await make(peer.server, mark(7))];

        const found = await peer.cloud.findByMark(mark(7), peer.server, call());

        expect(found.map((server) => server.id).sort()).toEqual(ids.sort());
      });

      test("claim a machine, keep its tags, and may be repeated", async () => {
        const id = await peer.control.add({ name: "adopted", tags: ["by-hand"] });

        await peer.cloud.claim(id, mark(8), call());
        await peer.cloud.claim(id, mark(8), call());

        const server = await observed(id);
        expect(server.mark).toBe(mark(8));
        expect(server.tags).toContain("by-hand");
        expect((await peer.cloud.findByMark(mark(8), peer.server, call())).map((found) => found.id)).toEqual([id]);
      });

      test("take the place of a mark that an adopted machine had", async () => {
        const id = await make(peer.server, mark(9));

        await peer.cloud.claim(id, mark(10), call());

        expect((await observed(id)).mark).toBe(mark(10));
        expect(await peer.cloud.findByMark(mark(9), peer.server, call())).toEqual([]);
      });

      test("fit the field that the cloud names", async () => {
        const { maxLength, pattern } = peer.cloud.capabilities.mark;

        expect(mark(1).length).toBeLessThanOrEqual(maxLength);
        expect(mark(1)).toMatch(pattern);
      });
    });

    describe("desired and actual", () => {
      test("agree on a machine that is as desired", async () => {
        const id = await make(peer.server, mark(11));

        expect(await observed(id)).toMatchObject(peer.cloud.expect(peer.server, mark(11)));
      });

      test("differ when a label, the name or the power differs", async () => {
        const id = await make(peer.server, mark(12));
        const actual = await observed(id);
        const others: ServerSpec[] = [
          { ...peer.server, labels: { role: "other" } },
          { ...peer.server, hostname: "other.example.net" },
          { ...peer.server, power: "stopped" },
        ];

        for (const other of others) expect(actual).not.toMatchObject(peer.cloud.expect(other, mark(12)));
      });

      test("turn labels into tags and back", async () => {
        const labels = { role: "web", tier: "Front End", path: "a/b_c.d:e", empty: "" };
        const id = await make({ ...peer.server, labels }, mark(13));

        expect(peer.cloud.labelsOf(await observed(id))).toEqual(labels);
      });
    });

    test("catalog: whole prices, known regions, nothing twice", async () => {
      const catalog = await peer.cloud.catalog(call());

      expect(catalog.sizes.length > 0).toBe(peer.cloud.capabilities.sizes);
      for (const size of catalog.sizes) {
        expect(Number.isSafeInteger(size.pricePerHourMicro), size.name).toBe(true);
        expect(Number.isSafeInteger(size.pricePerMonthMicro), size.name).toBe(true);
        expect(size.vcpus * size.memoryMiB).toBeGreaterThan(0);
      }
      const names = (entries: { name: string }[]) => entries.map((entry) => entry.name);
      for (const all of [names(catalog.sizes), names(catalog.regions)]) expect(new Set(all).size).toBe(all.length);
      if (peer.cloud.capabilities.sizes) expect(names(catalog.sizes)).toContain(peer.server.size);
      expect(names(catalog.regions)).toContain(peer.server.region);
      expect(names(catalog.images)).toContain(peer.server.createOnly.image);
      expect(new Date(catalog.readAt).toISOString()).toBe(catalog.readAt);
    });

    test("resource names follow the identity and nothing else", async () => {
      const server = { ...peer.server, firewalls: ["web", "ops"] };
      const names = peer.cloud.group(server, "web-1").map((entry) => `${entry.type}::${entry.name}`);

      expect(new Set(names).size).toBe(names.length);
      expect(peer.cloud.group(server, "web-1")[0]?.name).toBe("web-1");
      expect(peer.cloud.group({ ...server, name: "renamed", hostname: "renamed" }, "web-1")).toEqual(
        peer.cloud.group(server, "web-1"),
      );
      const { shared } = peer.cloud;
      const firewall = shared(
        {
          kind: "Firewall",
          name: "web",
          account: "main",
          provider: name,
          rules: [],
          inboundPolicy: "drop",
          outboundPolicy: "accept",
          protect: false,
        },
        "web",
      );
      expect(firewall !== undefined).toBe(peer.cloud.capabilities.firewalls);
    });

    test("gives up at the deadline", async () => {
      const ended: Call = { ...call(), signal: AbortSignal.abort() };

      await expect(peer.cloud.observe(await peer.control.add(), ended)).rejects.toMatchObject({ code: "DEADLINE" });
    });

    test("list all pages", async () => {
      const wanted = peer.cloud.capabilities.pageSize + 1;
      const added: string[] = [];
      while (added.length < wanted) {
        added.push(
          ...(await Promise.all(Array.from({ length: Math.min(50, wanted - added.length) }, () => peer.control.add()))),
        );
      }

      const ids = (await listed()).map((server) => server.id);

      expect(ids).toEqual(expect.arrayContaining(added));
      expect(new Set(ids).size).toBe(ids.length);
    }, 60_000);

    it("has a test for each skip", () => {
      expect([...used].sort()).toEqual(Object.keys(skips).sort());
    });
  });
}

function expectFault(outcome: object, codes: readonly FleetErrorCode[]): void {
  expect(outcome).toHaveProperty("error");
  const { error } = outcome as { error: unknown };
  expect(error).toBeInstanceOf(FleetError);
  const { code } = error as FleetError;
  expect(Object.keys(FLEET_ERRORS)).toContain(code);
  expect([...codes, "DEADLINE"]).toContain(code);
}
