import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Kept } from "./types.ts";

/** What each kind of secret begins with, so that whoever finds one knows what it is. */
const PREFIXES = { "api-key": "fw", refresh: "fwr", session: "fws" } as const;
type Kind = keyof typeof PREFIXES;

const ID_BYTES = 10;
const SECRET_BYTES = 32;
/** 32 bytes as base64url. */
const SHAPE = /^([0-9a-f]{20})_([A-Za-z0-9_-]{43})$/;

/** Matches any secret that is given out here, wherever it stands in a text. */
export const OWN_SECRETS = /\bfw[rs]?_[0-9a-f]{20}_[A-Za-z0-9_-]{43}/g;

/** Something new that nobody can guess: `text` is shown once, `id` and `hash` are kept. */
export function mint(kind: Kind): Kept & { text: string } {
  const id = randomBytes(ID_BYTES).toString("hex");
  const secret = randomBytes(SECRET_BYTES).toString("base64url");
  return { id, hash: hashOf(secret), text: `${PREFIXES[kind]}_${id}_${secret}` };
}

/** Undefined when it has not the shape of one. */
export function readSecret(kind: Kind, text: string): Kept | undefined {
  const prefix = `${PREFIXES[kind]}_`;
  const [, id, secret] = (text.startsWith(prefix) && SHAPE.exec(text.slice(prefix.length))) || [];
  return id === undefined || secret === undefined ? undefined : { id, hash: hashOf(secret) };
}

/** In constant time. Of 256 random bits a fast hash is enough: there is nothing to guess. */
export function isSameHash(kept: string, given: string): boolean {
  const [one, other] = [Buffer.from(kept), Buffer.from(given)];
  return one.length === other.length && timingSafeEqual(one, other);
}

export const isApiKey = (text: string): boolean => text.startsWith(`${PREFIXES["api-key"]}_`);

const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");
