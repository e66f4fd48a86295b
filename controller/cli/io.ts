import { Writable } from "node:stream";
import pc from "picocolors";
import type { Colors } from "picocolors/types.js";

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
  /** A secret: asked for without echo on a terminal, else all of standard input. Undefined when whoever is asked ends it. */
  secret(question: string): Promise<string | undefined>;
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
    secret,
  };
}

function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

async function confirm(question: string): Promise<boolean> {
  if (process.stdin.isTTY !== true) return false;
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(`${question} [y/N] `)).trim().toLowerCase() === "y";
  } finally {
    lines.close();
  }
}

/** Longer input is no secret; it is cut here, so that whoever takes it can say so without holding all of it. */
const MOST_INPUT = 1024 * 1024;

async function secret(question: string): Promise<string | undefined> {
  if (process.stdin.isTTY !== true) return await allInput();
  const { createInterface } = await import("node:readline/promises");
  // It takes the terminal's own echo away, and what it would draw in its place goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  process.stderr.write(`${question}: `);
  try {
    const ended = new Promise<undefined>((done) => {
      lines.once("close", () => done(undefined));
      lines.once("SIGINT", () => lines.close());
    });
    return await Promise.race([lines.question(""), ended]);
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}

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
