import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import statusPb from "@pulumi/pulumi/proto/status_pb.js";
import { FleetError } from "../errors.ts";
import { PartialCreation, PartialUpdate } from "./handler.ts";
import { Any, provider, toStruct, type WireMap } from "./proto.ts";

/** What the engine shows of an error: a line a user can act on, never a stack. */
export function errorMessage(error: unknown): string {
  if (error instanceof FleetError) return `${error.code}: ${error.message}`;
  if (error instanceof PartialCreation || error instanceof PartialUpdate) return error.message;
  return `internal error: ${error instanceof Error ? error.message : String(error)}`;
}

/** Errors that a user cannot act on: their stack belongs in the log. */
export function isBug(error: unknown): boolean {
  return !(
    error instanceof StatusError ||
    error instanceof FleetError ||
    error instanceof PartialCreation ||
    error instanceof PartialUpdate
  );
}

/** An answer of the protocol that is an error. */
export class StatusError extends Error implements ServiceError {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;

  constructor(code: status, message: string, metadata = new Metadata()) {
    super(message);
    this.name = "StatusError";
    this.code = code;
    this.details = message;
    this.metadata = metadata;
  }
}

/**
 * The error that makes the engine keep a resource that exists and is not ready: a `google.rpc.Status` in a trailer, with Pulumi's
 * `ErrorResourceInitFailed` as its detail. grpc-js has no notion of details, so the trailer is written here.
 */
export function initFailed(id: string, properties: WireMap, reasons: readonly string[]): StatusError {
  const detail = new provider.ErrorResourceInitFailed();
  detail.setId(id);
  detail.setProperties(toStruct(properties));
  detail.setReasonsList([...reasons]);
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");

  const message = reasons.join("; ");
  const rich = new statusPb.Status();
  rich.setCode(status.UNKNOWN);
  rich.setMessage(message);
  rich.addDetails(any);
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(rich.serializeBinary()));
  return new StatusError(status.UNKNOWN, message, metadata);
}
