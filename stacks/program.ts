import type { Cloud, Declarations, ServerContext } from "../resources/cloud.ts";
import { idIfMade } from "../resources/declaring.ts";
import { Power } from "../resources/plugin/power-resource.ts";
import type { StackObject } from "../resources/spec.ts";
import { powerName } from "./names.ts";
import { quietSdk } from "./quiet-sdk.ts";

quietSdk();

/** One object as a run declares it: the compiled document and what the controller remembers of it. */
export interface DeclaredObject {
  spec: StackObject;
  /** Resource name of the group in the stack; constant over renames. */
  identity: string;
  mark: string;
  /** Never lower than recorded, so that lowering the counter in a file does nothing. */
  rebuild: number;
  restarts: { reboot: number; reset: number };
  /** Resolved from its reference; only machines that are made now get it. */
  userData?: string;
  /** Leaves the Power out; only for previews of machines that are not there yet. */
  withoutPower?: true;
}

export interface ProgramInput {
  /** What only the account's cloud has, from its file. */
  accountOptions: Readonly<Record<string, unknown>>;
  objects: DeclaredObject[];
  /** Ids of the account's firewalls by name (`NAME@REGION` where they exist per region), literal: nothing in one group depends on another. */
  firewallIds: Readonly<Record<string, string>>;
  /** The same of its keys. */
  keyIds: Readonly<Record<string, string>>;
  /** The same of its ports. */
  portIds: Readonly<Record<string, string>>;
  /** The same of servers that snapshots are taken of. */
  serverIds: Readonly<Record<string, string>>;
}

/**
 * The Pulumi program of one stack: compiled documents in, resources out. It reads no git, no HTTP and no clock, so the controller (inline)
 * and operators (`stacks/index.ts`) run the same one.
 */
export function declareStack(cloud: Cloud, declarations: Declarations, input: ProgramInput): void {
  for (const object of input.objects) {
    const { spec } = object;
    if (spec.kind === "Server") declareServer(cloud, declarations, input, object, spec);
    else {
      const { identity, mark } = object;
      const serverId = spec.kind === "Snapshot" ? idIfMade(input.serverIds, spec.server) : undefined;
      declarations.declareShared(spec, {
        identity,
        mark,
        ...(serverId !== undefined && { serverId }),
        accountOptions: input.accountOptions,
        opts: {},
      });
    }
  }
}

function declareServer(
  cloud: Cloud,
  declarations: Declarations,
  input: ProgramInput,
  object: DeclaredObject,
  spec: Extract<StackObject, { kind: "Server" }>,
): void {
  const context: ServerContext = {
    identity: object.identity,
    mark: object.mark,
    rebuild: object.rebuild,
    firewallIds: idsFor(spec.firewalls, spec.region, input.firewallIds),
    keyIds: idsFor(
      spec.createOnly.keys.map(({ name }) => name),
      spec.region,
      input.keyIds,
    ),
    portIds: idsFor(spec.ports ?? [], spec.region, input.portIds),
    accountOptions: input.accountOptions,
    opts: {},
    ...(object.userData === undefined ? {} : { userData: object.userData }),
  };
  const { id } = declarations.declareServer(spec, context);
  if (object.withoutPower) return;
  const { size, vcpus, memoryMiB, diskGiB } = cloud.expect(spec, object.mark);
  new Power(powerName(object.identity), {
    server: id,
    state: spec.power,
    ...(spec.stop === "forced" && { forced: true }),
    reboot: object.restarts.reboot,
    reset: object.restarts.reset,
    // A resize may leave the machine off: a changed size makes Power look again.
    ensure: [size, vcpus, memoryMiB, diskGiB].join("/"),
  });
}

/** By the names that a server's file has; of what exists per region, those of its own. */
function idsFor(
  names: readonly string[],
  region: string,
  ids: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const found = names.map((name) => [name, ids[name] ?? ids[`${name}@${region}`]] as const);
  return Object.fromEntries(found.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}
