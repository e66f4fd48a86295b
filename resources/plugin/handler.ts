/**
 * The shape of a resource type in a Pulumi provider of ours. The host (`host.ts`) maps the gRPC protocol to these calls, so a handler never
 * sees a protobuf, and `undefined`/unknown/secret values arrive as below.
 */

/** A value known only once something else has been made; appears in previews. */
export const UNKNOWN: unique symbol = Symbol("unknown");

/** Plain JSON, or `UNKNOWN` anywhere in it during a preview. Secrets arrive unwrapped; the host remembers which they were and wraps them again. */
export type PropertyValue = typeof UNKNOWN | null | boolean | number | string | PropertyValue[] | PropertyMap;
export interface PropertyMap {
  [name: string]: PropertyValue;
}

export interface HandlerContext {
  urn: string;
  /** True when nothing may be touched: answer with what is known, `UNKNOWN` for the rest. */
  preview: boolean;
  /** Aborts at the resource's time-out and when the engine cancels. */
  signal: AbortSignal;
  /** A line shown beside the resource while it is at work. */
  log(message: string): void;
}

export interface CheckFailure {
  /** `networks[0].bridge`; empty for the resource as a whole. */
  path: string;
  reason: string;
}

export type ChangeKind = "add" | "update" | "delete";

export interface PropertyChange {
  kind: ChangeKind;
  /** This change makes a new resource. */
  replace?: boolean;
}

export interface Diff {
  /** By property path; empty means no change. */
  changes: Record<string, PropertyChange>;
  deleteBeforeReplace?: boolean;
}

export interface ResourceHandler {
  /** Type token: `fleetwright:proxmox:VirtualMachine`. */
  readonly type: string;
  /** Output properties that are always secret. */
  readonly secretOutputs?: readonly string[];
  /** Fills defaults and reports every problem. `old` are the inputs in state. */
  check(inputs: PropertyMap, old: PropertyMap | undefined): Promise<{ inputs: PropertyMap; failures: CheckFailure[] }>;
  diff(id: string, old: { inputs: PropertyMap; outputs: PropertyMap }, news: PropertyMap): Promise<Diff>;
  /** @throws {PartialCreation} when something exists but did not become ready: the id is kept in state. */
  create(inputs: PropertyMap, context: HandlerContext): Promise<{ id: string; outputs: PropertyMap }>;
  /** Actual inputs and outputs; undefined only when the cloud itself said that it is gone. */
  read(
    id: string,
    known: { inputs: PropertyMap; outputs: PropertyMap },
    context: HandlerContext,
  ): Promise<{ id: string; inputs: PropertyMap; outputs: PropertyMap } | undefined>;
  /** @throws {PartialUpdate} when it was changed in part: the outputs are kept in state. */
  update(
    id: string,
    old: { inputs: PropertyMap; outputs: PropertyMap },
    news: PropertyMap,
    context: HandlerContext,
  ): Promise<PropertyMap>;
  delete(id: string, old: { inputs: PropertyMap; outputs: PropertyMap }, context: HandlerContext): Promise<void>;
}

/** Something was made and is not ready; state keeps `id` and `outputs`, the step fails with `reasons`. */
export class PartialCreation extends Error {
  readonly id: string;
  readonly outputs: PropertyMap;
  readonly reasons: string[];

  constructor(id: string, outputs: PropertyMap, reasons: string[], options: { cause?: unknown } = {}) {
    super(reasons.join("; "), options);
    this.name = "PartialCreation";
    this.id = id;
    this.outputs = outputs;
    this.reasons = reasons;
  }
}

/** Some of an update took effect; state keeps `outputs`, the step fails with `reasons`. */
export class PartialUpdate extends Error {
  readonly outputs: PropertyMap;
  readonly reasons: string[];

  constructor(outputs: PropertyMap, reasons: string[], options: { cause?: unknown } = {}) {
    super(reasons.join("; "), options);
    this.name = "PartialUpdate";
    this.outputs = outputs;
    this.reasons = reasons;
  }
}

/** A whole provider: a package with its types. One is served to one engine run. */
export interface ProviderPackage {
  /** Package name, `fleetwright`; the executable is `pulumi-resource-<name>`. */
  readonly name: string;
  readonly version: string;
  readonly handlers: readonly ResourceHandler[];
  /** Configuration that the package takes from its environment. Like a bridged plugin it puts it into the provider's inputs, and so into state. */
  configDefaults?(): Readonly<Record<string, string>>;
  /** Called once with the provider's configuration (`linode:url` arrives as `url`) before any handler. @throws to fail all resources with that message. */
  configure?(variables: Readonly<Record<string, string>>): Promise<void>;
  /** The JSON text of the package's Pulumi schema. */
  schema?(): string;
}
