import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { FleetError } from "../../resources/errors.ts";

interface Found {
  id: string;
  type: string;
  content: Buffer;
}

interface Waiting {
  resolve(found: Found | undefined): void;
  reject(error: Error): void;
}

/** Reads objects through one `git cat-file --batch`, started at the first read and kept. */
export class BlobReader {
  readonly #dir: string;
  #child: ChildProcessWithoutNullStreams | undefined;
  #waiting: Waiting[] = [];
  #next = 0;
  /** Names that go to the child together: thousands are asked for at once, and each write costs as much as reading an object. */
  #unsent: string[] = [];
  #chunks: Buffer[] = [];
  #size = 0;
  /** Bytes that the answer being read takes, its header included; undefined while that is unknown. */
  #needed: number | undefined;
  #headerSize = 0;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * The content of an object by its id, or by `COMMIT:PATH`; undefined when there is none, or it is no file. Reads may run side by side, and
   * are answered in turn.
   * @throws {FleetError} GIT_FAILED
   */
  async read(name: string): Promise<Buffer | undefined> {
    if (!/^[0-9a-f]{40,64}(:[^\n]+)?$/.test(name))
      throw new FleetError("GIT_FAILED", "not the name of an object", { name: name.slice(0, 80) });
    const found = await this.#find(name);
    return found?.type === "blob" ? found.content : undefined;
  }

  /**
   * The commit that a whole ref (`refs/heads/main`) is at now, whoever has moved it: git looks anew at each question. Undefined where there is none.
   * @throws {FleetError} GIT_FAILED
   */
  async commitAt(ref: string): Promise<string | undefined> {
    if (!/^refs\/[^\s:^~?*[\\]+$/.test(ref)) throw new FleetError("GIT_FAILED", "not a ref", { ref: ref.slice(0, 80) });
    const found = await this.#find(ref);
    return found?.type === "commit" ? found.id : undefined;
  }

  #find(name: string): Promise<Found | undefined> {
    const child = this.#child ?? this.#start();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#unsent.push(name);
      if (this.#unsent.length === 1) queueMicrotask(() => this.#send(child));
    });
  }

  #send(child: ChildProcessWithoutNullStreams): void {
    const names = this.#unsent;
    this.#unsent = [];
    if (this.#child === child && names.length > 0) child.stdin.write(`${names.join("\n")}\n`);
  }

  /** Ends the child; waiting reads fail. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#fail(child, new FleetError("GIT_FAILED", "the repository was closed"));
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.stdin.end();
    await ended;
  }

  #start(): ChildProcessWithoutNullStreams {
    const child = spawn("git", ["cat-file", "--batch"], { cwd: this.#dir });
    this.#child = child;
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-1000);
    });
    child.stdout.on("data", (chunk: Buffer) => this.#take(chunk));
    // A write to a child that has just ended is told by its end as well.
    child.stdin.on("error", () => {});
    child.on("error", (cause) => this.#fail(child, new FleetError("GIT_FAILED", "cannot start git", {}, { cause })));
    child.on("close", (code) =>
      this.#fail(child, new FleetError("GIT_FAILED", `git cat-file ended: ${complaint.trim()}`, { code: code ?? -1 })),
    );
    return child;
  }

  #fail(child: ChildProcessWithoutNullStreams, error: Error): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    const waiting = this.#waiting.slice(this.#next);
    this.#waiting = [];
    this.#next = 0;
    this.#unsent = [];
    this.#chunks = [];
    this.#size = 0;
    this.#needed = undefined;
    for (const { reject } of waiting) reject(error);
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#needed !== undefined && this.#size < this.#needed) return;
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    for (;;) {
      const answer = this.#answer(rest);
      if (answer === undefined) break;
      rest = rest.subarray(answer.length);
      this.#waiting[this.#next++]?.resolve(answer.found);
    }
    if (this.#next === this.#waiting.length) {
      this.#waiting = [];
      this.#next = 0;
    }
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
  }

  /** The first whole answer in the bytes: `ID TYPE SIZE\nCONTENT\n` or `NAME missing\n`. */
  #answer(bytes: Buffer): { length: number; found: Found | undefined } | undefined {
    this.#needed = undefined;
    this.#headerSize = bytes.indexOf(10) + 1;
    if (this.#headerSize === 0) return undefined;
    // A name with blanks comes back in "NAME missing", so the words are counted from the end.
    const words = bytes.toString("latin1", 0, this.#headerSize - 1).split(" ");
    const [id = "", type = "", size] = words.slice(-3);
    if (size === undefined || !/^\d+$/.test(size)) return { length: this.#headerSize, found: undefined };
    const length = this.#headerSize + Number(size) + 1;
    if (bytes.length < length) {
      this.#needed = length;
      return undefined;
    }
    return { length, found: { id, type, content: bytes.subarray(this.#headerSize, length - 1) } };
  }
}
