import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { diffInputs } from "../plugin/diff.ts";
import type { PropertyMap, PropertyValue, ResourceHandler } from "../plugin/handler.ts";
import { poll } from "../poll.ts";
import { listAggregates, markOfAggregate } from "./aggregates.ts";
import { type Aggregate, isAggregate } from "./answers.ts";
import { invalidAnswer, openstack } from "./http.ts";
import { MARK_KEY, metadataOf, tagsOfMetadata } from "./names.ts";
import type { HandlerOptions } from "./plugin.ts";
import { AGGREGATE_FIELDS, checkSorted, typed } from "./plugin-fields.ts";
import { AGGREGATE } from "./resource.ts";

const LEAVING_MS = 15_000;

interface Inputs {
  mark: string;
  name: string;
  metadata: string[];
  availabilityZone?: string;
  adopt?: string;
}

/**
 * `fleetwright:openstack:Aggregate`. Nova takes no metadata when an aggregate is made, so the name, which is taken once, is what finds one whose
 * answer was lost; the mark is written right after. `adopt` takes over one that is there, by its id.
 */
export function aggregateHandler(options: Pick<HandlerOptions, "call" | "journal">): ResourceHandler {
  async function findOurs(id: string, mark: unknown, call: Call): Promise<Aggregate | undefined> {
    const aggregate = (await listAggregates(call)).find((candidate) => String(candidate.id) === id);
    if (aggregate && typeof mark === "string" && markOfAggregate(aggregate) !== mark) {
      const message = `aggregate ${aggregate.name} does not carry our mark ${mark}: it may be another's, and is left alone`;
      throw new FleetError("CLOUD_REFUSED", message, { id, mark });
    }
    return aggregate;
  }

  return {
    type: AGGREGATE,

    check: async (inputs) => checkSorted(inputs, AGGREGATE_FIELDS, ["metadata"]),

    async diff(_id, old, news) {
      const { changes } = diffInputs(old.inputs, news, { replaceOn: ["mark"] });
      delete changes.adopt;
      if (changes.availabilityZone?.kind === "delete") delete changes.availabilityZone;
      return { changes, deleteBeforeReplace: true };
    },

    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: inputs };
      const wanted = typed<Inputs>(inputs, AGGREGATE_FIELDS);
      const call = options.call(context.signal);
      const account = call.account.spec.name;
      const all = await listAggregates(call);
      const there = all.find(({ id, name }) => (wanted.adopt ? String(id) === wanted.adopt : name === wanted.name));
      if (wanted.adopt && !there) {
        throw new FleetError("NOT_FOUND", `there is no aggregate ${wanted.adopt} to adopt`, {
          aggregate: wanted.adopt,
        });
      }
      const earlier = await options.journal.begin({ account, kind: "Aggregate", key: wanted.mark });
      if (there) checkTaking(there, wanted, earlier !== undefined);
      const aggregate = there ?? (await postAggregate(wanted, call));
      await configure(aggregate, wanted, [], call);
      const id = String(aggregate.id);
      await options.journal.answered(account, wanted.mark, id).catch((error: unknown) => context.log(String(error)));
      return { id, outputs: inputs };
    },

    async read(id, known, context) {
      const aggregate = await findOurs(id, known.inputs.mark, options.call(context.signal));
      if (!aggregate) return undefined;
      const { metadata, name, availability_zone: zone } = aggregate;
      const ours = Object.keys(metadataOf(textsIn(known.inputs.metadata)));
      const kept = Object.entries(metadata).filter(([key]) => ours.includes(key) || key === MARK_KEY);
      const inputs: PropertyMap = { ...known.inputs, name, metadata: tagsOfMetadata(Object.fromEntries(kept)) };
      // A zone that no file names is left as it is.
      if (zone && known.inputs.availabilityZone !== undefined) inputs.availabilityZone = zone;
      if (!zone) delete inputs.availabilityZone;
      return { id, inputs, outputs: inputs };
    },

    async update(id, old, news, context) {
      if (context.preview) return news;
      const call = options.call(context.signal);
      const aggregate = await findOurs(id, old.inputs.mark, call);
      if (!aggregate) throw new FleetError("NOT_FOUND", `there is no aggregate ${id}`, { id });
      await configure(aggregate, typed<Inputs>(news, AGGREGATE_FIELDS), textsIn(old.inputs.metadata), call);
      return news;
    },

    async delete(id, old, context) {
      const call = options.call(context.signal);
      const until = Date.now() + LEAVING_MS;
      const empty = await poll(call, `the hosts of aggregate ${id} to leave`, async () => {
        const aggregate = await findOurs(id, old.inputs.mark, call);
        if (!aggregate) return { gone: true };
        if (aggregate.hosts.length === 0) return { gone: false };
        // The same run may be taking them out, beside us.
        if (Date.now() < until) return undefined;
        const message = `aggregate ${aggregate.name} still has ${aggregate.hosts.join(", ")}: hosts are moved or removed first`;
        throw new FleetError("CLOUD_REFUSED", message, { id });
      });
      if (empty.gone) return;
      await openstack(call, "compute", { method: "DELETE", path: `/os-aggregates/${id}`, answer: "none", ok: [404] });
    },
  };
}

