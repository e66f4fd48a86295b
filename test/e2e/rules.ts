import type { Clouds } from "./clouds.ts";

/** The one firewall of an account, as somebody works on it by hand through the cloud's API. */
export interface Rules {
  id(): Promise<string>;
  /** Ports of the inbound rules, in the cloud's order where it has one. */
  ports(): Promise<(string | undefined)[]>;
  /** A rule for everybody on this port of tcp, behind all others. */
  open(port: string): Promise<void>;
  close(port: string): Promise<void>;
  /** Deletes the firewall; answers its id. */
  remove(): Promise<string>;
  /** Ids of the machines behind it. */
  machines(): Promise<string[]>;
}

type Json = Record<string, unknown>;

async function send(url: string, token: string, method: string, json?: object): Promise<Json> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(url, { method, headers, ...(json ? { body: JSON.stringify(json) } : {}) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  return text === "" ? {} : (JSON.parse(text) as Json);
}

const EVERYWHERE = { ipv4: ["0.0.0.0/0"], ipv6: ["::/0"] };

export function linodeRules(clouds: Clouds): Rules {
  const call = (method: string, path: string, json?: object) =>
    send(`${clouds.url("linode")}/v4/networking/firewalls${path}`, clouds.tokens.linode, method, json);
  const one = async () => {
    const { data } = (await call("GET", "")) as { data: { id: number; rules: { inbound: { ports?: string }[] } }[] };
    if (data.length !== 1) throw new Error(`there are ${data.length} firewalls`);
    return data[0]!;
  };
  return {
    id: async () => String((await one()).id),
    ports: async () => (await one()).rules.inbound.map(({ ports }) => ports),
    async open(port) {
      const { id, rules } = await one();
      const rule = { action: "ACCEPT", protocol: "TCP", ports: port, label: "by-hand", addresses: EVERYWHERE };
      await call("PUT", `/${id}/rules`, { ...rules, inbound: [...rules.inbound, rule] });
    },
    async close(port) {
      const { id, rules } = await one();
      await call("PUT", `/${id}/rules`, { ...rules, inbound: rules.inbound.filter(({ ports }) => ports !== port) });
    },
    async remove() {
      const { id } = await one();
      await call("DELETE", `/${id}`);
      return String(id);
    },
    async machines() {
      const { data } = (await call("GET", `/${(await one()).id}/devices`)) as { data: { entity: { id: number } }[] };
      return data.map(({ entity }) => String(entity.id)).sort();
    },
  };
}

export function digitaloceanRules(clouds: Clouds): Rules {
  const call = (method: string, path: string, json?: object) =>
    send(`${clouds.url("digitalocean")}/v2/firewalls${path}`, clouds.tokens.digitalocean, method, json);
  const one = async () => {
    const { firewalls } = (await call("GET", "")) as {
      firewalls: { id: string; droplet_ids: number[]; inbound_rules: { ports: string }[] }[];
    };
    if (firewalls.length !== 1) throw new Error(`there are ${firewalls.length} firewalls`);
    return firewalls[0]!;
  };
  const rule = (port: string) => ({
    inbound_rules: [{ protocol: "tcp", ports: port, sources: { addresses: ["0.0.0.0/0", "::/0"] } }],
  });
  return {
    id: async () => (await one()).id,
    ports: async () => (await one()).inbound_rules.map(({ ports }) => (ports === "0" ? undefined : ports)).sort(),
    open: async (port) => void (await call("POST", `/${(await one()).id}/rules`, rule(port))),
    close: async (port) => void (await call("DELETE", `/${(await one()).id}/rules`, rule(port))),
    async remove() {
      const { id } = await one();
      await call("DELETE", `/${id}`);
      return id;
    },
    machines: async () => (await one()).droplet_ids.map(String).sort(),
  };
}
