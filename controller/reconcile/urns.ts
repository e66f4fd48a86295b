import type { ResourceName } from "../../resources/cloud.ts";
import type { StackObject } from "../../resources/spec.ts";
import { POWER_TYPE, powerName } from "../../stacks/names.ts";
import type { Engine } from "../engine/engine.ts";
import { type Controller, cloudOf } from "./context.ts";
import type { StackTask } from "./stack-run.ts";
import { isServer, type Work } from "./types.ts";

/** URNs of the groups of one task. The first of a group is the machine, or the shared object itself. */
export interface Groups {
  /** All URNs a group has or had. */
  all: ReadonlyMap<Work, string[]>;
  /** Those that the program of this run declares. */
  wanted: ReadonlyMap<Work, string[]>;
}

export function groupsOf(controller: Controller, engine: Pick<Engine, "urn">, task: StackTask): Groups {
  const cloud = cloudOf(controller, task.account.spec.provider);
  const of = (document: StackObject | undefined, identity: string): string[] =>
    document === undefined
      ? []
      : resourceNames(cloud, document, identity).map(({ type, name }) => engine.urn(task.stack, type, name));
  const works = [...task.declare, ...task.remove];
  return {
    all: new Map(
      works.map((work) => [
        work,
        [...new Set([...of(work.desired, work.identity), ...of(work.applied?.document, work.identity)])],
      ]),
    ),
    wanted: new Map(works.map((work) => [work, of(work.desired, work.identity)])),
  };
}

/**
 * Servers of a preview whose Power need not be declared: none of the group is there yet, and a Power can only be told to be made after its
 * machine. That halves what the engine has to look at when many servers are new.
 */
export function untoldPowers({ declare }: StackTask, { all }: Groups, known: ReadonlySet<string>): Set<Work> {
  return new Set(
    declare.filter(
      (work) =>
        work.effect.op === "create" && work.applied === undefined && !all.get(work)?.some((urn) => known.has(urn)),
    ),
  );
}

/** The groups without the Powers of these servers. */
export function withoutPowers(groups: Groups, servers: ReadonlySet<Work>): Groups {
  const isPower = (urn: string) => urn.includes(`::${POWER_TYPE}::`);
  const cut = (urns: ReadonlyMap<Work, string[]>) =>
    new Map([...urns].map(([work, list]) => [work, servers.has(work) ? list.filter((urn) => !isPower(urn)) : list]));
  return { all: cut(groups.all), wanted: cut(groups.wanted) };
}

/** Types and names of all resources of one object, its Power among them. */
export function resourceNames(
  cloud: ReturnType<typeof cloudOf>,
  document: StackObject,
  identity: string,
): ResourceName[] {
  if (isServer(document))
    return [...withParts(cloud.group(document, identity)), { type: POWER_TYPE, name: powerName(identity) }];
  const shared = cloud.shared(document, identity);
  return shared === undefined ? [] : withParts([shared]);
}

const withParts = (names: ResourceName[]): ResourceName[] => names.flatMap((name) => [name, ...(name.parts ?? [])]);
