import { describe, expect, it } from "vitest";
import { checkState, isOlder } from "../../../controller/reconcile/state-version.ts";
import type { AppliedObject } from "../../../controller/store/types.ts";
import { createMemoryCloud } from "../../memory/cloud.ts";
import { memoryController } from "./controller.ts";

const noted = { urn: "web-2", modified: "2026-01-01T00:00:02Z" };
const resource = (urn: string, seconds: number) => ({ urn, type: "t", modified: `2026-01-01T00:00:0${seconds}Z` });

describe("a state", () => {
  it.each([
    { name: "is as it was noted", resources: [resource("web-2", 2)], mayRemove: false, older: false },
    { name: "has gone on", resources: [resource("web-2", 3)], mayRemove: false, older: false },
    {
      name: "has the noted resource as it was before",
      resources: [resource("web-2", 1)],
      mayRemove: true,
      older: true,
    },
    { name: "does not know of the noted resource", resources: [resource("web-1", 1)], mayRemove: false, older: true },
    { name: "may have lost it to a removal", resources: [resource("web-1", 1)], mayRemove: true, older: false },
    { name: "has lost it and gone on", resources: [resource("web-1", 4)], mayRemove: false, older: false },
    { name: "is gone", resources: [], mayRemove: false, older: true },
  ])("that $name", ({ resources, mayRemove, older }) => {
    expect(isOlder(resources, noted, mayRemove)).toBe(older);
  });
});

it("an older state is told of, kept as an event, and makes every object of its stack suspect", async () => {
  const settings = new Map([["state.seal.main.0", JSON.stringify({ newest: noted })]]);
  const events: unknown[] = [];
  const put: Pick<AppliedObject, "name" | "refresh">[] = [];
  const made = {
    ...memoryController(createMemoryCloud(), {
      setting: async (name) => settings.get(name),
      event: async (event) => events.push(event),
      objects: async () => [{ name: "web-1", refresh: false }] as AppliedObject[],
      putObjects: async (objects) => void put.push(...objects),
    }),
    engine: async () => ({ resources: async () => [resource("web-2", 1)] }) as never,
  };

  await checkState(made, "main.0", false);

  expect(made.notes).toEqual([
    expect.stringContaining("the state of main.0 is older than the one that was noted last"),
  ]);
  expect(events).toMatchObject([{ kind: "state-older", object: "main.0", data: noted }]);
  expect(put).toEqual([{ name: "web-1", refresh: true }]);
});
