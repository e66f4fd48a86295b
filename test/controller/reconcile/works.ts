import { workOf } from "../../../controller/reconcile/effects.ts";
import type { Match } from "../../../controller/reconcile/match.ts";
import type { Work } from "../../../controller/reconcile/types.ts";
import type { ServerSpec } from "../../../resources/spec.ts";
import { createMemoryCloud } from "../../memory/cloud.ts";
import { appliedOf, desiredOf } from "./specs.ts";

const { capabilities } = createMemoryCloud().cloud;

/** The work that brings a server from one document to another. */
export function workFor(before: ServerSpec | undefined, after: ServerSpec | undefined): Work {
  const { name, account } = (after ?? before)!;
  const match: Match = {
    key: `Server//${name}`,
    identity: name,
    account,
    stack: `${account}.0`,
    ...(before && { applied: appliedOf(before) }),
    ...(after && { desired: desiredOf(after) }),
  } as Match;
  return workOf(match, { fleetId: "f", capabilities })!;
}
