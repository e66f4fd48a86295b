import { FleetError } from "../../resources/errors.ts";
import type { ServerFields } from "../../schemas/types.ts";
import { type Choice, type ChooseOptions, choose } from "../catalog/choose.ts";
import { dayOf } from "../catalog/ended.ts";
import { accountsAt, openShops } from "../catalog/shops.ts";
import { priceWords } from "../catalog/words.ts";
import { parseCached } from "../fleet/cache.ts";
import { setField } from "../fleet/edit.ts";
import { type FleetFile, kindOfPath } from "../fleet/file.ts";
import { isPlaced } from "../fleet/placement.ts";
import type { Person } from "../repo/commit.ts";
import { problemsOf } from "./changed.ts";
import { commitFiles } from "./commit-files.ts";
import type { Controller } from "./context.ts";
import { FleetInvalid } from "./desired.ts";

export interface PlaceOptions extends ChooseOptions {
  /** Servers by name; default all that are not placed, with `again` all that have a placement. */
  names?: readonly string[];
  /** Only tell what would be chosen. */
  dryRun?: boolean;
  author: Person;
  signal: AbortSignal;
}

export interface Placement {
  name: string;
  path: string;
  choice: Choice;
  /** What the file said before, where it was placed already. */
  before?: { account: string; region: string; size: string };
}

export interface Placed {
  /** Undefined when nothing differs. */
  commit?: string;
  placed: Placement[];
  refused: { name: string; reason: string }[];
  notes: string[];
}

interface Target {
  name: string;
  file: FleetFile;
  fields: ServerFields;
}

/**
 * Decides placements and writes them into the files, as one commit: the cheapest that does now, with the runners-up in its message.
 * @throws {FleetError} NOT_FOUND, USAGE, FLEET_INVALID, GIT_FAILED
 */
export async function place(controller: Controller, options: PlaceOptions): Promise<Placed> {
  const { repo } = controller;
  const commit = await repo.head();
  const servers = serversIn(controller, await repo.files(commit));
  const targets = targetsOf(servers, options);
  const { shops, notes } = await openShops(controller, await accountsAt(controller), { signal: options.signal });
  const day = dayOf(controller.now());
  const placed: Placement[] = [];
  const refused: Placed["refused"] = [];
  const files: Record<string, string> = {};
  for (const { name, file, fields } of targets) {
    const choice = choose(fields, shops, day, options);
    if ("reason" in choice) {
      refused.push({ name, reason: choice.reason });
      continue;
    }
    const { account, region, size, image } = choice;
    const before = isPlaced(fields)
      ? { account: fields.account, region: fields.region, size: fields.size! }
      : undefined;
    placed.push({ name, path: file.path, choice, ...(before && { before }) });
    files[file.path] = Object.entries({ account, size, region, image }).reduce(
      (text, [field, value]) => setField(text, [field], value),
      file.text,
    );
  }
  const changed = Object.keys(files).filter(
    (path) => files[path] !== servers.find(({ file }) => file.path === path)!.file.text,
  );
  if (changed.length === 0) return { placed, refused, notes };
  const catalogs = Object.fromEntries(shops.map(({ account, catalog }) => [account.name, catalog]));
  const waiting = new Set(
    servers.filter(({ fields, file }) => !isPlaced(fields) && !(file.path in files)).map(({ file }) => file.path),
  );
  const problems = [...(await problemsOf(controller, commit, catalogs, files))].filter(([path]) => !waiting.has(path));
  if (problems.length > 0)
    throw new FleetInvalid(
      problems.map(([, { problem }]) => problem),
      commit,
    );
  if (options.dryRun) return { placed, refused, notes };
  const made = await commitFiles(controller, commit, files, { message: messageOf(placed), author: options.author });
  return { commit: made, placed, refused, notes };
}

function serversIn({ loaded }: Controller, files: readonly FleetFile[]): Target[] {
  return files.flatMap((file): Target[] => {
    if (kindOfPath(file.path) !== "Server") return [];
    const { fields, name } = parseCached(file, loaded.parsed);
    return fields?.kind === "Server" && name !== undefined ? [{ name, file, fields }] : [];
  });
}

function targetsOf(servers: Target[], { names, again }: PlaceOptions): Target[] {
  const placeable = servers.filter(({ fields }) => fields.placement !== undefined);
  if (names === undefined || names.length === 0) return placeable.filter(({ fields }) => again || !isPlaced(fields));
  return names.map((name) => {
    const target = servers.find((server) => server.name === name);
    if (target === undefined) throw new FleetError("NOT_FOUND", `the fleet has no server ${name}`, { server: name });
    if (target.fields.placement === undefined)
      throw new FleetError("USAGE", `${target.file.path}: ${name} has no placement`, { server: name });
    if (isPlaced(target.fields) && !again)
      throw new FleetError("USAGE", `${name} is placed already: --again decides anew`, { server: name });
    return target;
  });
}

function messageOf(placed: Placement[]): string {
  const names = placed.map(({ name }) => name);
  const subject =
    placed.length === 1
      ? `Place ${names[0]} on ${placed[0]!.choice.account}`
      : `Place ${names.length > 4 ? `${names.length} servers` : names.join(", ")}`;
  const lines = placed.flatMap(({ name, choice }) => [
    `${name}: ${choice.size} in ${choice.region} on ${choice.account}, ${priceWords(choice.offer.cost)}`,
    ...choice.runnersUp.map(({ account, size, cost }) => `  before ${size.name} on ${account}, ${priceWords(cost)}`),
  ]);
  return `${subject}\n\nThe cheapest in stock that has what it needs.\n\n${lines.join("\n")}\n`;
}
