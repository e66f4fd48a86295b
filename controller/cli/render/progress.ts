import type { Progress, ProgressEvent } from "../../reconcile/progress.ts";
import type { Io } from "../io.ts";
import { seconds } from "./time.ts";

export interface ProgressView {
  take: Progress;
  /** Takes the live lines away; what is done stays. */
  close(): void;
}

interface Line {
  op: string;
  startedAt: number;
}

const REDRAW_MS = 200;
const SHOWN = 12;

/** On a terminal: a line per server at work with its time, redrawn in place. Elsewhere: one plain line per event. */
export function liveProgress(io: Io, now: () => number = Date.now): ProgressView {
  const atWork = new Map<string, Line>();
  const startedAt = now();
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;

  const erase = () => {
    if (drawn > 0) process.stderr.write(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  };
  const draw = () => {
    erase();
    const lines = [...atWork].slice(0, SHOWN).map(([name, { op, startedAt }]) => {
      return `  ${io.color.cyan("…")} ${name} ${io.color.dim(`${op} ${seconds(now() - startedAt)}`)}`;
    });
    if (atWork.size > SHOWN) lines.push(io.color.dim(`  and ${atWork.size - SHOWN} more`));
    if (lines.length > 0) process.stderr.write(`${lines.join("\n")}\n`);
    drawn = lines.length;
  };
  const say = (text: string) => {
    if (io.live) erase();
    io.err(text);
    if (io.live) draw();
  };
  const take = (event: ProgressEvent) => {
    if (event.kind === "phase") return say(io.color.bold(event.text));
    if (event.kind === "note") return say(io.color.dim(event.text));
    if (event.state === "started") {
      if (atWork.has(event.name)) return;
      atWork.set(event.name, { op: event.op, startedAt: now() });
      if (!io.live) return say(`${event.name}: ${event.op} started`);
      timer ??= setInterval(draw, REDRAW_MS).unref();
      return draw();
    }
    const since = atWork.get(event.name)?.startedAt ?? startedAt;
    atWork.delete(event.name);
    const time = io.color.dim(`(${seconds(now() - since)})`);
    if (event.state === "done") return say(`  ${io.color.green("✓")} ${event.name} ${past(event.op)} ${time}`);
    say(`  ${io.color.red("✗")} ${event.name} ${event.op} failed ${time}: ${event.message ?? ""}`);
  };
  return {
    take,
    close: () => {
      clearInterval(timer);
      if (io.live) erase();
      atWork.clear();
    },
  };
}

const PAST: Record<string, string> = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  adopt: "adopted",
  forget: "let go",
};
const past = (op: string): string => PAST[op] ?? op;
