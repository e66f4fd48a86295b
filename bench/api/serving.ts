import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Site } from "../site.ts";
import type { Held, Served } from "./server.ts";

const SERVER = join(import.meta.dirname, "server.ts");

/** The product in a process of its own, which serves a site until `end`. */
export class ServedSite {
  readonly serving: Served;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, serving: Served) {
    this.#process = process;
    this.serving = serving;
  }

  static async start(site: Site, writers: number, nodeOptions: string[] = []): Promise<ServedSite> {
    const child = fork(SERVER, [JSON.stringify(site), String(writers)], {
      execArgv: nodeOptions,
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`the server ended with ${code}`);
    });
    ended.catch(() => undefined);
    const [serving] = (await Promise.race([once(child, "message"), ended])) as [Served];
    return new ServedSite(child, serving);
  }

  /** The most memory that its process has held up to now. */
  async peakMiB(): Promise<number> {
    const told = once(this.#process, "message");
    this.#process.send("held");
    const [{ peakMiB }] = (await told) as [Held];
    return peakMiB;
  }

  async end(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.disconnect();
    await ended;
  }
}
