import type { CheckResponse, DiffResponse, PropertyDiff } from "@pulumi/pulumi/proto/provider_pb.js";
import { FleetError } from "../errors.ts";
import {
  type ChangeKind,
  type CheckFailure,
  type Diff,
  PartialCreation,
  PartialUpdate,
  type PropertyMap,
  type ResourceHandler,
} from "./handler.ts";
import { type Path, parsePath } from "./paths.ts";
import { fromStruct, provider, type Struct, toStruct } from "./proto.ts";
import { initFailed } from "./status.ts";
import { type Decoded, decode, encode } from "./values.ts";

/** @throws {FleetError} FLEET_INVALID for values that no handler takes; a check reports them with their paths before. */
export function decodeOrRefuse(struct: Struct | undefined): Decoded {
  const decoded = decode(fromStruct(struct));
  if (decoded.refused.length > 0) {
    throw new FleetError("FLEET_INVALID", decoded.refused.map(({ path, reason }) => `${path} ${reason}`).join("; "));
  }
  return decoded;
}

/** Secrets of outputs: what the handler says, and every property of the name of an input in which there was one. */
export function outputSecrets(handler: ResourceHandler, ...sources: Decoded[]): Path[] {
  return [...(handler.secretOutputs ?? []).map((name) => [name]), ...sources.flatMap((source) => source.secrets)];
}

export function checkResponse(
  news: Decoded,
  checked: { inputs: PropertyMap; failures: CheckFailure[] },
): CheckResponse {
  const response = new provider.CheckResponse();
  response.setInputs(toStruct(encode(checked.inputs, news.secrets)));
  for (const { path, reason } of checked.failures) {
    const failure = new provider.CheckFailure();
    failure.setProperty(path);
    failure.setReason(reason);
    response.addFailures(failure);
  }
  return response;
}

export function diffResponse(diff: Diff): DiffResponse {
  const response = new provider.DiffResponse();
  const entries = Object.entries(diff.changes);
  const { DIFF_SOME, DIFF_NONE } = provider.DiffResponse.DiffChanges;
  response.setChanges(entries.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setHasdetaileddiff(true);
  for (const [path, { kind, replace }] of entries) {
    const change = new provider.PropertyDiff();
    change.setKind(kindOnWire(kind, replace === true));
    // Old and new inputs are compared, so the engine takes the value before from the old inputs too.
    change.setInputdiff(true);
    response.getDetaileddiffMap().set(path, change);
    if (replace) response.addReplaces(path);
  }
  response.setDiffsList([...new Set(entries.map(([path]) => String(parsePath(path)[0])))]);
  response.setDeletebeforereplace(diff.deleteBeforeReplace === true);
  return response;
}

function kindOnWire(kind: ChangeKind, replace: boolean): PropertyDiff.Kind {
  const { ADD, ADD_REPLACE, UPDATE, UPDATE_REPLACE, DELETE, DELETE_REPLACE } = provider.PropertyDiff.Kind;
  switch (kind) {
    case "add":
      return replace ? ADD_REPLACE : ADD;
    case "update":
      return replace ? UPDATE_REPLACE : UPDATE;
    case "delete":
      return replace ? DELETE_REPLACE : DELETE;
  }
}

/** Turns what a handler threw about something half done into the answer that keeps it in state; throws anything else on. */
export function wrapPartial(id: string, secrets: readonly Path[]): (error: unknown) => never {
  return (error) => {
    if (error instanceof PartialCreation) throw initFailed(error.id, encode(error.outputs, secrets), error.reasons);
    if (error instanceof PartialUpdate) throw initFailed(id, encode(error.outputs, secrets), error.reasons);
    throw error;
  };
}
