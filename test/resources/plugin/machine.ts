import type { ActualServer } from "../../../resources/actual.ts";
import type { Call, Cloud, PowerAction } from "../../../resources/cloud.ts";
import type { FleetError } from "../../../resources/errors.ts";
import type { HandlerContext } from "../../../resources/plugin/handler.ts";

const AFTER: Record<PowerAction, ActualServer["power"]> = {
  start: "running",
  resume: "running",
  reboot: "running",
  reset: "running",
  shutdown: "stopped",
  stop: "stopped",
  suspend: "suspended",
};

/** One machine behind the part of a cloud that Power uses. */
export class FakeMachine {
  power: ActualServer["power"] | undefined = "stopped";
  /** The machine is `changing` for this many looks more. */
  changingLooks = 0;
  /** The machine is not there yet for this many looks more. */
  missingLooks = 0;
  /** The cloud is still making it ready. */
  beingMade = false;
  deafToShutdown = false;
  refuse: FleetError | undefined;
  readonly actions: PowerAction[] = [];
  slept = 0;
  capabilities: PowerAction[] = ["start", "shutdown", "stop", "reboot", "reset", "suspend", "resume"];

  get cloud(): Cloud {
    return {
      name: "fake",
      title: "Fake",
      capabilities: { power: this.capabilities },
      observe: async (id: string) => this.#observe(id),
      power: async (_id: string, action: PowerAction, call: Call) => this.#act(action, call),
    } as unknown as Cloud;
  }

  readonly call = (signal: AbortSignal): Call => ({ signal, account: {} as Call["account"], priority: "person" });

  /** Time passes only by being slept through. */
  readonly sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    this.slept += ms;
    await Promise.resolve();
    signal.throwIfAborted();
  };

  #observe(id: string): ActualServer | undefined {
    if (this.missingLooks-- > 0 || this.power === undefined) return undefined;
    const power = this.changingLooks-- > 0 ? "changing" : this.power;
    const provisioning = this.beingMade ? { provisioning: { percent: 40 } } : {};
    return { id, name: "web-1", power, status: power, region: "here", ipv4: [], ipv6: [], tags: [], ...provisioning };
  }

  async #act(action: PowerAction, { signal }: Call): Promise<void> {
    this.actions.push(action);
    if (this.refuse) throw this.refuse;
    if (action === "shutdown" && this.deafToShutdown) {
      await new Promise<never>((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    }
    this.power = AFTER[action];
  }
}

export function context(options: Partial<HandlerContext> = {}): HandlerContext {
  return { urn: "urn:test", preview: false, signal: new AbortController().signal, log: () => {}, ...options };
}
