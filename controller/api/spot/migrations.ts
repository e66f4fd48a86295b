import { Refusal } from "../dialect/refusal.ts";
import { commandsOfMove, executeMove } from "./moves.ts";
import { type Move, placeOf, validationOf } from "./place.ts";
import { recommend } from "./recommend.ts";
import { bodyOf, FLAG, listOf, NAME, objectOf, type SpotRoute, spotRoute, TEXT } from "./route.ts";

interface MoveBody {
  host: string;
  source_aggregate: string;
  target_aggregate: string;
}

const BODY = bodyOf({ host: NAME, source_aggregate: NAME, target_aggregate: NAME });

const moveOf = ({ host, source_aggregate: source, target_aggregate: target }: MoveBody): Move => ({
  host,
  source,
  target,
});

/** Moving hosts between aggregates. */
export const migrationRoutes: readonly SpotRoute[] = [
  spotRoute<unknown, MoveBody>({
    id: "preview-migration",
    method: "post",
    path: "/api/preview-migration",
    summary: "The commands that would move a host; nothing is changed",
    body: BODY,
    data: objectOf({
      commands: listOf(TEXT),
      validation: objectOf({ source_exists: FLAG, target_exists: FLAG, host_in_source: FLAG }),
    }),
    run: async (api, { body, signal }) => {
      const move = moveOf(body);
      const place = await placeOf(api, move, signal);
      if (place?.isHost !== true) throw new Refusal("not-found", `there is no host ${move.host}`, { field: "host" });
      return { data: { commands: commandsOfMove(move), validation: validationOf(place, move) } };
    },
  }),
  spotRoute<unknown, MoveBody>({
    id: "execute-migration",
    method: "post",
    path: "/api/execute-migration",
    summary: "Moves a host",
    description:
      "By a change of the fleet's files, which takes over aggregates that they do not have. Waits two minutes for its end; after that it is 500, `details.change` names what goes on, and the same request again joins it.",
    body: BODY,
    data: objectOf({
      host: TEXT,
      source_aggregate: TEXT,
      target_aggregate: TEXT,
      commands_executed: listOf(TEXT),
      execution_time: { type: "string", pattern: "^\\d+\\.\\ds$" },
    }),
    run: async (api, { body, by, signal }) => {
      const { host, source_aggregate, target_aggregate } = body;
      const { commands, took, change } = await executeMove(api, moveOf(body), by, signal);
      return {
        data: { host, source_aggregate, target_aggregate, commands_executed: commands, execution_time: took },
        ...(change !== undefined && { change }),
      };
    },
  }),
  spotRoute<unknown, { hostname: string; gpu_type: string }>({
    id: "get-target-aggregate",
    method: "post",
    path: "/api/get-target-aggregate",
    summary: "Where a host should stand, and why",
    body: bodyOf({ hostname: NAME, gpu_type: NAME }),
    data: objectOf({ hostname: TEXT, recommended_aggregate: TEXT, reasoning: TEXT }),
    run: async (api, { body, signal }) => ({
      data: { hostname: body.hostname, ...(await recommend(api, body, signal)) },
    }),
  }),
];
