import { plainName } from "../../resources/spec.ts";
import type { AppliedObject } from "../store/types.ts";
import type { Controller } from "./context.ts";
import type { Seen } from "./effects.ts";
import type { Match } from "./match.ts";
import { isServer } from "./types.ts";

/** What a server has lost, by the names in its file. */
export type Lost = Readonly<Record<"firewalls" | "ports", readonly string[]>>;

/**
 * Servers behind a firewall, or plugged into a port, that somebody has deleted at the cloud. It will be made anew under another id, so they are to
 * be put behind that one; each is told as it is recorded, because what a commit changes of it besides is another matter.
 */
export function behindGone(all: Match[], matches: Match[], seen: ReadonlyMap<string, Seen>): Map<Match, Lost> {
  const gone = matches.filter(({ key, applied, desired }) => {
    const isShared = applied?.document.kind === "Firewall" || applied?.document.kind === "Port";
    return isShared && desired !== undefined && seen.get(key)?.gone === true;
  });
  const behind = new Map<Match, Lost>();
  if (gone.length === 0) return behind;
  const inScope = new Map(matches.map((match) => [match.key, match]));
  for (const match of all) {
    const { applied, desired } = match;
    if (applied === undefined || desired === undefined) continue;
    const own = gone.flatMap(({ applied: shared }) => (isBehind(applied, shared!) ? [shared!] : []));
    if (own.length === 0) continue;
    const namesOf = (wanted: AppliedObject["kind"]) =>
      own.filter(({ kind }) => kind === wanted).map(({ name }) => plainName(name));
    const asRecorded = { ...match, desired: { ...desired, spec: applied.document, hash: applied.hash } };
    const lost = { firewalls: namesOf("Firewall"), ports: namesOf("Port") };
    behind.set(inScope.get(match.key) ?? asRecorded, lost);
  }
  return behind;
}

function isBehind({ account, document }: AppliedObject, firewall: AppliedObject): boolean {
  if (!isServer(document) || account !== firewall.account) return false;
  const { name, document: text } = firewall;
  if (text.kind === "Port") return document.ports?.includes(name) ?? false;
  const region = text.kind === "Firewall" ? text.region : undefined;
  return document.firewalls.includes(plainName(name)) && (region === undefined || region === document.region);
}

/** A server that seems as recorded, but for the firewalls and ports that are gone. */
export function withoutGone(seen: Seen | undefined, { applied }: Match, lost: Lost | undefined): Seen | undefined {
  if (lost === undefined || seen === undefined || seen.gone || applied === undefined || !isServer(applied.document))
    return seen;
  const { firewalls, ports = [] } = applied.document;
  const missing = Object.entries({ firewalls, ports }).flatMap(([path, names]) => {
    const gone = lost[path as keyof Lost];
    if (gone.length === 0) return [];
    const desired = [...names].sort();
    return [{ path, desired, actual: desired.filter((name) => !gone.includes(name)) }];
  });
  return { ...seen, drift: [...seen.drift, ...missing] };
}

/**
 * Records of servers behind firewalls, or plugged into ports, that have been made anew just now: from here on it is not known what was applied, so that a run that is cut
 * off before it came to them is taken up again by the next.
 */
export async function forgetAttachments(
  { store }: Pick<Controller, "store">,
  account: string,
  made: AppliedObject[],
): Promise<void> {
  if (made.length === 0) return;
  const servers = await store.objects({ account, kind: "Server" });
  const behind = servers.filter((server) => made.some((firewall) => isBehind(server, firewall)));
  if (behind.length > 0) await store.putObjects(behind.map((record) => ({ ...record, hash: "", refresh: true })));
}
