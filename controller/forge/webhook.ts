import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { ForgeSpec } from "../../resources/spec.ts";
import { isSigned } from "../signature.ts";

/** A call of a forge that is what it says. */
export interface Delivery {
  /** What tells it from every other: its id, and its content. */
  keys: string[];
  /** Undefined where it is about no pull request. */
  pull?: number;
}

type HeaderOf = (name: string) => string | undefined;

/** A signed instant may differ so much from this machine's clock. */
const SKEW_MS = 5 * 60 * 1000;

/**
 * Reads a webhook's call. Only the number of a pull request is taken from it: all else is asked of the forge.
 * @returns undefined when the signature is missing or wrong, or the body is none of a forge's.
 */
export function readDelivery(
  kind: ForgeSpec["kind"],
  { header, body, secret, now }: { header: HeaderOf; body: Uint8Array; secret: string; now: number },
): Delivery | undefined {
  const isOurs = { github: isGitHubs, gitea: isGiteas, gitlab: isGitLabs }[kind](header, body, secret, now);
  const payload = isOurs ? parsed(body) : undefined;
  if (payload === undefined) return undefined;
  const id = DELIVERY[kind].map(header).find((value) => value !== undefined);
  const digest = `body ${createHash("sha256").update(body).digest("hex")}`;
  const pull = numberOf(kind, payload);
  // Ids are not signed on every forge: the same content under another id is a replay as well.
  return {
    keys: [...(id === undefined ? [] : [`${kind} ${id.slice(0, 200)}`]), digest],
    ...(pull !== undefined && { pull }),
  };
}

const DELIVERY = {
  github: ["x-github-delivery"],
  gitea: ["x-gitea-delivery", "x-forgejo-delivery"],
  // The first ones stay the same when it is sent again.
  gitlab: ["webhook-id", "idempotency-key", "x-gitlab-event-uuid"],
} as const;

/** @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
const isGitHubs = (header: HeaderOf, body: Uint8Array, secret: string): boolean =>
  isSigned(body, header("x-hub-signature-256"), secret);

/** @see https://docs.gitea.com/usage/webhooks */
function isGiteas(header: HeaderOf, body: Uint8Array, secret: string): boolean {
  const plain = header("x-gitea-signature") ?? header("x-forgejo-signature");
  return isSigned(body, plain === undefined ? header("x-hub-signature-256") : `sha256=${plain}`, secret);
}

/**
 * A signing token (`whsec_…`) signs id, instant and body; the older secret token is sent as it is.
 * @see https://docs.gitlab.com/user/project/integrations/webhooks/
 */
function isGitLabs(header: HeaderOf, body: Uint8Array, secret: string, now: number): boolean {
  if (!secret.startsWith("whsec_")) return isSame(header("x-gitlab-token") ?? "", secret);
  const id = header("webhook-id") ?? "";
  const at = header("webhook-timestamp") ?? "";
  if (id === "" || !/^\d{1,12}$/.test(at) || Math.abs(now - Number(at) * 1000) > SKEW_MS) return false;
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const right = createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest("base64");
  const given = (header("webhook-signature") ?? "").split(" ");
  return given.some((one) => isSame(one, `v1,${right}`));
}

/** How long the answer takes tells nothing about the right one. */
function isSame(given: string, right: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(right));
}

function parsed(body: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Of a pull request, or of a comment on one. */
function numberOf(kind: ForgeSpec["kind"], payload: Record<string, unknown>): number | undefined {
  const of = (name: string) => payload[name] as Record<string, unknown> | undefined;
  const found =
    kind === "gitlab"
      ? (of("merge_request")?.iid ??
        (payload.object_kind === "merge_request" ? of("object_attributes")?.iid : undefined))
      : (of("pull_request")?.number ?? (of("issue")?.pull_request ? of("issue")?.number : undefined));
  return Number.isSafeInteger(found) && (found as number) > 0 ? (found as number) : undefined;
}
