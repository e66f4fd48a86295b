import { FleetError } from "../../resources/errors.ts";
import type { ServerSpec } from "../../resources/spec.ts";
import type { DeclaredObject, ProgramInput } from "../../stacks/program.ts";
import { type Controller, cloudOf } from "./context.ts";
import { withCounters } from "./counters.ts";
import { secretsToSend } from "./secrets-to-send.ts";
import type { RunKind, StackTask } from "./stack-run.ts";
import { isServer, type Work } from "./types.ts";

/** Effects that make a machine, and so need its user data. */
const MAKING = new Set(["create", "adopt", "replace"]);

/** What the program of a run declares; servers in `powerless` without their Power. */
export async function programInput(
  controller: Controller,
  task: StackTask,
  kind: RunKind,
  powerless: ReadonlySet<Work> = new Set(),
): Promise<ProgramInput> {
  return {
    objects: task.declare.map((work) => ({
      ...declared(controller, work, kind),
      ...(powerless.has(work) ? { withoutPower: true as const } : {}),
    })),
    firewallIds: await idsOf(controller, task, "Firewall"),
    keyIds: await idsOf(controller, task, "SshKey"),
    portIds: await idsOf(controller, task, "Port"),
    serverIds: await serverIdsOf(controller, task),
    accountOptions: task.account.spec.options,
  };
}

/** Why single objects of a task cannot be declared in an `up`. The others go on without them. */
export async function notReady(controller: Controller, task: StackTask): Promise<Map<Work, string>> {
  const reasons = new Map<Work, string>();
  const cloud = cloudOf(controller, task.account.spec.provider);
  const { firewallScope, keysById } = cloud.capabilities;
  const firewalls = firewallScope === "server" ? undefined : await idsOf(controller, task, "Firewall");
  const keys = keysById ? await idsOf(controller, task, "SshKey") : undefined;
  const ports = await idsOf(controller, task, "Port");
  const servers = await serverIdsOf(controller, task);
  for (const work of task.declare) {
    if (work.desired?.kind === "Snapshot") {
      const { server } = work.desired;
      if (MAKING.has(work.effect.op) && servers[server] === undefined)
        reasons.set(work, `it waits for the server ${server}, which is not there`);
    }
    if (work.desired === undefined || !isServer(work.desired)) continue;
    const { region, createOnly } = work.desired;
    const lacks = (ids: Record<string, string> | undefined) => (name: string) =>
      ids !== undefined && ids[name] === undefined && ids[`${name}@${region}`] === undefined;
    const missing = work.desired.firewalls.filter(lacks(firewalls));
    const unknown = MAKING.has(work.effect.op) ? createOnly.keys.map(({ name }) => name).filter(lacks(keys)) : [];
    const unplugged = (work.desired.ports ?? []).filter(lacks(ports));
    const [problem] = cloud.problems?.(work.desired) ?? [];
    if (missing.length > 0)
      reasons.set(work, `it waits for the firewall ${missing.join(", ")}, which is not there yet`);
    else if (unknown.length > 0)
      reasons.set(work, `it waits for the key ${unknown.join(", ")}, which is not there yet`);
    else if (unplugged.length > 0)
      reasons.set(work, `it waits for the port ${unplugged.join(", ")}, which is not there yet`);
    else if (problem !== undefined) reasons.set(work, `${problem.path}: ${problem.message}`);
    else {
      try {
        readUserData(controller, work, work.desired, "up");
        await secretsToSend(controller, [work]);
      } catch (error) {
        if (!(error instanceof FleetError)) throw error;
        reasons.set(work, error.message);
      }
    }
  }
  return reasons;
}

function declared(controller: Controller, work: Work, kind: RunKind): DeclaredObject {
  const spec = work.desired!;
  const object: DeclaredObject = {
    spec,
    identity: work.identity,
    mark: work.mark,
    rebuild: 0,
    restarts: { reboot: 0, reset: 0 },
  };
  if (!isServer(spec)) return object;
  const { rebuild, restarts } = withCounters(spec, work.applied?.document);
  Object.assign(object, { rebuild, restarts });
  const userData = readUserData(controller, work, spec, kind);
  if (userData !== undefined) object.userData = userData;
  return object;
}

/** Only a machine that is made now needs its user data; for others a missing variable is no matter. */
function readUserData(controller: Controller, work: Work, spec: ServerSpec, kind: RunKind): string | undefined {
  const { userData } = spec.createOnly;
  if (userData === undefined) return undefined;
  if ("text" in userData) return userData.text;
  const value = controller.environment[userData.env];
  if (value === undefined && kind === "up" && MAKING.has(work.effect.op)) {
    throw new FleetError(
      "CREDENTIAL_MISSING",
      `${spec.name} takes its user data from ${userData.env}, which is not set`,
      { server: spec.name, variable: userData.env },
    );
  }
  return value;
}

/** Names of what a server uses of its account, by kind. */
const USES = {
  Firewall: ({ firewalls }: ServerSpec) => firewalls,
  SshKey: ({ createOnly }: ServerSpec) => createOnly.keys.map(({ name }) => name),
  Port: ({ ports = [] }: ServerSpec) => ports,
} as const;

/** Ids of the account's firewalls, keys or ports by name, as far as servers of this task use some. */
async function idsOf(
  controller: Controller,
  task: StackTask,
  kind: keyof typeof USES,
): Promise<Record<string, string>> {
  const uses = USES[kind];
  if (!task.declare.some(({ desired }) => desired !== undefined && isServer(desired) && uses(desired).length > 0))
    return {};
  const objects = await controller.store.objects({ account: task.account.identity, kind });
  return Object.fromEntries(objects.flatMap(({ name, cloudId }) => (cloudId === undefined ? [] : [[name, cloudId]])));
}

/** Ids of the servers, by name, that snapshots of this task are of; of those that have gone there is none. */
async function serverIdsOf(controller: Controller, task: StackTask): Promise<Record<string, string>> {
  const names = task.declare.flatMap(({ desired }) => (desired?.kind === "Snapshot" ? [desired.server] : []));
  if (names.length === 0) return {};
  const records = await controller.store.objects({ account: task.account.identity, kind: "Server", names });
  return Object.fromEntries(records.flatMap(({ name, cloudId }) => (cloudId === undefined ? [] : [[name, cloudId]])));
}
