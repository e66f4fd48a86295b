import { parseFleetFile } from "../../../fleet/file.ts";
import { differences } from "../../../reconcile/differences.ts";
import type { FileCommit } from "../../../repo/file-history.ts";
import type { FleetRepo } from "../../../repo/repo.ts";
import { type PageQuery, readCursor, writeCursor } from "../page.ts";
import type { FleetObject } from "../view.ts";

/** A page of an object's commits, the newest first. It is found by its kind and name, wherever its file lay. */
export async function historyOf(
  repo: FleetRepo,
  object: Pick<FleetObject, "kind" | "name" | "file">,
  head: string,
  { limit, cursor }: PageQuery,
): Promise<{ items: HistoryEntry[]; next?: string }> {
  const order = `history ${object.kind} ${object.name}`;
  const after = readCursor(cursor, order, ["string", "string"]) as [string, string] | undefined;
  let [from, path] = after ?? [head, object.file.path];
  const items: HistoryEntry[] = [];
  while (items.length < limit) {
    const commits = await repo.fileHistory(path, from, limit - items.length);
    for (const commit of commits) items.push(await entryOf(repo, object, path, commit));
    const last = commits.at(-1);
    if (last?.parent === undefined) return { items };
    const earlier = last.before === undefined ? await placeBefore(repo, object, last) : path;
    if (earlier === undefined) return { items };
    [from, path] = [last.parent, earlier];
  }
  return { items, next: writeCursor([order, from, path]) };
}

async function entryOf(repo: FleetRepo, object: Identity, path: string, commit: FileCommit) {
  const moved = commit.before === undefined ? await placeBefore(repo, object, commit) : undefined;
  const earlier = moved === undefined ? commit.before : commit.others.find((one) => one.path === moved)?.before;
  const before = await fieldsOf(repo, object, earlier);
  const after = await fieldsOf(repo, object, commit.after);
  const { commit: id, at, author, subject } = commit;
  const changes = differences(before ?? {}, after ?? {}).map((change) =>
    // User data may hold secrets, whatever its author thought.
    /^userData\b/.test(change.path) ? { path: "userData", secret: true as const } : change,
  );
  return { commit: id, at, author, subject, path, changes };
}

type HistoryEntry = Awaited<ReturnType<typeof entryOf>>;
type Identity = Pick<FleetObject, "kind" | "name">;

/** The file that had this object before a commit that brought it to where it is. */
async function placeBefore(repo: FleetRepo, object: Identity, { others }: FileCommit): Promise<string | undefined> {
  for (const { path, before, after } of others) {
    if (before === undefined) continue;
    if ((await fieldsOf(repo, object, before)) !== undefined && (await fieldsOf(repo, object, after)) === undefined)
      return path;
  }
  return undefined;
}

async function fieldsOf(
  repo: FleetRepo,
  { kind, name }: Identity,
  blob: string | undefined,
): Promise<object | undefined> {
  const text = blob === undefined ? undefined : await repo.readObject(blob);
  // Most files are about something else, and parsing is what takes the time.
  if (text === undefined || !text.includes(name)) return undefined;
  const parsed = parseFleetFile(text);
  return parsed.kind === kind && parsed.name === name ? parsed.fields : undefined;
}
