import { ROLES } from "../../../people/principal.ts";
import { VERSION } from "../../../version.ts";
import { docsPage } from "../docs-page.ts";
import { openRoute, type Route, route } from "../route.ts";
import { listOf, oneOf, record, text } from "../shapes.ts";

const SERVED = record({ version: text, "commit?": { ...text, description: "Of the main line, as it is served." } });

/** The service itself, and who asks. */
export const metaRoutes: readonly Route[] = [
  openRoute({
    id: "getDescription",
    method: "get",
    path: "/openapi.json",
    tag: "service",
    role: "anyone",
    summary: "Get this description",
    answers: { 200: { description: "OpenAPI 3.1.", schema: { type: "object", required: ["openapi", "paths"] } } },
    run: ({ description }) => ({ body: description, headers: { "cache-control": "public, no-cache" } }),
  }),
  openRoute({
    id: "readDescription",
    method: "get",
    path: "/fleet/v1/docs",
    tag: "service",
    role: "anyone",
    summary: "Read this description",
    answers: { 200: { description: "A page for people.", type: "text/html", schema: { type: "string" } } },
    run: ({ description }) => docsPage(description),
  }),
  route({
    id: "getVersion",
    method: "get",
    path: "/fleet/v1/version",
    tag: "service",
    role: "viewer",
    summary: "Get the version, and the commit that is served",
    answers: { 200: { description: "Of the service.", schema: SERVED } },
    run: ({ service: { desired } }) => ({ body: { version: VERSION, ...(desired && { commit: desired.commit }) } }),
  }),
  route({
    id: "getWhoami",
    method: "get",
    path: "/fleet/v1/whoami",
    tag: "service",
    role: "viewer",
    summary: "Get who asks",
    answers: {
      200: {
        description: "As whom the request is taken. `accounts` and `owners` are absent where it is about all.",
        schema: record({
          id: text,
          name: text,
          email: text,
          role: oneOf(...ROLES),
          "accounts?": listOf(text),
          "owners?": listOf(text),
          via: oneOf("session", "token", "api-key"),
        }),
      },
    },
    run: (_api, { principal: { id, name, email, role, accounts, owners, via } }) => ({
      body: { id, name, email, role, ...(accounts && { accounts }), ...(owners && { owners }), via },
    }),
  }),
  route({
    id: "lookAtRepository",
    method: "post",
    path: "/fleet/v1/looks",
    tag: "service",
    role: "requester",
    summary: "Have the service look at the repository now",
    description: "As a git host's webhook does. With `Prefer: wait=N` the answer comes once it has looked.",
    answers: {
      200: { description: "It has looked, or would.", schema: SERVED },
      202: {
        description: "It will look; `Location` tells the commit that is served.",
        schema: SERVED,
        headers: { Location: "Where to follow it." },
      },
    },
    run: async ({ service, controller }, { mutation, signal }) => {
      const served = () => ({ version: VERSION, ...(service.desired && { commit: service.desired.commit }) });
      if (mutation!.dryRun) return { body: served() };
      const looked = service.look();
      const isDone = await Promise.race([looked.then(() => true), waited(controller, mutation!.waitMs, signal)]);
      return isDone ? { body: served() } : { status: 202, body: served(), headers: { location: "/fleet/v1/version" } };
    },
  }),
];

async function waited(
  { sleep }: { sleep(ms: number, signal?: AbortSignal): Promise<void> },
  ms: number,
  signal: AbortSignal,
): Promise<false> {
  await sleep(ms, signal).catch(() => undefined);
  return false;
}
