import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { schemathesis, schemathesisMissing } from "./schemathesis.ts";
import { Site } from "./site.ts";

/** Requests that nobody has thought of, made from the description by a tool that knows nothing else: each answer is as described. */
const missing = await schemathesisMissing();
const SECONDS = 60;

let site: Site;
let server: Server;
beforeAll(async () => {
  if (missing !== undefined) return;
  site = await Site.open();
  await new Promise<void>((listening) => {
    server = serve({ fetch: site.app.fetch, hostname: "127.0.0.1", port: 0 }, () => listening()) as Server;
  });
}, 240_000);
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await site?.close();
});

describe.skipIf(missing !== undefined)(`the API (${missing ?? "schemathesis"})`, () => {
  it(
    "answers whatever is asked without an error of its own, and as it describes itself",
    async () => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

      const { code, said } = await schemathesis([
        "run",
        `${url}/openapi.json`,
        ...["--header", "Authorization: Bearer admin"],
        ...[
          "--checks",
          "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        ],
        ...["--phases", "examples,coverage,fuzzing"],
        ...["--max-time", String(SECONDS), "--max-examples", "10", "--request-timeout", "30"],
        ...["--generation-deterministic", "--warnings", "off", "--no-shrink"],
        ...["--continue-on-failure"],
      ]);

      // Something has been tried: a run that could not begin says nothing of the API.
      expect(said).toMatch(/[1-9]\d* generated/);
      expect([code, code === 0 ? "" : said]).toEqual([0, ""]);
    },
    (SECONDS + 180) * 1000,
  );
});
