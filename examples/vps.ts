// Has a server made by the multi-cloud VPS API, waits until it runs, reboots it and deletes it: node examples/vps.ts LABEL, with VPS_API
// (http://127.0.0.1:8350) and VPS_TOKEN (an access token or an API key) set. It is an ordinary client: it knows the document and nothing of Fleetwright.
import { setTimeout as sleep } from "node:timers/promises";

interface Instance {
  id: string;
  status: string;
  ip_address: string | null;
  monthly_rate?: number;
}

interface Size {
  id: string;
  price: { monthly: number };
  regions: string[];
}

const { VPS_API = "http://127.0.0.1:8350", VPS_TOKEN = "" } = process.env;
const [label = "my-web-server"] = process.argv.slice(2);

/** @throws {Error} with the documented code */
async function api<Answer>(method: "GET" | "POST", path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${VPS_API}${path}`, {
    method,
    headers: { authorization: `Bearer ${VPS_TOKEN}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Answer & { code?: string; error?: string; field?: string };
  if (response.ok) return answer;
  throw new Error(`${answer.code}: ${answer.field ? `${answer.field}: ` : ""}${answer.error}`);
}

/** Until it is so: creates and actions are answered once they are under way. */
async function inStatus(id: string, wanted: string): Promise<Instance> {
  for (;;) {
    const { instance } = await api<{ instance: Instance }>("GET", `/api/vps/${id}`);
    if (instance.status === wanted) return instance;
    if (instance.status === "failed") throw new Error(`${id} has failed`);
    await sleep(1_000);
  }
}

const act = async (id: string, action: string) => {
  const { message } = await api<{ message: string }>("POST", `/api/vps/${id}/action`, { action });
  console.log(message);
};

const { types } = await api<{ types: Size[] }>("GET", "/api/vps/linode/types");
const [cheapest] = types.filter(({ regions }) => regions.length > 0).sort((a, b) => a.price.monthly - b.price.monthly);
const { instance } = await api<{ instance: Instance }>("POST", "/api/vps", {
  provider_type: "linode",
  label,
  type: cheapest!.id,
  region: cheapest!.regions[0],
  image: "linode/debian12",
  tags: ["example"],
});
console.log(`${label} is ${instance.status}`);

const { ip_address, monthly_rate } = await inStatus(instance.id, "running");
console.log(`${label} runs at ${ip_address}, for ${monthly_rate?.toFixed(2)} USD a month`);
await act(instance.id, "reboot");
await inStatus(instance.id, "running");
await act(instance.id, "delete");
