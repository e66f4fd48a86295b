import { FleetError } from "../../../resources/errors.ts";
import { type LaneState, laneStates } from "../../jobs/lane-states.ts";
import { type DeadLetter, deadLetters } from "../../jobs/letters.ts";
import { type BeingMade, notesOf, watchBeingMade } from "../../reconcile/being-made.ts";
import type { Controller } from "../../reconcile/context.ts";
import { readDesired } from "../../reconcile/desired.ts";
import { type OpenReshard, openReshards, openWords } from "../../reconcile/reshard-open.ts";
import { type CellProposal, cellProposals } from "../../reconcile/reshard-plan.ts";
import type { AppliedObject, RunRecord } from "../../store/types.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { renderBeingMade } from "../render/being-made.ts";
import { aligned, counted } from "../render/text.ts";
import { withSession } from "../session.ts";

interface Status {
  commit: string;
  stacks: { stack: string; objects: number; suspects: number; holder?: string }[];
  servers: { name: string; account: string; id?: string; stack: string; power: string; suspect: boolean }[];
  /** Machines that are being made ready, each looked at once; absent when there are none. */
  beingMade?: BeingMade[];
  openApprovals: number;
  /** Creates that were sent and have no answer on record. */
  openIntents: number;
  /** Accounts whose stacks have too many servers, and reshards that are not complete; absent where there are none. */
  reshards?: CellProposal[];
  openReshards?: ({ account: string } & Pick<OpenReshard, "cells" | "since">)[];
  /** What a service waits for, and what it has given up; absent where there is nothing. */
  waiting?: LaneState[];
  deadLetters?: DeadLetter[];
  runs: Pick<RunRecord, "stack" | "kind" | "startedAt" | "finishedAt" | "outcome">[];
}

/** `fleetwright status`: what the controller remembers. Asks a cloud only for machines that are being made ready. */
export async function statusVerb(flags: GlobalOptions, io: Io): Promise<number> {
  return await withSession(flags, io, async ({ controller, signal }) => {
    const { store } = controller;
    const beingMade = await lookAtMade(controller, signal, io);
    const objects = await store.objects();
    const stacks = await Promise.all(
      [...Map.groupBy(objects, ({ stack }) => stack)].map(async ([stack, members]) => {
        const lease = await store.lease(stack);
        const entry = { stack, objects: members.length, suspects: members.filter(({ refresh }) => refresh).length };
        const isHeld = lease !== undefined && Date.parse(lease.expiresAt) > controller.now();
        return !isHeld ? entry : { ...entry, holder: lease.holder };
      }),
    );
    const waiting = (await laneStates(store)).filter(({ state }) => state === "waiting");
    const letters = await deadLetters(store);
    const accounts = await store.accounts();
    const proposals = cellProposals(accounts, objects);
    const open = [...(await openReshards(store))].map(([identity, { cells, since }]) => {
      const account = accounts.find((recorded) => recorded.identity === identity)?.name ?? identity;
      return { account, cells, since };
    });
    const status: Status = {
      commit: await controller.repo.head(),
      stacks,
      servers: objects.filter(({ kind }) => kind === "Server").map(serverLine),
      ...(beingMade.length > 0 ? { beingMade } : {}),
      openApprovals: (await store.openApprovals()).size,
      openIntents: (await store.openIntents()).length,
      ...(proposals.length > 0 ? { reshards: proposals } : {}),
      ...(open.length > 0 ? { openReshards: open } : {}),
      ...(waiting.length > 0 ? { waiting } : {}),
      ...(letters.length > 0 ? { deadLetters: letters } : {}),
      runs: (await store.runs(5)).map(({ stack, kind, startedAt, finishedAt, outcome }) => ({
        stack,
        kind,
        startedAt,
        ...(finishedAt ? { finishedAt } : {}),
        ...(outcome ? { outcome } : {}),
      })),
    };
    io.out(flags.json ? JSON.stringify(status) : render(status, io));
    return EXIT.ok;
  });
}

/** A fleet that is not valid just now has its status all the same. */
async function lookAtMade(controller: Controller, signal: AbortSignal, io: Io): Promise<BeingMade[]> {
  if ((await controller.store.objects({ kind: "Server", provisioning: true })).length === 0) return [];
  try {
    const desired = await readDesired(controller, await controller.repo.head(), signal);
    const watched = await watchBeingMade(controller, desired, signal);
    for (const note of notesOf(watched)) io.err(note);
    return watched.beingMade;
  } catch (error) {
    if (signal.aborted || !(error instanceof FleetError)) throw error;
    io.err(`machines that are being made could not be looked at: ${error.message}`);
    return [];
  }
}

function serverLine({ name, document, cloudId, stack, refresh }: AppliedObject): Status["servers"][number] {
  const line = {
    name,
    account: document.account,
    stack,
    power: document.kind === "Server" ? document.power : "",
    suspect: refresh,
  };
  return cloudId === undefined ? line : { ...line, id: cloudId };
}

function render(status: Status, io: Io): string {
  const { commit, stacks, servers, beingMade = [], openApprovals, openIntents, runs } = status;
  const { color } = io;
  const lines = [
    `HEAD ${color.bold(commit.slice(0, 10))}, ${counted(servers.length, "server")} in ${counted(stacks.length, "stack")}`,
    "",
  ];
  const rows = aligned(servers.map(({ name, account, id, power }) => [name, account, id ?? "", power]));
  for (const [index, { suspect }] of servers.entries())
    lines.push(`  ${rows[index]}${suspect ? color.yellow("  to be looked at") : ""}`);
  lines.push(...renderBeingMade(beingMade, io));
  for (const { stack, holder } of stacks)
    if (holder !== undefined) lines.push(color.yellow(`${stack}: ${holder} is at work on it`));
  if (openApprovals > 0)
    lines.push(
      `${counted(openApprovals, "approved effect")} not done yet: \`fleetwright apply\` goes on with what is approved`,
    );
  if (openIntents > 0)
    lines.push(
      `${counted(openIntents, "create")} without an answer on record: the next run looks for them by their marks`,
    );
  lines.push(...reshardLines(status, io), ...serviceLines(status, io));
  const [last] = runs;
  if (last !== undefined)
    lines.push(
      "",
      color.dim(`last run: ${last.kind} of ${last.stack}, ${last.outcome ?? "under way"}, begun ${last.startedAt}`),
    );
  return lines.join("\n");
}

function reshardLines({ reshards = [], openReshards: open = [] }: Status, { color }: Io): string[] {
  return [
    ...open.map(({ account, ...reshard }) => color.yellow(`${account}: ${openWords(account, reshard)}`)),
    ...reshards.map(({ account, stack, servers, proposed, command }) =>
      color.yellow(
        `${account}: ${stack} has ${servers} servers, and ${counted(proposed, "stack")} would have fewer: ${command}`,
      ),
    ),
  ];
}

function serviceLines({ waiting = [], deadLetters: letters = [] }: Status, { color }: Io): string[] {
  return [
    ...waiting.flatMap(({ lane, reason, waiting: effects = [] }) => [
      color.yellow(`${lane} waits for a person: ${effects.join(", ")}`),
      ...indented(reason),
    ]),
    ...letters.flatMap(({ queue, lane, at, reason }) => [
      color.red(
        `${lane}: given up (${queue}, ${at}) until a commit, an approval or a drift pass that reads its account`,
      ),
      ...indented(reason),
    ]),
  ];
}

const indented = (text = ""): string[] => (text === "" ? [] : text.split("\n").map((line) => `  ${line}`));
