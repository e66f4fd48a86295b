import type { CloudRules } from "../../../controller/fleet/context.ts";
import type { FleetFile } from "../../../controller/fleet/file.ts";
import { blobId } from "../../../controller/repo/worktree.ts";
import type { Catalog } from "../../../resources/catalog.ts";

const object = (properties: object) => ({ type: "object", additionalProperties: false, properties });

/** A cloud that can do all, one that can do little, and one without sizes. */
export const clouds = {
  cumulus: {
    title: "Cumulus",
    capabilities: {
      power: ["start", "shutdown", "stop", "reboot", "reset", "suspend", "resume"],
      firewalls: true,
      keys: true,
      ports: true,
      snapshots: { labels: true },
      backups: true,
      monitoring: true,
      ipv6: true,
      sizes: true,
    },
    credentials: {
      token: { required: true, description: "API token" },
      region: { required: false, description: "Home" },
    },
    schemas: {
      account: object({ project: { type: "string" } }),
      server: object({ watchdog: { type: "boolean" }, swap: { type: "integer", minimum: 1 } }),
    },
    endpoint: "https://api.cumulus.example",
  },
  stratus: {
    title: "Stratus",
    capabilities: {
      power: ["start", "stop"],
      firewalls: false,
      keys: false,
      backups: false,
      monitoring: false,
      ipv6: false,
      sizes: true,
    },
    credentials: {},
    schemas: { account: object({}), server: object({}) },
    endpoint: "https://api.stratus.example",
  },
  cirrus: {
    title: "Cirrus",
    capabilities: {
      power: ["start", "stop"],
      firewalls: false,
      keys: true,
      backups: false,
      monitoring: false,
      ipv6: false,
      sizes: false,
    },
    credentials: {},
    schemas: { account: object({}), server: object({ storage: { type: "string" } }) },
  },
} satisfies Record<string, CloudRules>;

export const catalog: Catalog = {
  readAt: "2026-01-01T00:00:00Z",
  images: [{ name: "debian-12", title: "Debian 12" }],
  regions: [
    { name: "us-east", title: "US East", available: true },
    { name: "us-west", title: "US West", available: true },
    { name: "eu-old", title: "EU, closed", available: false },
  ],
  sizes: ["c1", "c2"].map((name) => ({
    name,
    title: name,
    kind: "shared" as const,
    vcpus: 1,
    memoryMiB: 1024,
    diskGiB: 25,
    pricePerHourMicro: 7500,
    pricePerMonthMicro: 5_000_000,
    currency: "USD",
    ...(name === "c2" && { regions: ["us-east"] }),
  })),
};

export const PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC227hF/CBLnsuS/rAO8tbPFfWPA22zfDcPSpC1SBbeV";

export function file(path: string, text: string): FleetFile {
  return { path, blob: blobId(Buffer.from(text)), text };
}

/** A whole fleet without servers: three accounts, two plans, two firewalls, a key. */
export const BASE: Record<string, string> = {
  "fleet.yaml": "kind: Fleet\nid: acme\n",
  "accounts/main.yaml":
    "kind: Account\nname: main\nprovider: cumulus\ncredentials:\n  token: {env: FLEETWRIGHT_TOKEN}\n",
  "accounts/poor.yaml": "kind: Account\nname: poor\nprovider: stratus\n",
  "accounts/lab.yaml": "kind: Account\nname: lab\nprovider: cirrus\nendpoint: https://lab.example:8006/\n",
  "plans/small.yaml":
    "kind: Plan\nname: small\nvcpus: 1\nmemoryMiB: 1024\ndiskGiB: 25\nsizes: {cumulus: c1}\nbasePrice: 4.35\nmarkup: 0.1\n",
  "plans/large.yaml":
    "kind: Plan\nname: large\nvcpus: 2\nmemoryMiB: 2048\ndiskGiB: 50\nsizes: {cumulus: c2, stratus: s2}\n",
  "firewalls/web.yaml": "kind: Firewall\nname: web\nrules:\n  - {protocol: tcp, ports: 80}\n",
  "firewalls/ssh.yaml": "kind: Firewall\nname: ssh\nrules:\n  - {protocol: tcp, ports: 22, addresses: [203.0.113.7]}\n",
  "keys/ops.yaml": `kind: SshKey\nname: ops\npublicKey: ${PUBLIC_KEY}   ops@example.net\n`,
};

export function fleetFiles(more: Record<string, string> = {}): FleetFile[] {
  return Object.entries({ ...BASE, ...more }).map(([path, text]) => file(path, text));
}

/** A server of the account `main`, with more lines or other values for those that it has. */
export function server(name: string, fields: Record<string, string | undefined> = {}): string {
  const all: Record<string, string | undefined> = {
    account: "main",
    plan: "small",
    region: "us-east",
    image: "debian-12",
    ...fields,
  };
  const lines = Object.entries(all).flatMap(([field, value]) => (value === undefined ? [] : [`${field}: ${value}`]));
  return ["kind: Server", `name: ${name}`, ...lines, ""].join("\n");
}
