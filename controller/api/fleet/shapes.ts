import { FLEET_ERRORS } from "../../../resources/errors.ts";
import { KINDS } from "../../../schemas/index.ts";
import { CHANGE_STATES } from "../../changes/types.ts";
import { API_ERRORS } from "./problems.ts";
import type { Parameter, Schema } from "./route.ts";

export const text: Schema = { type: "string" };
export const flag: Schema = { type: "boolean" };
export const whole: Schema = { type: "integer" };
export const instant: Schema = { type: "string", format: "date-time" };
/** Whatever the field of a fleet file holds. */
export const anything: Schema = {};
export const listOf = (items: Schema): Schema => ({ type: "array", items });
export const oneOf = (...values: readonly string[]): Schema => ({ enum: values });
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** An object with these members and no others; a name that ends with `?` may be absent. */
export function record(members: Readonly<Record<string, Schema>>, description?: string): Schema {
  const names = Object.keys(members);
  return {
    type: "object",
    ...(description !== undefined && { description }),
    additionalProperties: false,
    required: names.filter((name) => !name.endsWith("?")),
    properties: Object.fromEntries(names.map((name) => [name.replace(/\?$/, ""), members[name]])),
  };
}

export const NAME: Schema = { type: "string", minLength: 1, maxLength: 200, pattern: "^[^\\u0000-\\u001f]+$" };

export const nameIn = (name: string, description: string): Parameter => ({
  name,
  in: "path",
  description,
  schema: NAME,
});

export const filter = (name: string, description: string, schema: Schema = NAME): Parameter => ({
  name,
  in: "query",
  description,
  schema,
});

/** The objects of fleet files, each as its own schema says it. */
const documents = Object.fromEntries(
  Object.entries(KINDS).map(([kind, { schema }]) => {
    const { $schema: _, $id: __, ...plain } = schema as Record<string, unknown>;
    return [kind, plain];
  }),
);

const state = record(
  {
    sync: oneOf("synced", "pending", "drifted", "unchecked"),
    "recorded?": record({
      identity: text,
      stack: text,
      generation: whole,
      mark: text,
      "id?": { ...text, description: "The cloud's." },
      commit: text,
      "provisioningSince?": instant,
    }),
    "actual?": ref("Machine"),
    drift: listOf(ref("Drift")),
    "cost?": ref("Cost"),
    "price?": ref("Cost"),
  },
  "`synced`: what was applied is what the file says; `pending`: a change waits; `drifted`: the cloud differs from what was applied; `unchecked`: the next run looks first. `recorded` is what was applied last, `actual` what the last pass over the account has seen.",
);

const file = record({ path: text, blob: { ...text, description: "Git's id of its content." }, commit: text });

export const objectSchema = (kind: keyof typeof KINDS, stateOf: Schema): Schema =>
  record({
    kind: { const: kind },
    name: text,
    file,
    desired: ref(kind),
    hidden: { ...listOf(text), description: "Fields of `desired` that are not shown." },
    state: stateOf,
  });

const cost = record(
  { monthlyMicro: whole, hourlyMicro: whole, currency: text },
  "Whole micro-units of the currency: 5000000 is 5.00.",
);
const person = record({ name: text, email: text });
const change = record({ path: text, "before?": anything, "after?": anything, "secret?": { const: true } });

const effect = record(
  {
    hash: { ...text, description: "What an approval names." },
    stack: text,
    object: record({ kind: text, name: text, account: text }),
    op: oneOf("create", "update", "replace", "delete", "adopt", "forget"),
    changes: listOf(
      record({
        path: text,
        "before?": anything,
        "after?": anything,
        "secret?": { const: true },
        "drift?": { const: true },
      }),
    ),
    replaceReasons: listOf(text),
    dataLoss: { ...flag, description: "What is on its disks is lost." },
    "cost?": record({ "before?": ref("Cost"), "after?": ref("Cost") }),
    "price?": record({ "before?": ref("Cost"), "after?": ref("Cost") }),
    "commands?": listOf(text),
    "instances?": anything,
    notes: listOf(text),
  },
  "What is done to one object.",
);

const verdict = record({
  guard: text,
  passed: flag,
  message: text,
  "override?": { ...text, description: "The option of the command line that lifts it." },
  objects: listOf(text),
});

const sums = record({ before: listOf(ref("Cost")), after: listOf(ref("Cost")) });

const changePreview = record({
  hash: { ...text, description: "Approves all of it." },
  effects: listOf(ref("Effect")),
  "held?": listOf(
    record({
      effect: ref("Effect"),
      holds: listOf(record({ by: text, what: text, reason: text, "until?": instant })),
    }),
  ),
  verdicts: listOf(ref("Verdict")),
  cost: sums,
  price: sums,
  notes: listOf(text),
});

const refusal = record({ code: oneOf(...Object.keys(FLEET_ERRORS)), message: text });

