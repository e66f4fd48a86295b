import { FleetError } from "../../../../resources/errors.ts";
import { missing } from "../problems.ts";
import { type Route, route } from "../route.ts";
import { record, ref, text } from "../shapes.ts";
import { requireAll } from "./about-all.ts";
import { EXECUTES, IF_MATCH, seenBlob } from "./objects.ts";
import { BEGUN, openChange } from "./open-change.ts";

/** `fleet.yaml`, of which there is one: guards, policies and who is told of what. Whoever may write it could allow themselves anything. */
export const fleetRoutes: readonly Route[] = [
  route({
    id: "getFleet",
    method: "get",
    path: "/fleet/v1/fleet",
    tag: "fleet",
    role: "admin",
    summary: "Get the settings of the fleet",
    answers: {
      200: {
        description: "As `fleet.yaml` says them, with defaults. `ETag` is git's id of the file.",
        schema: record({
          desired: ref("Fleet"),
          file: record({ path: text, blob: text, commit: text }),
        }),
        headers: { ETag: "For `If-Match`." },
      },
    },
    run: async (api, { principal }) => {
      requireAll(principal, "the fleet's settings");
      const view = await api.view();
      const found = view.object("Fleet", "");
      const desired = found && view.fields(found);
      if (found === undefined || desired === undefined) return missing("fleet.yaml");
      const { path, blob } = found.file;
      return {
        body: { desired, file: { path, blob, commit: view.desired.commit } },
        headers: { etag: `"${blob}"` },
      };
    },
  }),
  route<{ executes: boolean; "If-Match"?: string }, Record<string, unknown>>({
    id: "patchFleet",
    method: "patch",
    path: "/fleet/v1/fleet",
    tag: "fleet",
    role: "admin",
    summary: "Open a change that edits the settings of the fleet",
    description: "A merge patch (RFC 7396): null takes a field out. Comments and order of the file stay.",
    parameters: [EXECUTES, IF_MATCH],
    body: { type: "object", minProperties: 1, maxProperties: 100 },
    answers: BEGUN,
    run: async (api, call) => {
      requireAll(call.principal, "the fleet's settings");
      if (Object.hasOwn(call.body, "id"))
        throw new FleetError("USAGE", "id enters every owner mark and is never changed", { field: "id" });
      const found = (await api.view()).object("Fleet", "") ?? missing("fleet.yaml");
      const at = { kind: "Fleet" as const, name: "", ...seenBlob(found, call.parameters["If-Match"]) };
      const wishes = [{ ...at, patch: call.body }];
      return await openChange(api, call, { title: "Change fleet.yaml", wishes, executes: call.parameters.executes });
    },
  }),
];
