import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { failure, request } from "../http.ts";
import { atService, baseOf } from "./services.ts";
import type { Session } from "./session.ts";

/** From here on a server in a part of nova that is down is told as such; before, lists silently lack it. */
const NEEDED = 69;
/** The newest that this client was written for (Zed). */
const KNOWN = 93;

/** The microversion that nova and we both know best, asked once per token. @throws {FleetError} CLOUD_UNSUPPORTED below 2.69 (Stein, 2019) */
export function computeVersion(call: Call, session: Session): Promise<string> {
  session.computeVersion ??= negotiate(call, session).catch((error: unknown) => {
    delete session.computeVersion;
    throw error;
  });
  return session.computeVersion;
}

interface VersionBody {
  id?: string;
  version?: string;
  min_version?: string;
}

/** The version document stands at the service's own address; older addresses end in the project's id, which has none. */
async function negotiate(call: Call, session: Session): Promise<string> {
  const base = baseOf(call.account, session, "compute").replace(new RegExp(`/${session.projectId}$`), "");
  const asked = { cloud: "openstack", method: "GET", path: "/" } as const;
  const { body } = await request<{ version?: VersionBody; versions?: VersionBody[] } | null>(atService(call, base), {
    ...asked,
    headers: { "x-auth-token": session.token },
    secrets: [session.token],
    scopes: ["api"],
    // A list of versions may say by its status that there is a choice.
    ok: [300],
  });
  const document = body?.version ?? body?.versions?.find(({ id }) => id === "v2.1");
  const [max, min] = [minorOf(document?.version), minorOf(document?.min_version)];
  if (max === undefined || min === undefined)
    throw failure(call, asked, "CLOUD_ANSWER_INVALID", "answered GET / wrongly: it names no versions of nova");
  const chosen = Math.min(max, KNOWN);
  if (chosen < NEEDED || chosen < min) {
    const message = `nova of account ${call.account.spec.name} has microversions 2.${min} to 2.${max}; 2.${NEEDED} to 2.${KNOWN} are understood`;
    throw new FleetError("CLOUD_UNSUPPORTED", message, { account: call.account.spec.name });
  }
  return `2.${chosen}`;
}

function minorOf(version: string | undefined): number | undefined {
  const minor = /^2\.(\d+)$/.exec(version ?? "")?.[1];
  return minor === undefined ? undefined : Number(minor);
}
