import { describe, expect } from "vitest";
import type { Call } from "../../resources/cloud.ts";
import { FLEET_ERRORS, FleetError, type FleetErrorCode } from "../../resources/errors.ts";
import { FAULTS } from "./faults.ts";
import type { Context } from "./suite.ts";

/** Lists and single readings are the truth or an error, never less. */
export function readingTests(context: Context): void {
  const { call, listed, make, mark, observed, test } = context;
  describe("list and observe", () => {
    test("list machines whether ours or not", async () => {
      const foreign = await context.peer.control.add({ name: "by-hand" });
      const ours = await make(context.peer.server, mark(1));

      const servers = await listed();

      const byId = new Map(servers.map((server) => [server.id, server]));
      expect(byId.size).toBe(servers.length);
      expect(byId.get(foreign)?.mark).toBeUndefined();
      expect(byId.get(ours)?.mark).toBe(mark(1));
    });

    test("observe what list shows", async () => {
      const id = await make(context.peer.server, mark(2));

      const fromList = (await listed()).find((server) => server.id === id);
      const alone = await observed(id);

      expect(fromList).toBeDefined();
      const { id: _, name: label, power, mark: owner, tags } = alone;
      expect(fromList).toMatchObject({ id, name: label, power, mark: owner, tags });
    });

    test("tell a removed machine as gone", async () => {
      const id = await context.peer.control.add({ name: "short-lived" });

      await context.peer.control.remove(id);

      expect(await context.peer.cloud.observe(id, call())).toBeUndefined();
      expect((await listed()).map((server) => server.id)).not.toContain(id);
    });

    test("see a change made by hand at once", async () => {
      const id = await make(context.peer.server, mark(3));

      await context.peer.control.change(id, { name: "renamed-by-hand", power: "stopped" });

      expect(await observed(id)).toMatchObject({ name: "renamed-by-hand", power: "stopped" });
    });

    for (const { kind, codes } of FAULTS) {
      if (kind !== "omit") {
        test(`never take ${kind} for a machine that is gone`, async () => {
          const id = await context.peer.control.add({ name: "still-here" });
          await context.peer.control.fault(kind, "observe", 50);

          const outcome = await context.peer.cloud.observe(id, call(600)).then(
            (server) => ({ server }),
            (error: unknown) => ({ error }),
          );

          expectFault(outcome, codes);
        });
      }
      test(`never take ${kind} for an account without machines`, async () => {
        await context.peer.control.add({ name: "still-here" });
        await context.peer.control.fault(kind, "list", 50);

        const outcome = await listed(600).then(
          (servers) => ({ servers }),
          (error: unknown) => ({ error }),
        );

        expectFault(outcome, codes);
      });
    }

    test("read again after a passing fault", async () => {
      const id = await context.peer.control.add({ name: "still-here" });
      await context.peer.control.fault("503", "list", 1);

      expect((await listed()).map((server) => server.id)).toContain(id);
    });
  });

  test("gives up at the deadline", async () => {
    const ended: Call = { ...call(), signal: AbortSignal.abort() };

    await expect(context.peer.cloud.observe(await context.peer.control.add(), ended)).rejects.toMatchObject({
      code: "DEADLINE",
    });
  });

  test("list all pages", async () => {
    const wanted = context.peer.cloud.capabilities.pageSize + 1;
    const added: string[] = [];
    while (added.length < wanted) {
      added.push(
        ...(await Promise.all(
          Array.from({ length: Math.min(50, wanted - added.length) }, () => context.peer.control.add()),
        )),
      );
    }

    const ids = (await listed()).map((server) => server.id);

    expect(ids).toEqual(expect.arrayContaining(added));
    expect(new Set(ids).size).toBe(ids.length);
  }, 60_000);
}

function expectFault(outcome: object, codes: readonly FleetErrorCode[]): void {
  expect(outcome).toHaveProperty("error");
  const { error } = outcome as { error: unknown };
  expect(error).toBeInstanceOf(FleetError);
  const { code } = error as FleetError;
  expect(Object.keys(FLEET_ERRORS)).toContain(code);
  expect([...codes, "DEADLINE"]).toContain(code);
}
