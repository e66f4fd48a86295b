import { clearLog, readLog } from "./commands.ts";
import { listOf, objectOf, type SpotRoute, spotRoute, TEXT } from "./route.ts";

/** The commands that changes have executed. */
export const logRoutes: readonly SpotRoute[] = [
  spotRoute({
    id: "command-log",
    method: "get",
    path: "/api/command-log",
    summary: "Commands that were executed since the log was cleared",
    data: listOf(
      objectOf({
        timestamp: TEXT,
        command: TEXT,
        status: { enum: ["success", "error"] },
        execution_time: TEXT,
        user: TEXT,
      }),
    ),
    run: async (api) => ({ data: await readLog(api) }),
  }),
  spotRoute({
    id: "clear-log",
    method: "post",
    path: "/api/clear-log",
    alters: true,
    summary: "Takes what was executed so far out of the log; the history stays",
    run: async (api) => {
      await clearLog(api);
      return { message: "Command log cleared successfully" };
    },
  }),
];
