import type { ServerSecrets } from "../../resources/spec.ts";
import { openServerSecrets } from "../credentials/server-secrets.ts";
import type { Controller } from "./context.ts";
import { isServer, type Work } from "./types.ts";

/** Effects that send a create to the cloud. */
const SENDING = new Set(["create", "replace"]);

/**
 * The secrets of the machines that works make, by owner mark.
 * @throws {FleetError} CREDENTIAL_MISSING for one that is not kept any more: nothing may be deleted then to make room for what cannot be made.
 */
export async function secretsToSend(
  controller: Pick<Controller, "store" | "dataDir" | "environment">,
  works: readonly Work[],
): Promise<Map<string, ServerSecrets>> {
  const found = new Map<string, ServerSecrets>();
  for (const { desired, effect, mark } of works) {
    if (desired === undefined || !isServer(desired) || !SENDING.has(effect.op)) continue;
    const { secrets } = desired.createOnly;
    if (secrets !== undefined) found.set(mark, await openServerSecrets(controller, desired, secrets));
  }
  return found;
}
