import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import type { Journal } from "../journal.ts";
import { hostKey } from "../mark.ts";

import { diffInputs } from "../plugin/diff.ts";
import type { ResourceHandler } from "../plugin/handler.ts";
import { checkFields } from "../plugin/inputs.ts";
import { poll } from "../poll.ts";
import { changeHosts, listAggregates, markOfAggregate } from "./aggregates.ts";
import type { Aggregate } from "./answers.ts";
import type { HandlerOptions } from "./plugin.ts";
import { HOST_FIELDS, typed } from "./plugin-fields.ts";
import { AGGREGATE_HOST } from "./resource.ts";

const NEW_AGGREGATE_MS = 15_000;

interface Place {
  host: string;
  aggregate: string;
  takenFrom?: string;
}

/**
 * `fleetwright:openstack:AggregateHost`: one host in one aggregate of the fleet. A move takes it out of the old one, then puts it into the new one. Nova
 * cannot do both at once, so there is a moment in neither; state keeps the old place until the move is done, and each step looks at what is there,
 * so whoever runs it again finishes it forward.
 */
export function aggregateHostHandler(options: Pick<HandlerOptions, "call" | "journal">): ResourceHandler {
  return {
    type: AGGREGATE_HOST,

    check: async (inputs) => checkFields(inputs, HOST_FIELDS),

    async diff(_id, old, news) {
      const { changes } = diffInputs(old.inputs, news, { replaceOn: ["host"] });
      // Where it once came from.
      delete changes.takenFrom;
      return { changes, deleteBeforeReplace: true };
    },

    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: inputs };
      const { host, aggregate, takenFrom } = typed<Place>(inputs, HOST_FIELDS);
      const call = options.call(context.signal);
      await explained(host, call, options.journal, async () => {
        const { all, target } = await withTarget(call, aggregate);
        const holding = all.filter((candidate) => candidate.id !== target.id && candidate.hosts.includes(host));
        const other = holding.find((candidate) => candidate.name !== takenFrom && isOurs(candidate));
        if (other) {
          const message = `host ${host} is in aggregate ${other.name} of the fleet: one host serves one class, so it is moved from there or removed first`;
          throw new FleetError("CLOUD_REFUSED", message, { host, aggregate: other.name });
        }
        const leaving = holding.filter(({ name }) => name === takenFrom);
        const home = all.find(({ name }) => name === takenFrom);
        await move(host, { leaving, target, home }, { call, log: context.log });
      });
      return { id: host, outputs: inputs };
    },

    async read(id, known, context) {
      const holding = (await listAggregates(options.call(context.signal))).filter(({ hosts }) => hosts.includes(id));
      // Where state says, if it is there at all; else wherever in the fleet somebody put it.
      const place = holding.find(({ name }) => name === known.inputs.aggregate) ?? holding.find(isOurs);
      if (!place) return undefined;
      const inputs = { host: id, aggregate: place.name };
      return { id, inputs, outputs: inputs };
    },

    async update(id, old, news, context) {
      if (context.preview) return news;
      const wanted = typed<Place>(news, HOST_FIELDS);
      const call = options.call(context.signal);
      await explained(id, call, options.journal, async () => {
        const { all, target } = await withTarget(call, wanted.aggregate);
        const leaving = all.filter(
          (candidate) =>
            candidate.id !== target.id &&
            candidate.hosts.includes(id) &&
            (candidate.name === old.inputs.aggregate || isOurs(candidate)),
        );
        const home = all.find(({ name }) => name === old.inputs.aggregate);
        await move(id, { leaving, target, home }, { call, log: context.log });
      });
      return news;
    },

    async delete(id, old, context) {
      const call = options.call(context.signal);
      const place = (await listAggregates(call)).find(({ name }) => name === old.inputs.aggregate);
      if (place?.hosts.includes(id)) await changeHosts(call, place, "remove_host", id);
    },
  };
}

const isOurs = (aggregate: Aggregate): boolean => markOfAggregate(aggregate) !== undefined;

/** All aggregates, once there is one of this name: a new one may be made by the same run, beside us. @throws {FleetError} NOT_FOUND */
async function withTarget(call: Call, name: string): Promise<{ all: Aggregate[]; target: Aggregate }> {
  const until = Date.now() + NEW_AGGREGATE_MS;
  return poll(call, `aggregate ${name}`, async () => {
    const all = await listAggregates(call);
    const target = all.find((aggregate) => aggregate.name === name);
    if (target) return { all, target };
    if (Date.now() < until) return undefined;
    throw new FleetError("NOT_FOUND", `there is no aggregate ${name}`, { aggregate: name });
  });
}

/** What the cloud says for good. */
const isFinal = (error: unknown): error is FleetError =>
  error instanceof FleetError && (error.code === "CLOUD_REFUSED" || error.code === "NOT_FOUND");

/** Notes what a move was refused for: whoever waits for it is told, and it is not tried again by itself. */
async function explained(host: string, call: Call, journal: Journal, work: () => Promise<void>): Promise<void> {
  const account = call.account.spec.name;
  const key = hostKey(host);
  await journal.begin({ account, kind: "AggregateHost", key });
  try {
    await work();
  } catch (error) {
    if (isFinal(error)) await journal.explain?.(account, key, { code: error.code, message: error.message });
    throw error;
  } finally {
    await journal.refused(account, key);
  }
}

/**
 * Out of some aggregates, then into one. Where the cloud says for good that it does not take it, it goes back home; cut off in between, it is finished
 * by whoever runs it again.
 */
async function move(
  host: string,
  { leaving, target, home }: { leaving: readonly Aggregate[]; target: Aggregate; home: Aggregate | undefined },
  { call, log }: { call: Call; log(text: string): void },
): Promise<void> {
  for (const aggregate of leaving) {
    log(`remove host ${host} from ${aggregate.name}`);
    await changeHosts(call, aggregate, "remove_host", host);
  }
  log(`add host ${host} to ${target.name}`);
  try {
    await add(host, target, call);
  } catch (error) {
    if (isFinal(error) && home !== undefined && home.id !== target.id) {
      log(`add host ${host} back to ${home.name}`);
      await changeHosts(call, home, "add_host", host);
    }
    throw error;
  }
}

async function add(host: string, aggregate: Aggregate, call: Call): Promise<void> {
  if (!aggregate.hosts.includes(host)) await changeHosts(call, aggregate, "add_host", host);
}
