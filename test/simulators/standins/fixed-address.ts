import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { standInFor } from "../../../controller/gateway/fixed-host.ts";

/** A simulator under the address that a plugin has built in. */
export interface FixedAddress {
  /** What the plugin is started with besides its token. */
  environment: Record<string, string>;
  close(): Promise<void>;
}

/** Answers as `host` what the simulator at `url` answers, with nothing in between: cut connections are cut here, too. */
export async function fixedAddress(host: string, url: string): Promise<FixedAddress> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const standing = await standInFor({
    server,
    url: `http://127.0.0.1:${port}`,
    host,
    token: "test",
    isToken: (given) => given === "test",
    handle: (incoming, response) => passOn(url, incoming, response),
  });
  return {
    environment: standing.environment,
    close: async () => {
      await standing.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function passOn(url: string, incoming: IncomingMessage, response: ServerResponse): void {
  const cut = () => response.destroy();
  const { method, headers } = incoming;
  const outgoing = request(new URL(incoming.url ?? "/", url), { method, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.once("error", cut);
    answer.pipe(response);
  });
  outgoing.once("error", cut);
  incoming.pipe(outgoing);
}
