import autocannon from "autocannon";
import { serverName } from "../fleet.ts";
import type { Served } from "./server.ts";

export interface Written {
  /** Ids of the changes that were answered, by their titles. */
  opened: Map<string, string>;
  /** Requests that were answered otherwise, or not at all. */
  failed: number;
}

/** Each writer opens one change after the other, of a server that nobody else changes. */
export async function write(
  { url, writers }: Served,
  { servers, seconds }: { servers: number; seconds: number },
): Promise<Written> {
  const opened = new Map<string, string>();
  let failed = 0;
  const each = Math.floor(servers / writers.length);
  const runs = writers.map(async (key, writer) => {
    let asked = 0;
    const run = autocannon({
      url,
      connections: 1,
      duration: seconds,
      timeout: 60,
      requests: [
        {
          method: "POST",
          path: "/fleet/v1/changes",
          setupRequest: (request, context) => {
            const title = titleOf(writer, asked);
            const server = serverName(writer * each + (asked % each));
            asked += 1;
            Object.assign(context, { title });
            const patch = { labels: { load: String(asked) } };
            return {
              ...request,
              headers: {
                "x-api-key": key,
                "content-type": "application/json",
                "idempotency-key": `${title} of bench`.replaceAll(" ", "-"),
              },
              body: JSON.stringify({ title, patch: [{ kind: "Server", name: server, patch }] }),
            };
          },
          onResponse: (status, body, context) => {
            const { title } = context as { title: string };
            if (status === 200 || status === 202) opened.set(title, (JSON.parse(body) as { id: string }).id);
            else failed += 1;
          },
        },
      ],
    });
    const { errors, timeouts } = await run;
    failed += errors + timeouts;
  });
  await Promise.all(runs);
  return { opened, failed };
}

const titleOf = (writer: number, change: number): string => `Change ${change} of writer ${writer}`;

/** Changes that were answered and are not there under their id, and those that are there twice. */
export async function lostOf(
  { url, reader }: Served,
  opened: ReadonlyMap<string, string>,
): Promise<{ lost: number; twice: number }> {
  const found = new Map<string, string[]>();
  let cursor = "";
  do {
    const response = await fetch(`${url}/fleet/v1/changes?limit=500${cursor}`, { headers: { "x-api-key": reader } });
    if (!response.ok) throw new Error(`the list of changes: ${response.status} ${await response.text()}`);
    const { items, next } = (await response.json()) as { items: { id: string; title: string }[]; next?: string };
    for (const { id, title } of items) found.set(title, [...(found.get(title) ?? []), id]);
    cursor = next === undefined ? "" : `&cursor=${next}`;
  } while (cursor !== "");
  const lost = [...opened].filter(([title, id]) => found.get(title)?.includes(id) !== true).length;
  return { lost, twice: [...found.values()].filter((ids) => ids.length > 1).length };
}