/** One that an earlier attempt of ours made has no mark yet, and no hosts. */
function checkTaking(there: Aggregate, { name, mark, adopt }: Inputs, tried: boolean): void {
  const other = markOfAggregate(there);
  if (other === mark || adopt === String(there.id) || (other === undefined && tried && there.hosts.length === 0))
    return;
  const whose = other === undefined ? "without a mark" : `with the mark ${other}`;
  const message = `there is an aggregate ${name} ${whose} already; \`adopt: ${there.id}\` in its file takes it over`;
  throw new FleetError("CLOUD_REFUSED", message, { aggregate: name });
}

async function postAggregate({ name, availabilityZone }: Inputs, call: Call): Promise<Aggregate> {
  const path = "/os-aggregates";
  const zone = availabilityZone === undefined ? {} : { availability_zone: availabilityZone };
  const { status, body } = await openstack<{ aggregate?: object } | null>(call, "compute", {
    method: "POST",
    path,
    json: { aggregate: { name, ...zone } },
    // The same name twice is refused.
    idempotent: true,
    ok: [409],
  });
  // The new one is shown without hosts and metadata.
  const made = { hosts: [], metadata: {}, ...body?.aggregate };
  if (status < 300 && isAggregate(made)) return made;
  const there = (await listAggregates(call)).find((candidate) => candidate.name === name);
  if (there && markOfAggregate(there) === undefined) return there;
  throw invalidAnswer(call, "POST", path, "it does not show the new aggregate");
}

/** Name, zone, and the metadata that is ours; what others wrote there stays. `before` are the tags that were ours. */
async function configure(aggregate: Aggregate, wanted: Inputs, before: readonly string[], call: Call): Promise<void> {
  const path = `/os-aggregates/${aggregate.id}`;
  const zone = wanted.availabilityZone;
  const renamed = aggregate.name === wanted.name ? {} : { name: wanted.name };
  const moved = zone === undefined || zone === aggregate.availability_zone ? {} : { availability_zone: zone };
  if (Object.keys({ ...renamed, ...moved }).length > 0) {
    await openstack(call, "compute", { method: "PUT", path, json: { aggregate: { ...renamed, ...moved } } });
  }
  const unset = Object.fromEntries(Object.keys(metadataOf(before)).map((key) => [key, null]));
  const ours: Record<string, string | null> = { ...unset, ...metadataOf([...wanted.metadata, wanted.mark]) };
  const differing = Object.entries(ours).filter(([key, value]) => (aggregate.metadata[key] ?? null) !== value);
  if (differing.length === 0) return;
  await openstack(call, "compute", {
    method: "POST",
    path: `${path}/action`,
    json: { set_metadata: { metadata: Object.fromEntries(differing) } },
    idempotent: true,
  });
}

const textsIn = (value: PropertyValue | undefined): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
