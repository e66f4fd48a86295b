import { Refusal } from "../../dialect/refusal.ts";
import { record, text } from "../../fleet/shapes.ts";
import { type VpsRoute, vpsRoute } from "../route.ts";
import { ACTION_BODY, type ActionBody, actOnInstance } from "./action.ts";
import { CREATE_BODY, type CreateBody } from "./body.ts";
import { createInstance } from "./create.ts";
import { failedCreate, ownInstance, ownInstances } from "./find.ts";
import { INSTANCE, INSTANCES, NEW_INSTANCE, presented, presentedFailed } from "./instance.ts";
import { observe, observeAll } from "./observe.ts";

const done = { const: true };

/** Machines, each for its owner. */
export const instanceRoutes: readonly VpsRoute[] = [
  vpsRoute({
    id: "listInstances",
    method: "get",
    path: "/api/vps",
    tag: "instances",
    documented: false,
    admin: false,
    summary: "List own instances",
    answer: { status: 200, description: "All of them, by name.", schema: record({ instances: INSTANCES }) },
    run: async (api, { principal, signal }) => {
      const own = await ownInstances(api, principal);
      const seen = await observeAll(api, own, signal);
      return { body: { instances: await Promise.all(own.map((one, index) => presented(api, one, seen[index]))) } };
    },
  }),
  vpsRoute<CreateBody>({
    id: "createInstance",
    method: "post",
    path: "/api/vps",
    tag: "instances",
    documented: true,
    admin: false,
    summary: "Create an instance",
    description:
      "Answers once the provider has answered, or after 20 s. The same request from the same caller joins one whose answer was lost.",
    body: CREATE_BODY,
    answer: {
      status: 201,
      description: "It is being made.",
      schema: record({ success: done, instance: NEW_INSTANCE }),
    },
    run: createInstance,
  }),
  vpsRoute({
    id: "getInstance",
    method: "get",
    path: "/api/vps/{id}",
    tag: "instances",
    documented: true,
    admin: false,
    summary: "Get an instance",
    description: "As the provider has it, seen at most five seconds ago.",
    answer: { status: 200, description: "The instance.", schema: record({ instance: INSTANCE }) },
    run: async (api, { principal, id, signal }) => {
      try {
        const found = await ownInstance(api, principal, id);
        return { body: { instance: await presented(api, found, await observe(api, found, signal)) } };
      } catch (error) {
        const isMissing = error instanceof Refusal && error.kind === "not-found";
        const failed = isMissing ? await failedCreate(api, principal, id) : undefined;
        if (failed === undefined) throw error;
        return { body: { instance: await presentedFailed(api, id, failed) } };
      }
    },
  }),
  vpsRoute<ActionBody>({
    id: "actOnInstance",
    method: "post",
    path: "/api/vps/{id}/action",
    tag: "instances",
    documented: true,
    admin: false,
    summary: "Act on an instance",
    description: "Answers once nothing refuses it any more; what it becomes, the instance tells.",
    body: ACTION_BODY,
    answer: { status: 200, description: "It is under way.", schema: record({ success: done, message: text }) },
    run: actOnInstance,
  }),
];
