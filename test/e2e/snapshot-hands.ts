import { setTimeout as delay } from "node:timers/promises";
import { SimulatorClient } from "../../simulators/client.ts";
import { DIGITALOCEAN_TOKEN } from "../../simulators/digitalocean/index.ts";
import { OPENSTACK_CREDENTIALS } from "../../simulators/openstack/index.ts";
import { VULTR_API_KEY } from "../../simulators/vultr/index.ts";

type HandledCloud = "digitalocean" | "vultr" | "openstack";
type Json = Record<string, unknown>;

/** Somebody with the same credentials, who does things to snapshots beside the fleet. */
export class SnapshotHands {
  readonly #cloud: HandledCloud;
  readonly #url: string;

  constructor(cloud: HandledCloud, url: string) {
    this.#cloud = cloud;
    this.#url = url;
  }

  /** `text` is wherever a mark may stand. */
  async all(): Promise<{ id: string; text: string }[]> {
    const path = {
      digitalocean: "/v2/snapshots?resource_type=droplet&per_page=200",
      vultr: "/v2/snapshots",
      openstack: "/image/v2/images?image_type=snapshot",
    }[this.#cloud];
    const body = await this.#send("GET", path);
    const list = (body[this.#cloud === "openstack" ? "images" : "snapshots"] ?? []) as Json[];
    return list.map((one) => ({ id: String(one.id), text: JSON.stringify(one) }));
  }

  /** Of the one server there is, and waits until it is taken. */
  async take(name: string): Promise<void> {
    const before = (await this.all()).length;
    const [server] = await new SimulatorClient(this.#url).servers();
    const { id } = server!;
    if (this.#cloud === "digitalocean")
      await this.#send("POST", `/v2/droplets/${id}/actions`, { type: "snapshot", name });
    if (this.#cloud === "vultr") await this.#send("POST", "/v2/snapshots", { instance_id: id, description: name });
    if (this.#cloud === "openstack")
      await this.#send("POST", `/compute/v2.1/servers/${id}/action`, { createImage: { name } });
    for (;;) {
      const all = await this.all();
      if (all.length > before && all.every(({ text }) => !/"status":"(pending|queued|saving)"/.test(text))) return;
      await delay(20);
    }
  }

  async remove(id: string): Promise<void> {
    const folder = this.#cloud === "openstack" ? "/image/v2/images" : "/v2/snapshots";
    await this.#send("DELETE", `${folder}/${id}`);
  }

  /** What a server was made of, as a fleet file has it. */
  async imageOf(name: string): Promise<string | undefined> {
    const servers = await new SimulatorClient(this.#url).servers();
    const { id, image } = servers.find((server) => server.name === name)!;
    if (this.#cloud === "vultr") return image;
    const path = this.#cloud === "openstack" ? `/compute/v2.1/servers/${id}` : `/v2/droplets/${id}`;
    const body = await this.#send("GET", path);
    return String((((body.server ?? body.droplet) as Json).image as Json).id);
  }

  async #send(method: string, path: string, json?: object): Promise<Json> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: { ...(await this.#authorization()), ...(json && { "content-type": "application/json" }) },
      ...(json && { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? {} : (JSON.parse(text) as Json);
  }

  async #authorization(): Promise<Record<string, string>> {
    if (this.#cloud !== "openstack")
      return { authorization: `Bearer ${this.#cloud === "vultr" ? VULTR_API_KEY : DIGITALOCEAN_TOKEN}` };
    const { applicationCredentialId: id, applicationCredentialSecret: secret } = OPENSTACK_CREDENTIALS;
    const identity = { methods: ["application_credential"], application_credential: { id, secret } };
    const answer = await fetch(`${this.#url}/v3/auth/tokens`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ auth: { identity } }),
    });
    return { "x-auth-token": answer.headers.get("x-subject-token")! };
  }
}
