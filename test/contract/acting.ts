import { describe, expect } from "vitest";
import { FleetError } from "../../resources/errors.ts";
import type { Context } from "./suite.ts";

/** Power and marks may be asked for again and come to the same. */
export function actingTests(context: Context): void {
  const { call, make, mark, observed, test } = context;
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
        const id = await make(context.peer.server, mark(4));
        if (action === "start") await context.peer.control.change(id, { power: "stopped" });
        const can = context.peer.cloud.capabilities.power.includes(action);
        if (!can) {
          await expect(context.peer.cloud.power(id, action, call())).rejects.toMatchObject({
            code: "CLOUD_UNSUPPORTED",
          });
          return;
        }
        if (action === "resume") await context.peer.cloud.power(id, "suspend", call());

        for (let time = 1; time <= 2; time++) {
          await context.peer.cloud.power(id, action, call());
          expect((await observed(id)).power).toBe(reached[action]);
        }
      });
    }

    test("of a machine that is gone is an error with a code", async () => {
      const id = await context.peer.control.add();
      await context.peer.control.remove(id);

      const error = await context.peer.cloud.power(id, "start", call()).catch((caught) => caught);

      expect(error).toBeInstanceOf(FleetError);
      expect(["NOT_FOUND", "CLOUD_REFUSED"]).toContain(error.code);
    });
  });

  describe("marks", () => {
    test("find the machine that carries one, and no other", async () => {
      const id = await make(context.peer.server, mark(5));
      await make(context.peer.server, mark(6));
      await context.peer.control.add();

      const found = await context.peer.cloud.findByMark(mark(5), context.peer.server, call());

      expect(found.map((server) => server.id)).toEqual([id]);
      expect(found[0]?.mark).toBe(mark(5));
      expect(await context.peer.cloud.findByMark(mark(99), context.peer.server, call())).toEqual([]);
    });

    test("find every machine when there are two", async () => {
      const ids = [await make(context.peer.server, mark(7)), await make(context.peer.server, mark(7))];

      const found = await context.peer.cloud.findByMark(mark(7), context.peer.server, call());

      expect(found.map((server) => server.id).sort()).toEqual(ids.sort());
    });

    test("claim a machine, keep its tags, and may be repeated", async () => {
      const id = await context.peer.control.add({ name: "adopted", tags: ["by-hand"] });

      await context.peer.cloud.claim(id, mark(8), call());
      await context.peer.cloud.claim(id, mark(8), call());

      const server = await observed(id);
      expect(server.mark).toBe(mark(8));
      expect(server.tags).toContain("by-hand");
      expect(
        (await context.peer.cloud.findByMark(mark(8), context.peer.server, call())).map((found) => found.id),
      ).toEqual([id]);
    });

    test("take the place of a mark that an adopted machine had", async () => {
      const id = await make(context.peer.server, mark(9));

      await context.peer.cloud.claim(id, mark(10), call());

      expect((await observed(id)).mark).toBe(mark(10));
      expect(await context.peer.cloud.findByMark(mark(9), context.peer.server, call())).toEqual([]);
    });

    test("fit the field that the cloud names", async () => {
      const { maxLength, pattern } = context.peer.cloud.capabilities.mark;

      expect(mark(1).length).toBeLessThanOrEqual(maxLength);
      expect(mark(1)).toMatch(pattern);
    });
  });
}
