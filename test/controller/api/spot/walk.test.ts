import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SPOT_ROUTES } from "../../../../controller/api/spot/routes.ts";
import documented from "../dialect/endpoints/spot.json" with { type: "json" };
import { stepsOf, WALKS } from "./walk.ts";

const CONTRACT = join(import.meta.dirname, "../../../../../shared/contracts/endpoints.json");

interface Row {
  id: string;
  service: string;
  kind: string;
  method: string;
  path: string;
  responses: { status: unknown }[];
}
const told = ({ id, kind, method, path, responses }: Omit<Row, "service">) => ({
  id,
  kind,
  method,
  path,
  codes: responses.map(({ status }) => status),
});

describe("the walk over the spot manager's document", () => {
  it("comes by each of its rows once, functions and jobs too, and by each of their codes", () => {
    const steps = [...stepsOf("spot"), ...stepsOf("launch")];

    const rows = documented.map(({ id, method, path }) => `${id} ${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
    expect(steps.map(({ id, method, path }) => `spot-manager.${id} ${method} ${path}`).sort()).toEqual(rows.sort());
    // A walk sends requests: a row of another kind takes a step that does what it says.
    expect(documented.filter(({ kind }) => kind !== "http")).toEqual([]);
    const numbers = (found: (typeof documented)[number]) =>
      found.responses.map(({ status }) => status).filter((status) => status !== "unspecified");
    for (const { found, codes } of steps) expect(codes).toEqual(numbers(found));
  });

  it("has each route of ours, which are those of the document", () => {
    const walked = [...WALKS.spot, ...WALKS.launch].map(({ id }) => id);

    expect(walked.sort()).toEqual(SPOT_ROUTES.map(({ id }) => id).sort());
  });

  it.skipIf(!existsSync(CONTRACT))("goes by all that the contract has of the service", () => {
    const all = JSON.parse(readFileSync(CONTRACT, "utf8")) as Row[] | { endpoints: Row[] };
    const rows = (Array.isArray(all) ? all : all.endpoints).filter(({ id }) => id.startsWith("spot-manager."));

    expect(documented.map(told)).toEqual(rows.map(told));
  });
});
