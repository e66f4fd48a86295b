import { randomBytes } from "node:crypto";
import { missing, refuse } from "./errors.ts";
import type { HyperstackWorld, Instance } from "./world.ts";

interface Job {
  id: number;
  instanceId: number;
  readyMs: number;
  url: string;
}

/** Consoles that were asked for; each is there a moment later, under the number of its job. */
export class Consoles {
  readonly #world: HyperstackWorld;
  readonly #jobs = new Map<number, Job>();

  constructor(world: HyperstackWorld) {
    this.#world = world;
  }

  /** @throws {HyperstackError} 400 of a machine that does not run */
  request({ id: instanceId, status }: Instance, origin: string): object {
    if (status !== "ACTIVE") throw refuse("The console is available for active virtual machines only.");
    const id = this.#world.ids.integer();
    const url = `${origin}/vnc/${randomBytes(16).toString("hex")}`;
    this.#jobs.set(id, { id, instanceId, readyMs: this.#world.clock.now() + this.#world.actionMs, url });
    return {
      status: true,
      message: "Please wait a few seconds and visit the below link to access your VNC console URL",
      url: `${origin}/v1/core/virtual-machines/${instanceId}/console/${id}`,
    };
  }

  /** @throws {HyperstackError} 404 of what was not asked for of this machine, and of what is not there yet */
  get({ id: instanceId }: Instance, wanted: string): object {
    const job = this.#jobs.get(Number(wanted));
    const isThere = job?.instanceId === instanceId && job.readyMs <= this.#world.clock.now();
    if (!isThere) throw missing(`Console ${wanted}`);
    return { status: true, message: "Getting VNC URL successful", vnc_url: { id: job.id, vnc_url: job.url } };
  }
}
