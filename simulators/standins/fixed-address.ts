import { readFileSync } from "node:fs";
import { Agent } from "node:https";

/**
 * The connections of a plugin whose address is built in, as a Go program makes them: through the proxy that `HTTPS_PROXY` names (with the name and
 * password in it), trusting the authorities of `SSL_CERT_FILE` in place of the machine's own.
 */
export function fixedAddressAgent(env: Readonly<Record<string, string | undefined>>): Agent {
  const proxy = env.HTTPS_PROXY || env.https_proxy;
  const direct = env.NO_PROXY ?? env.no_proxy;
  const trusted = env.SSL_CERT_FILE;
  return new Agent({
    ...(trusted ? { ca: readFileSync(trusted, "utf8") } : {}),
    ...(proxy ? { proxyEnv: { HTTPS_PROXY: proxy, ...(direct ? { NO_PROXY: direct } : {}) } } : {}),
  });
}
