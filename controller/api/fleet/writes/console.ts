import { openConsole } from "../insight.ts";
import { serverFor } from "../reads/metrics.ts";
import { type Route, route } from "../route.ts";
import { instant, nameIn, record, text } from "../shapes.ts";

/** The way to the screens of machines. */
export const consoleRoutes: readonly Route[] = [
  route<{ name: string }>({
    id: "openServerConsole",
    method: "post",
    path: "/fleet/v1/servers/{name}/console",
    tag: "servers",
    role: "operator",
    once: true,
    summary: "Open the console of one server",
    description:
      "Either the address of its screen, good for a short time and for whoever has it, or what it has written there. It is in this answer and in no other, also not when the request is sent again; it is neither logged nor stored. 422 with CLOUD_UNSUPPORTED where the cloud has no console.",
    parameters: [nameIn("name", "The server's name.")],
    answers: {
      200: {
        description: "The console; with `dryRun`, and sent again, only whose it is.",
        schema: record({
          server: text,
          "url?": { ...text, description: "Opened by a browser." },
          "text?": { ...text, description: "What the machine has written, its end last." },
          "at?": { ...instant, description: "When the text was taken, where the cloud tells it." },
        }),
      },
    },
    run: async (api, { principal, parameters, mutation, signal }) => {
      const view = await api.view();
      const server = serverFor(view, principal, parameters.name);
      const kept = { server: server.name };
      if (mutation!.dryRun) return { body: kept };
      const looking = { controller: api.controller, view, records: await api.records() };
      return { body: { ...kept, ...(await openConsole(looking, server, signal)) }, kept };
    },
  }),
];
