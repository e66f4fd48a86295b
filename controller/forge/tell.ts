import { FleetError } from "../../resources/errors.ts";
import type { ForgeSpec } from "../../resources/spec.ts";
import { goesAhead } from "../changes/ahead-rules.ts";
import { toChange } from "../changes/records.ts";
import { canonicalJson, sha256 } from "../fleet/canonical.ts";
import type { Controller } from "../reconcile/context.ts";
import type { StoredPull } from "../store/types.ts";
import { commentText, type Told } from "./comment.ts";
import { statusOf } from "./status.ts";
import type { Forge, ForgeComment, Login, PullRequest } from "./types.ts";

/** One repository at a forge, as it is worked on. */
export interface Desk {
  forge: Forge;
  /** Names forge and repository. */
  key: string;
  spec: ForgeSpec;
  /** Whose token it is: only this one's comments are ours. */
  me: Login;
  fleetId: string;
  controller: Controller;
}

/**
 * Brings the comment and the status of a pull request up to date, each only where it says something else than before. Our comment is known by hidden text, so
 * one that was posted before a kill is found and not posted again. Answers what is to be remembered.
 */
export async function tellPull(
  desk: Desk,
  pull: PullRequest,
  row: StoredPull,
  signal: AbortSignal,
): Promise<StoredPull> {
  const { controller, spec, forge } = desk;
  const stored = row.change === undefined ? undefined : await controller.store.change(row.change);
  const change = stored && toChange(stored);
  const { problem } = row;
  if (change === undefined && problem === undefined && row.comment === undefined) return row;
  const page =
    spec.page === undefined || change === undefined
      ? {}
      : { page: `${spec.page.replace(/\/+$/, "")}/ui/changes/${change.id}` };
  const told: Told = {
    commands: spec.commands,
    before: change !== undefined && goesAhead(spec, change),
    ...page,
    ...(change !== undefined && problem === undefined && { change }),
    ...(problem !== undefined && { problem }),
  };
  const next = await comment(desk, pull, row, told, signal);
  const status = pull.state === "closed" ? undefined : statusOf(told);
  const statusHash = sha256(canonicalJson({ head: pull.head, ...status }));
  if (status !== undefined && statusHash !== row.statusHash) await forge.setStatus(pull.head, status, signal);
  return { ...next, statusHash, ...(change !== undefined && { told: change.version }) };
}

async function comment(
  { forge, me, fleetId }: Desk,
  { number }: PullRequest,
  row: StoredPull,
  told: Told,
  signal: AbortSignal,
): Promise<StoredPull> {
  const marker = `<!-- fleetwright: ${fleetId} pull ${number} -->`;
  const body = commentText(told, marker, forge.longestComment);
  const commentHash = sha256(body);
  if (row.comment !== undefined && row.commentHash === commentHash) return row;
  const id = row.comment ?? (await findOwn(forge, me, number, marker, signal));
  if (id !== undefined && (await edited(forge, number, id, body, signal))) return { ...row, comment: id, commentHash };
  return { ...row, comment: (await forge.addComment(number, body, signal)).id, commentHash };
}

async function findOwn(
  forge: Forge,
  me: Login,
  number: number,
  marker: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  for await (const { id, author, body } of forge.comments(number, undefined, signal))
    if (author.id === me.id && body.startsWith(marker)) return id;
  return undefined;
}

/** False when somebody has removed it. */
async function edited(forge: Forge, number: number, id: number, body: string, signal: AbortSignal): Promise<boolean> {
  try {
    await forge.editComment(number, id, body, signal);
    return true;
  } catch (error) {
    if (error instanceof FleetError && error.code === "NOT_FOUND") return false;
    throw error;
  }
}

/** Answers one comment, once: an answer that was posted before a kill is known by hidden text. */
export async function reply(
  { forge, me, fleetId }: Desk,
  { number }: PullRequest,
  { comment, text, all }: { comment: ForgeComment; text: string; all: readonly ForgeComment[] },
  signal: AbortSignal,
): Promise<void> {
  const marker = `<!-- fleetwright: ${fleetId} answer ${comment.id} -->`;
  if (all.some(({ author, body }) => author.id === me.id && body.startsWith(marker))) return;
  const to = /^[A-Za-z0-9._-]+$/.test(comment.author.name) ? `@${comment.author.name}: ` : "";
  await forge.addComment(number, `${marker}\n${to}${text}`, signal);
}
