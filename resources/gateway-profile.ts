import type { Account, Call } from "./cloud.ts";
import type { ServerSecrets } from "./spec.ts";

/** How the loopback gateway stands between an official plugin and its cloud. */
export interface GatewayProfile {
  /**
   * Host of the API where the plugin's address is fixed (`api.vultr.com`): the gateway then answers as that host, over TLS with a certificate that
   * only this run trusts, and the core puts what that takes into the environment (`HTTPS_PROXY`, `SSL_CERT_FILE`).
   */
  readonly host?: string;
  /** The environment that sends the plugin through the gateway. `token` is the run's own, worthless elsewhere. */
  environment(gatewayUrl: string, token: string, account: Account): Record<string, string>;
  /** The run's token in a request of the plugin, as `environment` handed it out; undefined when it has none. */
  tokenOf(headers: Readonly<Record<string, string | undefined>>): string | undefined;
  /** Headers that authenticate a forwarded request with the account's real credentials; they take the place of the plugin's. */
  authorize(account: Account, request: GatewayRequest): Record<string, string>;
  /** Where a request goes instead of the account's endpoint, without a path; undefined for the endpoint. */
  upstream?(account: Account, request: GatewayRequest): string | undefined;
  /** The scopes of `limits` that a request counts towards. */
  scopes(method: string, path: string, request: GatewayRequest): string[];
  /**
   * Recognizes a creating request by method, path (with version, without query) and body: parsed JSON, or the fields of a form; undefined for
   * any other.
   */
  creation(method: string, path: string, body: unknown, request: GatewayRequest): Creation | undefined;
  /**
   * Reads whose failure would make the plugin forget a machine: the gateway repeats them on 429, 5xx and cut connections, and looks again,
   * apart in time, before it passes on that something is gone.
   */
  steady?(method: string, path: string): boolean;
  /**
   * What the plugin reads as "gone", in place of the 404 of a steady read, where it would fail on that: JSON. Asked only in runs that have made nothing, since
   * a plugin that waits for what it has just made would stumble over it. `body` is the cloud's.
   */
  asGone?(path: string, body: string): object | undefined;
  /**
   * The body that goes to the cloud in place of the plugin's, where the plugin cannot say what was declared, or says more; undefined when it is
   * right. `body` as for `creation`, which sees it after this.
   */
  amend?(method: string, path: string, body: unknown): object | undefined;
  /** The body of a server's create with its secrets put in: no plugin, and so no state, has them. Present where `capabilities.secrets` are. */
  withSecrets?(body: Readonly<Record<string, unknown>>, secrets: ServerSecrets): Record<string, unknown>;
  /** The cloud's own word in a failed answer (5xx) that a create has made nothing: none left, too many requests. Then there is nothing to look for. */
  madeNothing?(status: number, body: string): boolean;
  /** An error of the gateway's own as this cloud's API would answer it. Default: JSON that the plugins of most clouds can read. */
  problem?(status: number, code: string, message: string): { contentType: string; body: string };
}

export interface GatewayRequest {
  method: string;
  /** Path with query. */
  target: string;
  headers: Readonly<Record<string, string | string[]>>;
  body: Buffer;
}

/** A request that makes something. `key` tells it from all others: the owner mark, or a natural key where a thing has none. */
export interface Creation {
  kind: "Server" | "Firewall" | "SshKey" | "Attachment" | "Snapshot";
  key: string;
  /** Looks on the cloud for what an earlier, unanswered request has made, and returns it as the answer of that request; `body` is JSON, or a text of `contentType`. */
  find(call: Call): Promise<{ status: number; body: unknown; id: string; contentType?: string } | undefined>;
  /** The id in a successful answer, as `ActualServer` has it: of the parsed JSON, or of the text where it is none. */
  idOf(answer: unknown): string;
}
