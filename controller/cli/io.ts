import pc from "picocolors";
import type { Colors } from "picocolors/types.js";
import { FleetError } from "../../resources/errors.ts";

/** Where a verb reads and writes. Tests give their own; colour and live lines only on a terminal. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Where `err` goes, without a line's end: progress that is drawn over itself. */
  draw(text: string): void;
  /** Whether `err` goes to a terminal: progress may be drawn over itself. */
  live: boolean;
  width: number;
  color: Colors;
  /** Answers false where nobody can be asked. */
  confirm(question: string): Promise<boolean>;
  /** A line; undefined where nobody can be asked, or nothing is said. */
  ask(question: string): Promise<string | undefined>;
  /**
   * What nobody is to see: typed at a terminal without showing it, and once more where `again` asks for it; else the whole of standard input.
   * Undefined when there is nothing. @throws {FleetError} USAGE when the two differ.
   */
  secret(question: string, again?: string): Promise<string | undefined>;
}

/** Standard output and error; what is asked comes from standard input. */
export function processIo(options: { color?: boolean } = {}): Io {
  const terminal = process.stdout.isTTY === true;
  // Who reads (`| head`) may stop at any time; what is under way goes on.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreClosed);
  const colored = options.color ?? (terminal && process.env.NO_COLOR === undefined);
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    draw: (text) => void process.stderr.write(text),
    live: process.stderr.isTTY === true,
    width: process.stdout.columns ?? process.stderr.columns ?? 100,
    color: pc.createColors(colored),
    confirm,
    ask,
    secret,
  };
}

function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

async function confirm(question: string): Promise<boolean> {
  return (await ask(`${question} [y/N] `))?.toLowerCase() === "y";
}

async function ask(question: string): Promise<string | undefined> {
  if (process.stdin.isTTY !== true) return undefined;
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(question)).trim() || undefined;
  } finally {
    lines.close();
  }
}

async function secret(question: string, again?: string): Promise<string | undefined> {
  if (process.stdin.isTTY !== true) {
    return (await allInput()).replace(/\r?\n$/, "") || undefined;
  }
  const typed = await typeUnseen(question);
  if (typed !== undefined && again !== undefined && (await typeUnseen(again)) !== typed)
    throw new FleetError("USAGE", "the two are not the same");
  return typed;
}

async function typeUnseen(question: string): Promise<string | undefined> {
  const { createInterface } = await import("node:readline/promises");
  const { Writable } = await import("node:stream");
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // With a terminal of its own it turns the system's echo off; what it would draw goes nowhere. Before it asks: who types at once is not to be seen.
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  process.stderr.write(question);
  const stopped = new AbortController();
  lines.once("SIGINT", () => stopped.abort());
  try {
    return (await lines.question("", { signal: stopped.signal })) || undefined;
  } catch (error) {
    if (stopped.signal.aborted) return undefined;
    throw error;
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}

/** Longer input is no secret; it is cut here, so that whoever takes it can say so without holding all of it. */
const MOST_INPUT = 1024 * 1024;

async function allInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MOST_INPUT) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}
