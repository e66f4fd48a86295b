import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { type Answer, failure, type RequestOptions, request } from "../http.ts";
import { atService, baseOf, type Service } from "./services.ts";
import { forgetSession, type Session, sessionOf } from "./session.ts";
import { computeVersion } from "./versions.ts";
import { wordsOf } from "./words.ts";

export type OpenStackRequest = Pick<
  RequestOptions,
  "method" | "query" | "json" | "ok" | "idempotent" | "answer" | "timeoutMs"
> & {
  /** Below the service's version: `/servers/detail`. */
  path: string;
  /** Besides those that every request has. */
  headers?: Readonly<Record<string, string>>;
};

/**
 * One request to a service of the catalogue, with the account's token; a token that ended before its time is renewed once.
 * @throws {FleetError} CLOUD_REFUSED also for a 403 that speaks of a quota, and what `request` throws
 */
export async function openstack<T = unknown>(
  call: Call,
  service: Service,
  asked: OpenStackRequest,
): Promise<Answer<T>> {
  const session = await sessionOf(call);
  try {
    return await send<T>(call, service, asked, session);
  } catch (error) {
    if (!(error instanceof FleetError && error.code === "CLOUD_AUTH" && error.at.status === 401)) throw error;
    await forgetSession(call.account, session);
    return await send<T>(call, service, asked, await sessionOf(call));
  }
}

async function send<T>(call: Call, service: Service, asked: OpenStackRequest, session: Session): Promise<Answer<T>> {
  const version = await versionFor(call, service, session);
  const options: RequestOptions = {
    ...asked,
    cloud: "openstack",
    headers: {
      ...asked.headers,
      "x-auth-token": session.token,
      ...(version ? { "openstack-api-version": `${service} ${version}` } : {}),
    },
    secrets: [session.token],
    scopes: ["api"],
    errorOf: (_status, body) => wordsOf(body),
    ok: [...(asked.ok ?? []), 403],
  };
  const answer = await request<T>(atService(call, baseOf(call.account, session, service)), options);
  if (answer.status !== 403) return answer;
  const said = wordsOf(answer.body);
  // Nova says 403 both for "not you" and for "no more of it".
  if (said && QUOTA.test(said))
    throw failure(call, options, "CLOUD_REFUSED", `refused (403): ${said}`, { status: 403 });
  const message = `refuses the credentials of account ${call.account.spec.name} (403)${said ? `: ${said}` : ""}`;
  throw failure(call, options, "CLOUD_AUTH", message, { status: 403 });
}

/** From here on Placement tells the providers of a host's devices beside the host (Queens, 2018). */
const PLACEMENT = "1.14";

async function versionFor(call: Call, service: Service, session: Session): Promise<string | undefined> {
  if (service === "compute") return await computeVersion(call, session);
  return service === "placement" ? PLACEMENT : undefined;
}

const QUOTA = /quota exceeded|exceeded quota|maximum number of (key pairs|metadata items)/i;

export function invalidAnswer(call: Call, method: RequestOptions["method"], path: string, reason: string): FleetError {
  const message = `answered ${method} ${path} wrongly: ${reason}`;
  return failure(call, { cloud: "openstack", method, path }, "CLOUD_ANSWER_INVALID", message);
}
