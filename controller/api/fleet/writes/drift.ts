import { plainName } from "../../../../resources/spec.ts";
import { acceptDrift, type Refused, revertDrift } from "../../../changes/drift.ts";
import { kindOfPath } from "../../../fleet/file.ts";
import { objectKey } from "../../../reconcile/types.ts";
import type { DriftKind } from "../../../store/types.ts";
import type { FleetApi } from "../api.ts";
import { ApiError, missing } from "../problems.ts";
import { type Call, type Route, route } from "../route.ts";
import { listOf, NAME, oneOf, record } from "../shapes.ts";
import { BEGUN, openOf } from "./open-change.ts";
import { checkWish } from "./wishes.ts";

interface Chosen {
  objects: { kind: DriftKind; account: string; name: string }[];
  executes?: boolean;
}

const chosenShape = record({
  objects: {
    ...listOf(record({ kind: oneOf("Server", "Firewall", "Port", "Snapshot"), account: NAME, name: NAME })),
    minItems: 1,
    maxItems: 1000,
    description: "As drift tells them.",
  },
  "executes?": { type: "boolean", description: "Executed as soon as it is approved." },
});

/** What a hand has changed: brought back, or written into the files. Each is a change, and nothing happens before its approval. */
export const driftWrites: readonly Route[] = [
  route<unknown, Chosen>({
    id: "revertDrift",
    method: "post",
    path: "/fleet/v1/drift/revert",
    tag: "drift",
    role: "operator",
    summary: "Open a change that brings drift back to what the files say",
    description:
      "Of whole objects: everything that differs of them. Its preview asks the clouds; it ends where nothing differs any more. It makes no commit.",
    body: chosenShape,
    answers: BEGUN,
    run: async (api, call) => {
      const { keys } = await chosen(api, call);
      const { desired } = await api.view();
      return await openOf(api, call, revertDrift(desired, keys), { executes: call.body.executes ?? false });
    },
  }),
  route<unknown, Chosen>({
    id: "acceptDrift",
    method: "post",
    path: "/fleet/v1/drift/accept",
    tag: "drift",
    role: "operator",
    summary: "Open a change that writes drift into the files",
    description:
      "The clouds are asked what is so now. A server that is gone loses its file; rules go into the file of their firewall. All of it or none: what cannot be written is named in `errors`.",
    body: chosenShape,
    answers: BEGUN,
    run: async (api, call) => {
      const { keys } = await chosen(api, call);
      const view = await api.view();
      const { opening, refused } = await acceptDrift(api.controller, view.desired, keys, call.signal);
      if (opening === undefined || refused.length > 0) throw unwritten(call.body, refused);
      for (const edit of opening.edits) {
        const path = "path" in edit ? edit.path : "";
        const kind = kindOfPath(path);
        const touched = kind && [...view.objects(kind)].find(({ file }) => file.path === path);
        if (touched !== undefined)
          checkWish(view, call.principal, { kind: touched.kind, name: touched.name, delete: true });
      }
      return await openOf(api, call, opening, { executes: call.body.executes ?? false });
    },
  }),
];

/** @throws {ApiError} NOT_FOUND for what is not there for somebody */
async function chosen(api: FleetApi, { principal, body }: Call<unknown, Chosen>): Promise<{ keys: string[] }> {
  const view = await api.view();
  const keys = body.objects.map((object) => {
    const key = objectKey(object);
    const isThere = view.object(object.kind, plainName(object.name)) !== undefined;
    return isThere && view.isKeyWithin(principal, key) ? key : missing(`${object.kind} ${object.name}`);
  });
  return { keys: [...new Set(keys)] };
}

function unwritten({ objects }: Chosen, refused: readonly Refused[]): ApiError {
  const errors = refused.map(({ name, reason }) => {
    const index = objects.findIndex((object) => object.name === name);
    return { detail: `${name}: ${reason}`, ...(index >= 0 && { pointer: `#/objects/${index}` }) };
  });
  return new ApiError("DRIFT_UNWRITABLE", refused.map(({ name, reason }) => `${name}: ${reason}`).join("\n"), {
    errors,
  });
}
