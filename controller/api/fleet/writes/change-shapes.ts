import { KIND_NAMES, type Kind } from "../../../../schemas/index.ts";
import type { Wish } from "../../../changes/wishes.ts";
import { listOf, NAME, oneOf, record, text } from "../shapes.ts";

const LONGEST_TITLE = 200;

export const overridesShape = record({
  "allowReplace?": { ...listOf(NAME), maxItems: 1000, description: "Servers that may be deleted and made anew." },
  "allowRemovals?": { type: "integer", minimum: 1, description: "So many removals at once are meant." },
  "allowEnded?": {
    ...listOf(NAME),
    maxItems: 1000,
    description: "Servers that may be made on something that has ended.",
  },
  "allowSpending?": {
    ...listOf(NAME),
    maxItems: 1000,
    description: "Accounts that may come above what they may cost a month.",
  },
  "outsideWindow?": { type: "boolean", description: "Goes ahead outside maintenance windows and under a freeze." },
});

export const HASHES = { ...listOf({ type: "string", pattern: "^[0-9a-f]{16,128}$" }), minItems: 1, maxItems: 20_000 };
const fieldsOf = { type: "object", maxProperties: 100 };
const kind = oneOf(...KIND_NAMES);

export interface OpenBody {
  title: string;
  create?: ({ kind: Kind; name: string } & Record<string, unknown>)[];
  patch?: { kind: Kind; name: string; patch: Record<string, unknown>; ifBlob?: string }[];
  delete?: { kind: Kind; name: string; ifBlob?: string }[];
  executes?: boolean;
  draft?: boolean;
}

export const openShape = record({
  title: { type: "string", minLength: 1, maxLength: LONGEST_TITLE, pattern: "^[^\\u0000-\\u001f]+$" },
  "create?": {
    type: "array",
    maxItems: 1000,
    description: "New objects, as their files would say them, with `kind` and `name`.",
    items: { type: "object", required: ["kind", "name"], properties: { kind, name: NAME }, maxProperties: 100 },
  },
  "patch?": {
    type: "array",
    maxItems: 1000,
    description: "Merge patches (RFC 7396). `ifBlob`: refused when the file is another by then.",
    items: record({ kind, name: NAME, patch: fieldsOf, "ifBlob?": text }),
  },
  "delete?": { type: "array", maxItems: 1000, items: record({ kind, name: NAME, "ifBlob?": text }) },
  "executes?": { type: "boolean", description: "Executed as soon as it is approved." },
  "draft?": { type: "boolean", description: "Kept, and not looked at until it is previewed." },
});

export const wishesOf = ({ create = [], patch = [], delete: removed = [] }: OpenBody): Wish[] => [
  ...create.map(({ kind, name, ...fields }): Wish => ({ kind, name, create: fields })),
  ...patch,
  ...removed.map((one): Wish => ({ ...one, delete: true })),
];