const changeShape = record({
  id: text,
  title: text,
  state: oneOf(...CHANGE_STATES),
  "reason?": text,
  author: person,
  surface: text,
  executes: { ...flag, description: "It is executed as soon as it is approved." },
  files: listOf(text),
  objects: listOf(text),
  base: { ...text, description: "The commit of the main line that it was looked at on." },
  head: { ...text, description: "The commit that was looked at." },
  "merged?": {
    ...text,
    description: "Its commit on the main line; of one that brings something back, the commit that it was executed at.",
  },
  "pull?": {
    ...record({ number: whole, url: text, head: text, "gate?": text }),
    description:
      "The pull request that it is. `gate`: why nothing is run for this head until an operator has it previewed.",
  },
  "ahead?": {
    ...record({ by: text, since: instant, objects: listOf(text), "done?": instant }),
    description:
      "A pull request that was executed before its merge: what it holds until it is merged or closed, and since when nothing remains to be done.",
  },
  "call?": {
    ...record({
      dialect: text,
      op: text,
      objects: listOf(record({ kind: text, name: text })),
      "owner?": text,
    }),
    description: "What the caller of a documented service has asked for.",
  },
  "refusal?": { ...refusal, description: "Why such a call has come to nothing." },
  "reverts?": { ...listOf(text), description: "What is to be as the files say again: it has no commit of its own." },
  "preview?": ref("ChangePreview"),
  approvals: listOf(record({ hashes: listOf(text), "overrides?": anything, by: text, at: instant })),
  results: listOf(
    record({
      effectHash: text,
      name: text,
      op: text,
      state: oneOf("converged", "provisioning", "failed"),
      "message?": text,
      "refusal?": refusal,
    }),
  ),
  createdAt: instant,
  updatedAt: instant,
  "steps?": listOf(record({ "from?": text, to: text, by: text, at: instant, "reason?": text })),
  "runs?": { ...listOf(text), description: "Ids of runs of the engine that carried it." },
});

const problem = record({
  type: { type: "string", format: "uri-reference" },
  title: text,
  status: whole,
  detail: text,
  instance: { type: "string", format: "uri" },
  code: oneOf(...Object.keys(API_ERRORS), ...Object.keys(FLEET_ERRORS)),
  "errors?": listOf(record({ detail: text, "pointer?": text, "parameter?": text })),
});

/** What answers are made of. */
export const COMPONENTS: Readonly<Record<string, Schema>> = {
  ...documents,
  Problem: problem,
  Cost: cost,
  ServerState: state,
  Machine: record(
    {
      account: text,
      id: text,
      name: text,
      class: oneOf("managed", "orphan", "foreign"),
      "server?": { ...text, description: "The fleet's name of a managed one." },
      "mark?": text,
      region: text,
      "size?": text,
      "image?": text,
      power: oneOf("running", "stopped", "suspended", "changing"),
      status: { ...text, description: "The cloud's own word." },
      ipv4: listOf(text),
      ipv6: listOf(text),
      "createdAt?": instant,
      firstSeen: instant,
      lastSeen: instant,
      "goneSince?": instant,
      "monthly?": ref("Cost"),
    },
    "A machine as the last pass over its account has seen it.",
  ),
  Drift: record({
    id: whole,
    account: text,
    kind: oneOf("Server", "Firewall", "Port", "Snapshot"),
    name: text,
    cloudId: text,
    field: text,
    "desired?": anything,
    "actual?": anything,
    since: instant,
    "wanted?": record({ name: text, email: text, commit: text, at: instant }),
    "suspended?": {
      ...record({ what: text, reason: text }),
      description: "Nothing brings it back while this is suspended.",
    },
  }),
  Cause: record(
    {
      account: text,
      object: oneOf("Server", "Firewall", "Port", "Snapshot"),
      path: text,
      "desired?": anything,
      "actual?": anything,
      names: listOf(text),
      since: instant,
      "wanted?": record({ name: text, email: text, commit: text, at: instant }),
    },
    "One thing that has happened, and what it touches.",
  ),
  Commit: record({
    commit: text,
    at: instant,
    author: person,
    subject: text,
    path: text,
    changes: { ...listOf(ref("FieldChange")), description: "Fields that differ from the version before." },
  }),
  FieldChange: change,
  Effect: effect,
  Verdict: verdict,
  ChangePreview: changePreview,
  Change: changeShape,
  Run: record({
    id: text,
    stack: text,
    kind: oneOf("preview", "up", "refresh", "destroy"),
    commit: text,
    startedAt: instant,
    "finishedAt?": instant,
    "outcome?": {
      ...oneOf("succeeded", "failed", "cancelled", "killed"),
      description: "Absent while it is under way.",
    },
    objects: listOf(record({ key: text, op: text, effectHash: text, mark: text })),
  }),
  RunEvent: record({ seq: whole, at: instant, kind: text, "object?": text, data: anything }),
  Stack: record({
    name: text,
    account: text,
    objects: whole,
    suspects: whole,
    busy: { ...flag, description: "A run has its lease." },
    "lane?": record({
      state: oneOf("converged", "waiting", "failed"),
      at: instant,
      "reason?": text,
      "until?": instant,
      "waiting?": listOf(text),
    }),
  }),
};
