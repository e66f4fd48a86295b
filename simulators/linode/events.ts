import type { Clock } from "../clock.ts";
import { Collection } from "../collection.ts";
import type { Ids } from "../ids.ts";

export interface LinodeEvent {
  id: number;
  action: string;
  entity: { id: number; label: string; type: "linode" | "firewall" | "user_ssh_key" };
  status: "started" | "finished" | "failed" | "notification";
  startedMs: number;
  /** How long the work takes; 0 for a mere notification. */
  workMs: number;
  endedMs: number | undefined;
}

/** What happened on the account, and how far it is. */
export class EventLog {
  #events: Collection<LinodeEvent>;
  #clock: Clock;
  #ids: Ids;

  constructor(clock: Clock, ids: Ids) {
    this.#clock = clock;
    this.#ids = ids;
    this.#events = new Collection<LinodeEvent>({
      clock,
      idOf: (event) => event.id,
      keysOf: (event) => [String(event.entity.id)],
    });
  }

  start(action: string, entity: LinodeEvent["entity"], workMs: number): LinodeEvent {
    return this.#add(action, entity, "started", workMs);
  }

  end(event: LinodeEvent, status: "finished" | "failed"): void {
    event.status = status;
    event.endedMs = this.#clock.now();
  }

  notify(action: string, entity: LinodeEvent["entity"]): LinodeEvent {
    const event = this.#add(action, entity, "notification", 0);
    event.endedMs = event.startedMs;
    return event;
  }

  get(id: string): LinodeEvent | undefined {
    return this.#events.get(id);
  }

  /** All events, or those of one entity's id, oldest first. */
  list(entityId?: unknown): LinodeEvent[] {
    return entityId === undefined ? this.#events.values() : this.#events.withKey(String(entityId));
  }

  percentOf(event: LinodeEvent): number {
    if (event.status !== "started") return 100;
    return Math.min(99, Math.floor(((this.#clock.now() - event.startedMs) / Math.max(1, event.workMs)) * 100));
  }

  #add(action: string, entity: LinodeEvent["entity"], status: LinodeEvent["status"], workMs: number): LinodeEvent {
    return this.#events.add({
      id: this.#ids.integer(),
      action,
      entity,
      status,
      startedMs: this.#clock.now(),
      workMs,
      endedMs: undefined,
    });
  }
}
