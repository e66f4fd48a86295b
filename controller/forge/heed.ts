import { FleetError } from "../../resources/errors.ts";
import type { ForgeSpec } from "../../resources/spec.ts";
import { goesAhead, isDoneAhead } from "../changes/ahead-rules.ts";
import type { Changes } from "../changes/changes.ts";
import { told } from "../changes/changes.ts";
import { concernsChange } from "../changes/files.ts";
import { mayTake } from "../changes/own.ts";
import { admitPull } from "../changes/pull.ts";
import type { Ground } from "../changes/steps.ts";
import type { Change, ChangeState } from "../changes/types.ts";
import { withoutSecrets } from "../people/audit.ts";
import { mayAs, type Principal, type Role } from "../people/principal.ts";
import type { Command } from "./commands.ts";
import { code } from "./markdown.ts";
import { personOf } from "./people.ts";
import type { Forge, ForgeComment } from "./types.ts";

export interface Heeding {
  ground: Ground;
  changes: Changes;
  forge: Forge;
  spec: ForgeSpec;
  /** Names forge and repository. */
  key: string;
}

/** What becomes of a command. */
export interface Heeded {
  /** Why nothing came of it, in Markdown. */
  refused?: string;
}

/**
 * Does what somebody asks for in a comment, where their role lets them, and puts it on record.
 * @throws {FleetError} what a later try may mend.
 */
export async function heed(
  heeding: Heeding,
  command: Command,
  { comment, change, number }: { comment: ForgeComment; change: Change | undefined; number: number },
  signal: AbortSignal,
): Promise<Heeded> {
  const { ground, key } = heeding;
  const { store } = ground.controller;
  const person = await personOf(ground.controller, key, comment.author);
  let refused: string | undefined;
  try {
    if (person === undefined) throw unknownLogin(comment);
    await run(heeding, command, { person, change, number }, signal);
  } catch (error) {
    if (!(error instanceof FleetError) || (error.retry && error.code !== "PREVIEW_STALE")) throw error;
    refused = error.message;
  }
  const verb = command.verb === "unknown" ? "command" : command.verb;
  await store.people.audit(
    withoutSecrets({
      ...(person && { who: { id: person.id, email: person.email, via: person.via } }),
      action: refused === undefined ? `pull-request.${verb}` : "pull-request.refused",
      object: change === undefined ? `pull request ${number}` : `change ${change.id}`,
      data: { ...command, pull: number, comment: comment.id, login: comment.author.name, ...(refused && { refused }) },
    }),
  );
  return refused === undefined ? {} : { refused: refused.split("\n").map(code).join("\n") };
}

const unknownLogin = ({ author }: ForgeComment): FleetError =>
  new FleetError(
    "FORBIDDEN",
    `${author.name} is nobody of this fleet: an admin says who it is by \`fleetwright forge link ${author.name} MAIL-ADDRESS\``,
  );

async function run(
  { ground, changes, forge, spec }: Heeding,
  command: Command,
  { person, change, number }: { person: Principal; change: Change | undefined; number: number },
  signal: AbortSignal,
): Promise<void> {
  if (command.verb === "unknown")
    throw new FleetError(
      "USAGE",
      "this is no command: fleetwright preview [HEAD], fleetwright approve HASH [allow-replace=NAME] [allow-delete=COUNT] [allow-ended=NAME] [allow-spending=ACCOUNT] [outside-window], fleetwright execute",
    );
  if (change === undefined)
    throw new FleetError("CHANGE_STATE", "there is nothing of this pull request that could be previewed or executed");
  if (!(await concernsChange(person, ground.controller.repo, change)))
    throw new FleetError("FORBIDDEN", "it changes what your role is not about");
  switch (command.verb) {
    case "preview":
      if (change.pull!.gate === undefined) {
        need(person, "requester");
        await changes.preview(change.id, person);
        return;
      }
      need(person, "operator");
      if (command.head === undefined)
        throw new FleetError("USAGE", `say which head of it: fleetwright preview ${change.pull!.head}`);
      await admitPull(ground, change.id, { head: command.head, by: told(person) }, signal);
      return;
    case "approve":
      need(person, "approver");
      await changes.approve(
        change.id,
        { hashes: [command.hash], by: person, ...(command.overrides && { overrides: command.overrides }) },
        signal,
      );
      return;
    case "execute":
      need(person, "requester");
      if (!mayTake(person, change))
        throw new FleetError("FORBIDDEN", "this is for whoever has opened it, and for the role operator");
      if (change.merged !== undefined) return;
      if (isDoneAhead(change)) throw new FleetError("CHANGE_STATE", "it is executed already: merge it");
      if (EXECUTABLE.includes(change.state) && goesAhead(spec, change)) {
        await changes.execute(change.id, person, signal);
        return;
      }
      if (change.state !== "approved")
        throw new FleetError("CHANGE_STATE", `it is ${change.state}: what is executed is approved first`);
      await forge.merge(number, change.pull!.head, signal);
  }
}

/** What is under way goes on, and what has failed comes again. */
const EXECUTABLE: readonly ChangeState[] = ["approved", "executing", "failed"];

/** @throws {FleetError} FORBIDDEN */
function need(person: Principal, role: Role): void {
  if (!mayAs(person, role))
    throw new FleetError("FORBIDDEN", `this is for the role ${role}, and yours is ${person.role}`);
}
