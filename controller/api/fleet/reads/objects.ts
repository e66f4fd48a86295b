import { sha256 } from "../../../fleet/canonical.ts";
import type { FleetApi } from "../api.ts";
import { COLLECTIONS, type ObjectKind } from "../collections.ts";
import { PAGE_PARAMETERS, type PageQuery, pageFrom, pageOf } from "../page.ts";
import { missing } from "../problems.ts";
import type { Records } from "../records.ts";
import { type Parameter, type Route, route } from "../route.ts";
import { filter, listOf, nameIn, objectSchema, oneOf, record, ref, text } from "../shapes.ts";
import { compareKeys, type FleetObject, type FleetView } from "../view.ts";
import { historyOf } from "./history.ts";
import { serverState, syncOf } from "./state.ts";

const SORTS = ["name", "account", "region", "size", "owner", "cost"] as const;

const SERVER_FILTERS: readonly Parameter[] = [
  filter("account", "Only on this account."),
  filter("provider", "Only on this cloud."),
  filter("owner", "Only of this owner."),
  filter("plan", "Only of this plan."),
  filter("size", "Only of this size, in the cloud's own word."),
  filter("region", "Only in this region."),
  filter("label", "Only with this label: `env`, or `env:test`. Given several times, all must fit.", {
    type: "array",
    maxItems: 10,
    items: { type: "string", minLength: 1, maxLength: 300 },
  }),
  filter("sync", "Only those in this state.", oneOf("synced", "pending", "drifted", "unchecked")),
  filter("sort", "The order; with `-` in front the other way round.", {
    ...oneOf(...SORTS, ...SORTS.map((sort) => `-${sort}`)),
    default: "name",
  }),
];

const NAME_FILTER = filter("q", "Only those whose names contain this.");

interface ListQuery extends PageQuery {
  q?: string;
  account?: string;
  provider?: string;
  owner?: string;
  plan?: string;
  size?: string;
  region?: string;
  label?: string[];
  sync?: string;
  sort?: string;
}

const onAccounts = record({
  compiled: listOf(
    record({
      kind: text,
      name: text,
      account: text,
      sync: oneOf("synced", "pending", "drifted", "unchecked"),
      "id?": text,
      "stack?": text,
    }),
  ),
});

const HISTORY = record({
  items: listOf(ref("Commit")),
  "next?": { type: "string", description: "Cursor of the page behind this one." },
});

/** The fleet's objects: lists, single ones with their state, and their history in git. */
export const objectRoutes: readonly Route[] = (Object.keys(COLLECTIONS) as ObjectKind[]).flatMap((kind) => {
  const { path, one } = COLLECTIONS[kind];
  const base = `/fleet/v1/${path}`;
  const schema = objectSchema(kind, kind === "Server" ? ref("ServerState") : onAccounts);
  const filters = kind === "Server" ? [NAME_FILTER, ...SERVER_FILTERS] : [NAME_FILTER];
  return [
    route<ListQuery>({
      id: `list${kind}s`,
      method: "get",
      path: base,
      tag: path,
      role: "viewer",
      summary: `List ${path}`,
      parameters: [...PAGE_PARAMETERS, ...filters],
      answers: { 200: { description: `A page of ${path}.`, schema: pageOf(schema, { commit: text }) } },
      run: async (api, { principal, parameters }) => {
        const view = await api.view();
        const fits = await filterOf(api, view, parameters);
        const order = parameters.sort ?? "name";
        const [field, isDown] = order.startsWith("-") ? [order.slice(1), true] : [order, false];
        const key = keyOf(field);
        const sorted = view.sorted(kind, field, key);
        const page = pageFrom(
          within(isDown ? sorted.toReversed() : sorted, (object) => fits(object) && view.isWithin(principal, object)),
          parameters,
          `${path} ${order}`,
          (object) => [key(object), object.name],
          isDown ? (a, b) => compareKeys(b, a) : compareKeys,
        );
        const items = await shown(api, view, kind, page.items);
        return { body: { items, commit: view.desired.commit, ...(page.next && { next: page.next }) } };
      },
    }),
    route<{ name: string }>({
      id: `get${kind}`,
      method: "get",
      path: `${base}/{name}`,
      tag: path,
      role: "viewer",
      summary: `Get one ${one}`,
      description:
        "The ETag is the id of the file's content in git, a dot, and a hash of all that is answered: what it begins with changes with the file alone.",
      parameters: [
        nameIn("name", `The ${one}'s name.`),
        {
          name: "If-None-Match",
          in: "header",
          description: "ETags that the caller has.",
          schema: { type: "string", maxLength: 4000 },
        },
      ],
      answers: {
        200: {
          description: "What the file says, beside what is recorded and seen.",
          schema,
          headers: { ETag: "Names this version." },
        },
        304: { description: "The caller has this version.", headers: { ETag: "Names this version." } },
      },
      run: async (api, { principal, parameters, context }) => {
        const view = await api.view();
        const object = view.object(kind, parameters.name);
        if (object === undefined || !view.isWithin(principal, object)) return missing(`${one} ${parameters.name}`);
        const [body] = await shown(api, view, kind, [object]);
        const etag = `"${object.file.blob}.${sha256(JSON.stringify(body)).slice(0, 16)}"`;
        const headers = { etag, "cache-control": "private, no-cache" };
        return hasEtag(context.req.header("if-none-match"), etag) ? { status: 304, headers } : { body, headers };
      },
    }),
    route<{ name: string } & PageQuery>({
      id: `get${kind}History`,
      method: "get",
      path: `${base}/{name}/history`,
      tag: path,
      role: "viewer",
      summary: `List the commits of one ${one}`,
      description: "The newest first, over moves of its file; with the fields that each commit has changed.",
      parameters: [nameIn("name", `The ${one}'s name.`), ...PAGE_PARAMETERS],
      answers: { 200: { description: "A page of commits.", schema: HISTORY } },
      run: async (api, { principal, parameters }) => {
        const view = await api.view();
        const object = view.object(kind, parameters.name);
        if (object === undefined || !view.isWithin(principal, object)) return missing(`${one} ${parameters.name}`);
        return { body: await historyOf(api.controller.repo, object, view.desired.commit, parameters) };
      },
    }),
  ];
});

