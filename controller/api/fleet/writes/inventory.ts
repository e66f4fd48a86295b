import { adoptMachines } from "../../../changes/adopt.ts";
import { concerns } from "../../../people/principal.ts";
import { ApiError, missing } from "../problems.ts";
import { type Route, route } from "../route.ts";
import { anything, listOf, NAME, record, ref, text } from "../shapes.ts";
import { BEGUN, openOf } from "./open-change.ts";

interface Adopt {
  account: string;
  ids: string[];
  executes?: boolean;
}

const MACHINES = listOf(
  record({
    id: text,
    name: text,
    path: text,
    text: { ...text, description: "The file that would take it over." },
    "plan?": text,
    differs: listOf(record({ path: text, "desired?": anything, "actual?": anything })),
  }),
);

/** Machines that others have made, taken over by files that name their ids. */
export const inventoryWrites: readonly Route[] = [
  route<unknown, Adopt>({
    id: "adoptMachines",
    method: "post",
    path: "/fleet/v1/inventory/adopt",
    tag: "inventory",
    role: "operator",
    summary: "Open a change that takes machines over",
    description:
      "Orphans and foreign ones that a pass has seen, by their ids; each is read once more. `dryRun` answers the files that it would add, and what they would do.",
    body: record({
      account: NAME,
      ids: { ...listOf(NAME), minItems: 1, maxItems: 200, uniqueItems: true },
      "executes?": { type: "boolean", description: "Executed as soon as it is approved." },
    }),
    answers: {
      ...BEGUN,
      200: {
        description:
          "With `dryRun`: the files, and what they would do. Otherwise the change, of which nothing is under way.",
        schema: { oneOf: [ref("Change"), record({ proposals: MACHINES, preview: ref("ChangePreview") })] },
      },
    },
    run: async (api, call) => {
      const { principal, body, signal } = call;
      const { desired } = await api.view();
      // Machines that belong to no owner are for those who are about every owner.
      if (!desired.accounts.has(body.account) || !concerns(principal, { account: body.account }))
        return missing(`account ${body.account}`);
      const { proposals, refused, opening } = await adoptMachines(api.controller, desired, body, signal);
      if (opening === undefined || refused.length > 0) {
        const errors = refused.map(({ id, name, reason }) => ({
          detail: `${name}: ${reason}`,
          pointer: `#/ids/${body.ids.indexOf(id)}`,
        }));
        throw new ApiError("FLEET_INVALID", errors.map(({ detail }) => detail).join("\n"), { errors });
      }
      const answer = await openOf(api, call, opening, { executes: body.executes ?? false });
      if (!call.mutation!.dryRun) return answer;
      const shown = proposals.map(({ item, ...rest }) => ({ id: item.id, ...rest }));
      return { ...answer, body: { proposals: shown, preview: answer.body } };
    },
  }),
];
