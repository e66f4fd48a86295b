import { describe, expect, it } from "vitest";
import type { EngineResult } from "../../../controller/engine/engine.ts";
import { resultsOf } from "../../../controller/reconcile/results.ts";
import { settledWork } from "../../../controller/reconcile/settled.ts";
import { appliedOf, serverSpec } from "./specs.ts";

const work = (name: string) => settledWork(appliedOf(serverSpec(name)));
const urns = (name: string) => [`${name}:machine`, `${name}:power`];

function results(result: Partial<EngineResult>, saved?: string[]) {
  const [web, api] = [work("web-1"), work("api-1")];
  const groups = new Map([
    [web, urns("web-1")],
    [api, urns("api-1")],
  ]);
  const engine = { steps: [], outcomes: [], errors: new Map(), succeeded: false, killed: false, ...result };
  const targets = [...urns("web-1"), ...urns("api-1")];
  return resultsOf([web, api], { all: groups, wanted: groups }, targets, engine, saved && new Set(saved));
}

const done = (urn: string, id?: string) => ({ urn, op: "create" as const, failed: false, ...(id ? { id } : {}) });

describe("what became of each object", () => {
  it("is done for one whose steps went well, and told for the one that failed", () => {
    const [web, api] = results({
      outcomes: [done("web-1:machine", "7"), done("web-1:power"), { urn: "api-1:machine", op: "create", failed: true }],
      errors: new Map([["api-1:machine", ["out of stock"]]]),
    });

    expect(web).toMatchObject({ errors: [], id: "7" });
    expect(api?.errors).toEqual(["out of stock"]);
  });

  it("is not reached where a failed run has done only a part of a group", () => {
    const [web] = results({ outcomes: [done("web-1:machine", "7")] });

    expect(web).toMatchObject({ unreached: true, errors: [expect.any(String)] });
  });

  it("is not believed of an engine that was killed, whatever it told before", () => {
    const outcomes = ["web-1", "api-1"].flatMap(urns).map((urn) => done(urn, "7"));

    for (const result of results({ outcomes, killed: true })) {
      expect(result.unreached).toBe(true);
      expect(result.errors[0]).toContain("killed");
    }
  });

  it("is not believed beyond what a failed run has saved", () => {
    const outcomes = ["web-1", "api-1"].flatMap(urns).map((urn) => done(urn));

    const [web, api] = results({ outcomes }, urns("web-1"));

    expect(web?.errors).toEqual([]);
    expect(api?.unreached).toBe(true);
  });

  it("takes a look for no step", () => {
    const outcomes = urns("web-1").map((urn) => ({ urn, op: "refresh" as const, failed: false }));

    expect(results({ outcomes })[0]?.unreached).toBe(true);
  });
});
