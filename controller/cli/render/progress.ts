import type { ObjectEvent, Progress, ProgressEvent } from "../../reconcile/progress.ts";
import { type EffectOp, objectKey } from "../../reconcile/types.ts";
import { label } from "../../words/objects.ts";
import { clipped } from "../../words/text.ts";
import { seconds } from "../../words/time.ts";
import type { Io } from "../io.ts";
import { beingMadeText } from "./being-made.ts";

export interface ProgressView {
  take: Progress;
  /** On a terminal a line says what is waited for, until it is there. */
  during<T>(what: string, work: Promise<T>): Promise<T>;
  /** Takes the live lines away; what is done stays. */
  close(): void;
}

interface Line {
  name: string;
  doing: string;
  startedAt: number;
}

const REDRAW_MS = 100;
const SHOWN = 16;
const WIDEST_NAME = 40;
const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** On a terminal: a line per server at work with its time, redrawn in place. Elsewhere: one plain line per event. */
export function liveProgress(io: Io, now: () => number = Date.now): ProgressView {
  const atWork = new Map<string, Line>();
  let drawn = 0;
  let nameWidth = 0;
  let timer: NodeJS.Timeout | undefined;

  const erase = () => {
    if (drawn > 0) io.draw(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  };
  const draw = () => {
    erase();
    const frame = FRAMES[Math.floor(now() / REDRAW_MS) % FRAMES.length]!;
    const lines = [...atWork.values()].slice(0, SHOWN).map(({ name, doing, startedAt }) => {
      const text = name === "" ? doing : `${name.padEnd(nameWidth)}  ${doing}`;
      return `  ${io.color.cyan(frame)} ${clipped(text, io.width - 18)}  ${io.color.dim(seconds(now() - startedAt))}`;
    });
    if (atWork.size > SHOWN) lines.push(io.color.dim(`    and ${atWork.size - SHOWN} more`));
    if (lines.length > 0) io.draw(`${lines.join("\n")}\n`);
    drawn = lines.length;
  };
  const begin = (key: string, line: Omit<Line, "startedAt">) => {
    atWork.set(key, { ...line, startedAt: now() });
    nameWidth = Math.min(WIDEST_NAME, Math.max(nameWidth, line.name.length));
    if (!io.live) return;
    timer ??= setInterval(draw, REDRAW_MS).unref();
    draw();
  };
  const say = (text: string) => {
    if (io.live) erase();
    io.err(text);
    if (io.live) draw();
  };
  const started = (event: ObjectEvent) => {
    // An object has several steps; its line begins with the first.
    if (atWork.has(keyOf(event))) return;
    begin(keyOf(event), { name: nameOf(event), doing: PRESENT[event.op] });
    if (!io.live) say(`  ${nameOf(event)}: ${event.op} started`);
  };
  const ended = (event: ObjectEvent) => {
    const line = atWork.get(keyOf(event));
    atWork.delete(keyOf(event));
    // What no step was seen of took no time of its own.
    const time = line === undefined ? "" : `  ${io.color.dim(seconds(now() - line.startedAt))}`;
    const name = nameOf(event).padEnd(nameWidth);
    if (event.beingMade !== undefined)
      return say(`  ${io.color.yellow("◌")} ${name}  ${PAST[event.op]}, ${beingMadeText(event.beingMade, now())}`);
    if (event.state === "done") return say(`  ${io.color.green("✓")} ${name}  ${PAST[event.op]}${time}`);
    const reason = (event.message ?? "").split("\n").join("\n      ");
    say(`  ${io.color.red("✗")} ${name}  ${event.op} failed${time}\n      ${io.color.red(reason)}`);
  };
  const take = (event: ProgressEvent) => {
    if (event.kind === "phase") {
      // The next ones are aligned among themselves.
      if ([...atWork.values()].every(({ name }) => name === "")) nameWidth = 0;
      say(io.color.bold(event.text));
    } else if (event.kind === "note") say(io.color.dim(event.text));
    else if (event.kind === "run") return;
    else if (event.state === "started") started(event);
    else ended(event);
  };
  const during = async <T>(what: string, work: Promise<T>): Promise<T> => {
    if (!io.live) return await work;
    begin(what, { name: "", doing: what });
    try {
      return await work;
    } finally {
      atWork.delete(what);
      draw();
    }
  };
  return {
    take,
    during,
    close: () => {
      clearInterval(timer);
      if (io.live) erase();
      atWork.clear();
    },
  };
}

const keyOf = ({ name, object }: ObjectEvent): string => (object === undefined ? name : objectKey(object));

/** Shared objects are there once an account. */
function nameOf({ name, object }: ObjectEvent): string {
  if (object === undefined || object.kind === "Server") return name;
  return `${label(object)} of ${object.account}`;
}

const PRESENT: Record<EffectOp, string> = {
  create: "creating",
  update: "updating",
  replace: "replacing",
  delete: "deleting",
  adopt: "adopting",
  forget: "letting go",
};

const PAST: Record<EffectOp, string> = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  adopt: "adopted",
  forget: "let go",
};
