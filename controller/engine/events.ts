import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";

/** What the engine does, or would do, to one resource. */
export type StepOp = "same" | "create" | "update" | "replace" | "delete" | "refresh" | "read";

export interface EngineStep {
  urn: string;
  op: StepOp;
  /** Property paths that differ, from the provider's detailed diff. */
  paths: string[];
  /** Paths that make it a replace. */
  replacePaths: string[];
  /** Only where asked for: the inputs as the plugin has checked them, defaults and `__defaults` among them. The engine hides secrets in it. */
  inputs?: Record<string, unknown>;
  /** With the inputs: `URN::ID` of the provider. */
  provider?: string;
}

/** The outcome of one step of an update. */
export interface EngineOutcome {
  urn: string;
  op: StepOp;
  failed: boolean;
  /** The resource's id in the cloud, where the step left one. */
  id?: string;
}

export type RunEvent =
  | { kind: "step"; step: EngineStep }
  | { kind: "started"; urn: string; op: StepOp }
  | { kind: "outcome"; outcome: EngineOutcome }
  | { kind: "message"; urn: string | undefined; severity: "error" | "warning" | "info"; text: string }
  | { kind: "summary"; changes: Record<string, number> };

/**
 * One event of the engine in our words; undefined for the kinds that are not taken. Debug diagnostics are never taken: they carry nested
 * secrets in plain text.
 */
export function readEvent(
  event: EngineEvent,
  dryRun: boolean,
  redact: (text: string) => string,
  options: { inputs?: boolean } = {},
): RunEvent | undefined {
  if (event.resourcePreEvent) {
    const { urn, op, detailedDiff, diffs, new: after } = event.resourcePreEvent.metadata;
    const step = stepOp(op);
    if (step === undefined) return undefined;
    if (!dryRun) return { kind: "started", urn, op: step };
    const detailed = Object.entries(detailedDiff ?? {});
    const paths = detailed.length > 0 ? detailed.map(([path]) => path) : (diffs ?? []);
    const replacePaths = detailed.filter(([, diff]) => diff.diffKind.endsWith("replace")).map(([path]) => path);
    const found: EngineStep = { urn, op: step, paths, replacePaths };
    if (options.inputs && after) Object.assign(found, { inputs: after.inputs, provider: after.provider });
    return { kind: "step", step: found };
  }
  if (event.resOutputsEvent) {
    const { urn, op, new: after } = event.resOutputsEvent.metadata;
    const step = stepOp(op);
    if (step === undefined) return undefined;
    const outcome: EngineOutcome = { urn, op: step, failed: false };
    if (after?.id) outcome.id = after.id;
    return { kind: "outcome", outcome };
  }
  if (event.resOpFailedEvent) {
    const { urn, op } = event.resOpFailedEvent.metadata;
    return { kind: "outcome", outcome: { urn, op: stepOp(op) ?? "update", failed: true } };
  }
  if (event.diagnosticEvent) {
    const { severity, message, urn } = event.diagnosticEvent;
    if (severity !== "error" && severity !== "warning" && severity !== "info") return undefined;
    return { kind: "message", urn: urn || undefined, severity, text: redact(clean(message)) };
  }
  if (event.summaryEvent) return { kind: "summary", changes: { ...event.summaryEvent.resourceChanges } };
  return undefined;
}

/** The engine tells a replace as three steps; they count as one op here. */
function stepOp(op: string): StepOp | undefined {
  if (op.includes("replace")) return "replace";
  if (op === "same" || op === "create" || op === "update" || op === "delete" || op === "refresh" || op === "read")
    return op;
  if (op === "discard" || op === "read-discard") return "delete";
  return undefined;
}

/** Takes the engine's colour marks and trailing space out of a message. */
function clean(message: string): string {
  return message.replace(/<\{%[^%]*%\}>/g, "").trimEnd();
}
