import { describe, expect, it } from "vitest";
import { pointedSchemas, pointerTo, requestChecks } from "../../../../controller/api/fleet/check.ts";
import { describe as describeRoutes } from "../../../../controller/api/fleet/openapi.ts";
import { problemOf } from "../../../../controller/api/fleet/problems.ts";
import { type Route, route } from "../../../../controller/api/fleet/route.ts";
import { ROUTES, TAGS } from "../../../../controller/api/fleet/routes.ts";
import { record, text } from "../../../../controller/api/fleet/shapes.ts";
import { FLEET_ERRORS, FleetError, type FleetErrorCode } from "../../../../resources/errors.ts";

const BODY: Route = route({
  id: "put",
  method: "put",
  path: "/things/{name}",
  tag: "things",
  role: "requester",
  summary: "Put a thing",
  parameters: [{ name: "name", in: "path", description: "Its name.", schema: text }],
  body: record({ size: text, "deep?": record({ "a/b": text }) }),
  answers: {},
  run: () => ({}),
});

const check = requestChecks(describeRoutes([BODY], {}))(BODY);

function refused(work: () => unknown) {
  try {
    work();
  } catch (error) {
    return error as { code: string; errors: unknown };
  }
  throw new Error("it was not refused");
}

describe("a body", () => {
  it.each([
    { name: "what is missing", body: {}, pointer: "#/size" },
    { name: "what is not known", body: { size: "s", more: 1 }, pointer: "#/more" },
    { name: "what is wrong, with its place escaped", body: { size: "s", deep: { "a/b": 1 } }, pointer: "#/deep/a~1b" },
    { name: "what would be a prototype", body: JSON.parse('{"size":"s","__proto__":{}}'), pointer: "#/__proto__" },
  ])("is refused with a JSON pointer to $name", ({ body, pointer }) => {
    expect(refused(() => check.body(body))).toMatchObject({ code: "USAGE", errors: [{ pointer }] });
  });

  it("is not made what the schema wants: 1 is no text", () => {
    expect(refused(() => check.body({ size: 1 })).code).toBe("USAGE");
    expect(check.body({ size: "s" })).toEqual({ size: "s" });
  });
});

describe("parameters of a mutation", () => {
  const given = (key: string | undefined, query = "") => ({
    path: { name: "a" },
    query: new URLSearchParams(query),
    header: (name: string) => (name === "Idempotency-Key" ? key : undefined),
  });

  it("become what their schemas say, and a key is wanted", () => {
    expect(check.parameters(given("12345678", "dryRun=true"))).toMatchObject({ name: "a", dryRun: true });
    expect(check.parameters(given("12345678")).dryRun).toBe(false);
    for (const key of [undefined, "short", "with a blank"])
      expect(refused(() => check.parameters(given(key)))).toMatchObject({ errors: [{ parameter: "Idempotency-Key" }] });
  });
});

describe("a problem", () => {
  it.each(Object.keys(FLEET_ERRORS) as FleetErrorCode[])("has a title and the status of %s", (code) => {
    const problem = problemOf(new FleetError(code, "words"), "urn:uuid:1");

    expect(problem).toMatchObject({ code, status: FLEET_ERRORS[code].http, type: `/fleet/v1/docs#problem-${code}` });
    expect(problem.title).not.toBe("");
  });

  it("of the inside keeps to itself what is said there", () => {
    expect(problemOf(new FleetError("STORE_FAILED", "no route to 10.0.0.7"), "urn:uuid:1").detail).not.toContain(
      "10.0",
    );
    expect(problemOf(AbortSignal.abort(new DOMException("late", "TimeoutError")).reason, "urn:uuid:1").code).toBe(
      "DEADLINE",
    );
  });
});

it("publishes only schemas that a validator takes", () => {
  const description = describeRoutes(ROUTES, TAGS);
  const at = pointedSchemas(description);
  for (const name of Object.keys(description.components.schemas))
    expect(() => at(pointerTo("components", "schemas", name))).not.toThrow();
  for (const { path, method, answers } of ROUTES)
    for (const [status, { schema, type = "application/json" }] of Object.entries(answers))
      if (schema)
        expect(() =>
          at(pointerTo("paths", path, method, "responses", status, "content", type, "schema")),
        ).not.toThrow();
});
