import { PROXMOX_TOKEN } from "../../../simulators/proxmox/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
type Json = any;

export interface PveAnswer {
  status: number;
  /** The text in the status line. */
  words: string;
  body: Json;
}

export type PveClient = ReturnType<typeof pveClient>;

/** A bare client of the API: form bodies, API token unless other headers are given. */
export function pveClient(
  url: string,
  headers: Record<string, string> = { authorization: `PVEAPIToken=${PROXMOX_TOKEN}` },
) {
  const send = async (
    method: string,
    path: string,
    form?: Record<string, string | number>,
    more: Record<string, string> = {},
  ): Promise<PveAnswer> => {
    const texts = Object.entries(form ?? {}).map(([name, value]): [string, string] => [name, String(value)]);
    const response = await fetch(`${url}/api2/json${path}`, {
      method,
      headers: { ...headers, ...more },
      ...(form ? { body: new URLSearchParams(texts) } : {}),
    });
    const text = await response.text();
    return { status: response.status, words: response.statusText, body: text === "" ? undefined : JSON.parse(text) };
  };

  /** Sends what must succeed and returns its data. */
  const data = async (method: string, path: string, form?: Record<string, string | number>): Promise<Json> => {
    const answer = await send(method, path, form);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.words}`);
    return answer.body.data;
  };

  /** Waits for a task to end and returns its exit status. */
  const exit = async (upid: string): Promise<string> => {
    for (let round = 0; round < 200; round++) {
      const task = await data("GET", `/nodes/${upid.split(":")[1]}/tasks/${encodeURIComponent(upid)}/status`);
      if (task.status === "stopped") return task.exitstatus;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`${upid} does not end`);
  };

  /** Sends what starts a task, and returns how the task ended. */
  const run = async (method: string, path: string, form?: Record<string, string | number>): Promise<string> =>
    exit(await data(method, path, form ?? (method === "POST" ? {} : undefined)));

  return { send, data, exit, run };
}
