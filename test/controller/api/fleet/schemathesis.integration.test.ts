import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { schemathesis, schemathesisMissing } from "./schemathesis.ts";
import { Site } from "./site.ts";

/** Requests that nobody has thought of, made from the description by a tool that knows nothing else: each answer is as described. */
const missing = await schemathesisMissing();
/** Its few requests to each route take a minute where nothing else runs. */
const TIMEOUT = 600_000;

const METHODS = new Set(["get", "post", "put", "patch", "delete"]);

let site: Site;
let server: Server;
const folder = mkdtempSync(join(tmpdir(), "fw-described-"));
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
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(missing !== undefined)(`the API (${missing ?? "schemathesis"})`, () => {
  it(
    "answers whatever is asked without an error of its own, and as it describes itself",
    async () => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

      // From a file: it leaves out the route that it has read its description from.
      const description = join(folder, "openapi.json");
      const text = await (await fetch(`${url}/openapi.json`)).text();
      writeFileSync(description, text);

      const { code, said } = await schemathesis([
        "run",
        description,
        ...["--url", url],
        ...["--header", "Authorization: Bearer admin"],
        ...[
          "--checks",
          "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        ],
        ...["--phases", "fuzzing"],
        ...["--max-examples", "3", "--request-timeout", "60"],
        ...["--generation-deterministic", "--warnings", "off", "--no-shrink"],
        ...["--continue-on-failure"],
      ]);

      expect([code, code === 0 ? "" : said]).toEqual([0, ""]);
      // Each route was tried: a run that was cut off says nothing of the rest.
      const { paths } = JSON.parse(text) as { paths: Record<string, object> };
      const operations = Object.values(paths).flatMap((path) => Object.keys(path).filter((key) => METHODS.has(key)));
      expect(said).toContain(`Tested: ${operations.length}\n`);
    },
    TIMEOUT,
  );
});
