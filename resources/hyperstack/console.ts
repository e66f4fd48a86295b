import { type ConsoleReader, isWebAddress } from "../insight.ts";
import { poll } from "../poll.ts";
import { hyperstack, invalidAnswer } from "./http.ts";
import { existing, MACHINES } from "./machines.ts";

/**
 * Asked for first, and there some seconds later under the number of that job.
 * @see https://docs.hyperstack.cloud/docs/api-reference/core-resources/virtual-machines/vnc-console/retrieve-vnc-url
 */
export const console: ConsoleReader = {
  async open(id, call) {
    const machine = `${MACHINES}/${(await existing(id, call)).id}`;
    const path = `${machine}/request-console`;
    const { body } = await hyperstack<{ url?: unknown } | null>(call, { method: "GET", path });
    // Only the number of it is used: the credential goes to no other address.
    const job = /\/console\/(\d+)\/?$/.exec(String(body?.url))?.[1];
    if (job === undefined) throw invalidAnswer(call, "GET", path, "it names no job");
    return await poll(call, `the console of machine ${id}`, async () => {
      const asked = { method: "GET", path: `${machine}/console/${job}`, ok: [404] } as const;
      const { body: found } = await hyperstack<{ vnc_url?: { vnc_url?: unknown } | null } | null>(call, asked);
      const url = found?.vnc_url?.vnc_url;
      if (url === undefined || url === null || url === "") return undefined;
      if (!isWebAddress(url)) throw invalidAnswer(call, "GET", asked.path, "it names no address");
      return { url };
    });
  },
};