function* within(objects: Iterable<FleetObject>, fits: (object: FleetObject) => boolean): Iterable<FleetObject> {
  for (const object of objects) if (fits(object)) yield object;
}

/** Weak comparison, as GET wants it. */
function hasEtag(header: string | undefined, etag: string): boolean {
  const given = (header ?? "").split(",").map((one) => one.trim().replace(/^W\//, ""));
  return given.includes("*") || given.includes(etag);
}

function keyOf(field: string): (object: FleetObject) => string | number {
  if (field === "cost") return ({ cost }) => cost?.monthlyMicro ?? Number.MAX_SAFE_INTEGER;
  if (field === "name") return ({ name }) => name;
  return ({ spec }) => spec?.[field as "account" | "region" | "size" | "owner"] ?? "";
}

async function filterOf(
  api: FleetApi,
  view: FleetView,
  { q, label, sync, ...plain }: ListQuery,
): Promise<(object: FleetObject) => boolean> {
  const fields = (["account", "provider", "owner", "plan", "size", "region"] as const).filter(
    (field) => plain[field] !== undefined,
  );
  const isIn = sync === undefined ? undefined : await syncFilter(api, view, sync);
  return (object) =>
    (q === undefined || object.name.includes(q)) &&
    fields.every((field) => object.spec?.[field] === plain[field]) &&
    (label ?? []).every((one) => hasLabel(object, one)) &&
    (isIn === undefined || isIn(object));
}

function hasLabel({ spec }: FleetObject, wanted: string): boolean {
  const colon = wanted.indexOf(":");
  const name = colon === -1 ? wanted : wanted.slice(0, colon);
  if (spec === undefined || !Object.hasOwn(spec.labels, name)) return false;
  return colon === -1 || (spec.labels[name] ?? "") === wanted.slice(colon + 1);
}

/** By what is recorded and seen, as `state` of each says it. */
async function syncFilter(api: FleetApi, view: FleetView, wanted: string): Promise<(object: FleetObject) => boolean> {
  const records = await api.records();
  return (object) => {
    const account = view.desired.accounts.get(object.spec?.account ?? "")?.identity ?? "";
    const record = records.server(account, object.name);
    return syncOf(view, object, record, record !== undefined && records.drift(record).length > 0) === wanted;
  };
}

async function shown(api: FleetApi, view: FleetView, kind: ObjectKind, objects: readonly FleetObject[]) {
  const records = await api.records();
  const stateOf = kind === "Server" ? serverState : compiledState;
  return objects.map((object) => {
    const { name, file } = object;
    const { desired, hidden } = withoutUserData(view.fields(object));
    const place = { path: file.path, blob: file.blob, commit: view.desired.commit };
    return { kind, name, file: place, desired, hidden, state: stateOf(records, view, object) };
  });
}

/** User data may hold secrets, whatever its author thought. */
function withoutUserData(fields: object | undefined): { desired: object; hidden: string[] } {
  const { userData, ...desired } = (fields ?? {}) as { userData?: unknown };
  return userData === undefined ? { desired, hidden: [] } : { desired, hidden: ["userData"] };
}

function compiledState({ hashes }: Records, view: FleetView, { compiled }: FleetObject) {
  return {
    compiled: compiled.map((one) => {
      const { kind, name, account } = one.spec;
      const identity = view.desired.accounts.get(account)?.identity ?? account;
      const found = hashes.get(`${kind}/${identity}/${name}`);
      const sync =
        found === undefined ? "pending" : found.refresh ? "unchecked" : found.hash === one.hash ? "synced" : "pending";
      const known = found && { stack: found.stack, ...(found.cloudId !== undefined && { id: found.cloudId }) };
      return { kind, name, account, sync, ...known };
    }),
  };
}
