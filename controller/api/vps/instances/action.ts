import type { ServerSpec } from "../../../../resources/spec.ts";
import type { CallOp } from "../../../changes/call.ts";
import { cloudOf } from "../../../reconcile/context.ts";
import { act, type Composed } from "../../dialect/act.ts";
import { type PowerPatch, saysAlready, switchedTo } from "../../dialect/power.ts";
import { Refusal } from "../../dialect/refusal.ts";
import { usedBy } from "../../dialect/used-by.ts";
import type { VpsApi } from "../api.ts";
import { VpsRefusal } from "../envelope.ts";
import type { Schema, VpsAnswer, VpsCall } from "../route.ts";
import { type Found, ownInstance } from "./find.ts";
import { forgetLooks, observe } from "./observe.ts";
import { ownerOf } from "./owner.ts";

export interface ActionBody {
  action: string;
}

/** What an action that is none is answered with is a code of its own, so any text comes this far. */
export const ACTION_BODY: Schema = {
  type: "object",
  required: ["action"],
  properties: {
    action: {
      type: "string",
      description: "`boot` or `power_on`, `shutdown`, `power_off`, `reboot`, `power_cycle` (DigitalOcean), `delete`.",
    },
  },
};

interface Action {
  op: CallOp;
  /** What the server's file becomes; undefined where it goes. */
  patch?(spec: ServerSpec): Readonly<Record<string, unknown>>;
  /** The same of whether it runs. */
  power?(spec: ServerSpec): PowerPatch;
}

const start: Action = { op: "power", power: ({ stop }) => ({ power: "running", ...(stop && { stop: null }) }) };

const ACTIONS: Readonly<Record<string, Action>> = {
  boot: start,
  power_on: start,
  shutdown: { op: "power", power: ({ stop }) => ({ power: "stopped", ...(stop && { stop: null }) }) },
  power_off: { op: "power", power: () => ({ power: "stopped", stop: "forced" }) },
  reboot: { op: "restart", patch: ({ restarts }) => ({ restarts: { reboot: restarts.reboot + 1 } }) },
  power_cycle: { op: "restart", patch: ({ restarts }) => ({ restarts: { reset: restarts.reset + 1 } }) },
  delete: { op: "delete" },
};

/** Has something done to an instance, and answers once nothing refuses it any more. @throws {Refusal} */
export async function actOnInstance(api: VpsApi, call: VpsCall<ActionBody>): Promise<VpsAnswer> {
  const { principal, id, body, signal } = call;
  const { controller, service, patience } = api;
  const found = await ownInstance(api, principal, id);
  await refuseUnused(api, found);
  const action = actionOf(api, found, body.action);
  const compose = async () => await composed(api, call, action);
  const asked = [`POST /api/vps/${id}/action`, body.action];
  const request = {
    dialect: "vps",
    op: action.op,
    by: principal,
    asked,
    compose,
    until: "passed",
    waitMs: patience.actionMs,
  } as const;
  const acted = await act({ controller, service }, request, signal);
  await acted.answered();
  forgetLooks(api);
  const answer = { body: { success: true, message: `Action ${body.action} initiated successfully` } };
  return acted.change === undefined ? answer : { ...answer, change: acted.change.id };
}

/** @throws {VpsRefusal} not-found: there is no provider any more to do it */
async function refuseUnused(api: VpsApi, { spec }: Found): Promise<void> {
  const account = (await api.view()).desired.accounts.get(spec.account)?.spec;
  if (account !== undefined && !account.retired) return;
  throw new VpsRefusal("not-found", "the instance's provider was deleted", { code: "PROVIDER_NOT_FOUND" });
}

function actionOf({ controller }: VpsApi, { spec, object }: Found, name: string): Action {
  const { title, capabilities } = cloudOf(controller, spec.provider);
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined || (name === "power_cycle" && !capabilities.powerCycle)) {
    const known = Object.keys(ACTIONS).filter((one) => one !== "power_cycle" || capabilities.powerCycle);
    throw new Refusal("action", `${title} has no such action (it has: ${known.join(", ")})`, { field: "action" });
  }
  if (object === undefined && action.op !== "delete") throw new Refusal("conflict", "the instance is being deleted");
  // Its machine would run on, and cost, while its owner believes it gone.
  if (action.op === "delete" && spec.deletionPolicy === "orphan")
    throw new Refusal("conflict", "the instance's machine is kept by its file (`deletionPolicy: orphan`)");
  if (action.op === "restart" && spec.power !== "running")
    throw new Refusal("conflict", `the instance is ${spec.power}: boot it first`);
  return action;
}

/** On what is there when it is composed: counters may have been raised since. */
async function composed(
  api: VpsApi,
  { principal, id, body, signal }: VpsCall<ActionBody>,
  action: Action,
): Promise<Composed> {
  const found = await ownInstance(api, principal, id);
  const { spec } = found;
  const { name } = spec;
  const wanted = async (): Promise<Pick<Composed, "wishes" | "reverts">> => {
    if (found.object === undefined) return {};
    if (action.power !== undefined) return await switched(api, found, action.power(spec), signal);
    const wish = action.patch === undefined ? { delete: true as const } : { patch: action.patch(spec) };
    return { wishes: [{ kind: "Server", name, ...wish }] };
  };
  return {
    title: `${body.action} ${name}`,
    objects: [{ kind: "Server", name }, ...(action.op === "delete" ? usedBy(spec) : [])],
    owner: spec.owner ?? ownerOf(principal),
    ...(await wanted()),
  };
}

/** The cloud is asked only where the file says so already: then a hand may have switched it. */
async function switched(api: VpsApi, found: Found, patch: PowerPatch, signal: AbortSignal) {
  if (!saysAlready(found.spec, patch)) return switchedTo(found.spec, patch, undefined);
  // What was seen some seconds ago may be older than the hand.
  forgetLooks(api);
  return switchedTo(found.spec, patch, (await observe(api, found, signal))?.power);
}
