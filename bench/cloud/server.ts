import type { PropertyMap } from "../../resources/plugin/handler.ts";
import { checkFields, type Fields, resourceSchema } from "../../resources/plugin/inputs.ts";
import type { ServerSpec } from "../../resources/spec.ts";
import { createTagCodec } from "../../resources/tags.ts";

export const SERVER_TYPE = "fleetwright:bench:Server";

const tags = createTagCodec(/[a-z0-9._-]/);

/** The 12 inputs of a benchmark server. */
const INPUTS: Fields = {
  mark: { type: "string", required: true, description: "Owner mark." },
  hostname: { type: "string", required: true, description: "Label and host name." },
  size: { type: "string", required: true, description: "What is bought." },
  region: { type: "string", required: true, description: "Where it stands." },
  image: { type: "string", required: true, description: "What it is made from." },
  sshKeys: { type: "strings", default: [], description: "Public keys that may log in." },
  tags: { type: "strings", default: [], description: "Labels and the mark." },
  backups: { type: "boolean", default: false, description: "Kept by the cloud." },
  monitoring: { type: "boolean", default: false, description: "Watched by the cloud." },
  ipv6: { type: "boolean", default: false, description: "An address of the sixth version." },
  network: { type: "string", required: true, description: "Private network." },
  project: { type: "string", required: true, description: "Who pays." },
};

/** The 5 outputs. */
const OUTPUTS: Fields = {
  ipv4: { type: "string", description: "Public address." },
  ipv6Address: { type: "string", description: "Public address of the sixth version." },
  privateIpv4: { type: "string", description: "Address in the network." },
  status: { type: "string", description: "The cloud's word." },
  createdAt: { type: "string", description: "ISO instant." },
};

export const serverSchema = { [SERVER_TYPE]: resourceSchema("A server of the benchmark cloud.", INPUTS, OUTPUTS) };
export const OUTPUT_NAMES = Object.keys(OUTPUTS);

export const checkServer = (inputs: PropertyMap) => checkFields(inputs, INPUTS);

export type ServerInputs = {
  mark: string;
  hostname: string;
  size: string;
  region: string;
  image: string;
  sshKeys: string[];
  tags: string[];
  backups: boolean;
  monitoring: boolean;
  ipv6: boolean;
  network: string;
  project: string;
};

/** What a server of the fleet is declared with: the same for the product and for the bare program. */
export function serverInputs(server: ServerSpec, mark: string): ServerInputs {
  const { createOnly, options } = server;
  return {
    mark,
    hostname: server.hostname,
    size: server.size,
    region: server.region,
    image: createOnly.image,
    sshKeys: createOnly.keys.map(({ publicKey }) => publicKey),
    tags: tagsOf(server, mark),
    backups: server.backups,
    monitoring: server.monitoring,
    ipv6: server.ipv6,
    network: String(options.network ?? "default"),
    project: String(options.project ?? "default"),
  };
}

export function tagsOf(server: Pick<ServerSpec, "labels">, mark: string): string[] {
  return [...tags.tagsOf(server.labels), mark].sort();
}

export const labelsOf = (all: string[]) => tags.labelsOf(all);
