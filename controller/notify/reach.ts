import { type LookupAddress, lookup as resolve } from "node:dns";
import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { FleetError } from "../../resources/errors.ts";

/** Names hosts of private networks that webhooks may go to: `hooks.internal,10.0.0.5:8443`. */
export const PRIVATE_SETTING = "FLEETWRIGHT_PRIVATE_WEBHOOKS";

/** What is not a host of the public internet: whoever writes the fleet's files must not make the controller ask the machines around it. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const)
  PRIVATE.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of [
  ["::", 127],
  ["64:ff9b::", 96],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const)
  PRIVATE.addSubnet(network, prefix, "ipv6");

export const isPrivate = (address: string): boolean => PRIVATE.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");

export interface Post {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  timeoutMs: number;
  /** Value of `PRIVATE_SETTING`. */
  allowed: string | undefined;
}

/**
 * Posts, follows nothing, and answers the status. The address that was checked is the one that is connected to, so a name that changes in between
 * leads nowhere else.
 * @throws {FleetError} NOTIFY_FAILED when it cannot be reached, or is in a private network and no operator has allowed it.
 */
export async function post({ url, headers, body, timeoutMs, allowed }: Post): Promise<number> {
  const target = new URL(url);
  const isAllowed = [target.hostname, target.host].some((name) =>
    (allowed ?? "").split(",").some((one) => one.trim() === name),
  );
  const literal = target.hostname.replace(/^\[|\]$/g, "");
  if (!isAllowed && isIP(literal) !== 0 && isPrivate(literal)) throw unreachable(target, literal);
  const lookup = isAllowed ? undefined : publicOnly(target);
  const request = target.protocol === "https:" ? secureRequest : plainRequest;
  return await new Promise((answered, failed) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const sent = request(
      target,
      { method: "POST", headers, signal, agent: false, ...(lookup && { lookup }) },
      (response) => {
        // What it says is nobody's business here.
        response.destroy();
        answered(response.statusCode!);
      },
    );
    sent.once("error", (error: NodeJS.ErrnoException) => {
      if (error instanceof FleetError) return failed(error);
      const why = signal.aborted ? `no answer within ${timeoutMs / 1000} s` : (error.code ?? error.message);
      failed(new FleetError("NOTIFY_FAILED", why, {}, { cause: error }));
    });
    sent.end(body);
  });
}

/** Resolves names, and lets no address of a private network through. */
function publicOnly(target: URL): LookupFunction {
  return (hostname, options, answer) => {
    resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return answer(error, "");
      const hidden = addresses.find(({ address }) => isPrivate(address));
      if (hidden !== undefined) return answer(unreachable(target, hidden.address) as NodeJS.ErrnoException, "");
      if (options.all) return answer(null, addresses);
      const [first] = addresses;
      answer(null, first!.address, first!.family);
    });
  };
}

function unreachable({ hostname, host }: URL, address: string): FleetError & { code: string } {
  const what = hostname.includes(address) ? hostname : `${hostname} (${address})`;
  return new FleetError(
    "NOTIFY_FAILED",
    `${what} is in a private network; an operator allows it by ${PRIVATE_SETTING}=${host}`,
    { host },
  );
}
