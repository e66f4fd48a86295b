import type { CallCount } from "./simulator.ts";

const ID_SEGMENT = /^(\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|UPID:.*)$/i;

/** The path with every segment that is a number, a UUID or a task id replaced: `/v4/linode/instances/:id`. */
export function routeOf(path: string): string {
  return path
    .split("/")
    .map((segment) => (ID_SEGMENT.test(decodeURIComponent(segment)) ? ":id" : segment))
    .join("/");
}

/** Requests by method, route and status. A request that was dropped before it was looked at counts with status 0. */
export class CallCounter {
  #counts = new Map<string, CallCount>();

  record(method: string, route: string, status: number): void {
    const key = `${method} ${route} ${status}`;
    const count = this.#counts.get(key);
    if (count) count.count += 1;
    else this.#counts.set(key, { method, route, status, count: 1 });
  }

  list(): CallCount[] {
    return [...this.#counts.values()];
  }

  clear(): void {
    this.#counts.clear();
  }
}
