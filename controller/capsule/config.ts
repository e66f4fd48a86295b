import { plainName } from "../../resources/spec.ts";
import { KINDS } from "../../schemas/index.ts";
import type { Wish } from "../changes/wishes.ts";
import { keyBlob, keyName } from "../fleet/public-key.ts";
import type { Desired } from "../reconcile/desired.ts";
import { APIError } from "./errors.ts";
import type { Template } from "./templates.ts";

/** What a deployment says beside its template. */
export interface DeployConfig {
  /** The machine's name at the cloud, and in the fleet. */
  name: string;
  /** Default: the template's first. */
  region?: string;
  /** Ids of keys that the account has, or texts of public keys. */
  ssh_keys?: readonly (string | number)[];
  /** Default: the template's. */
  image?: string;
  /** Words on the machine: `key:value` at most clouds. */
  labels?: Readonly<Record<string, string | null>>;
  /** Names of firewalls of the fleet. */
  firewalls?: readonly string[];
  /** At AWS, ids of security groups that the region has. */
  security_groups?: readonly string[];
  /** The cloud's own backups, at its extra charge. */
  backups?: boolean;
  /** At Equinix Metal; must be the account's. */
  project_id?: string;
}

const KNOWN: readonly string[] = [
  "name",
  "region",
  "ssh_keys",
  "image",
  "labels",
  "firewalls",
  "security_groups",
  "backups",
  "project_id",
] satisfies (keyof DeployConfig)[];

const PUBLIC_KEY = /^\s*(ssh-|ecdsa-|sk-)/;
const LONGEST_NAME = 63;

/** @throws {APIError} 400 for what is missing, or is not known: a misspelt field would be bought without. */
export function checkConfig(config: DeployConfig): void {
  const unknown = Object.keys(config).find((field) => !KNOWN.includes(field));
  if (unknown !== undefined) throw new APIError(`config.${unknown} is not known; there are ${KNOWN.join(", ")}`, 400);
  if (typeof config.name !== "string" || config.name.trim() === "")
    throw new APIError("config.name is missing: what is the machine to be called?", 400);
}

/** A name that the fleet takes: `My xNode.example` becomes `my-xnode-example`. @throws {APIError} 400 */
export function fleetName(name: string): string {
  const bent = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, LONGEST_NAME)
    .replace(/^-+|-+$/g, "");
  if (bent === "") throw new APIError(`config.name: "${name}" has neither letters nor digits`, 400);
  return bent;
}

/**
 * What is to be written into the fleet: the server, and keys that it does not have yet.
 * @param isThere whether the fleet has a file of this path
 * @throws {APIError} 400
 */
export async function wishesOf(
  template: Template,
  config: DeployConfig,
  { account, owner }: { account: string; owner: string },
  { objects }: Pick<Desired, "objects">,
  isThere: (path: string) => Promise<boolean>,
): Promise<Wish[]> {
  const name = fleetName(config.name);
  const given = (config.ssh_keys ?? []).map(String);
  const texts = given.filter((key) => PUBLIC_KEY.test(key)).map((text) => keyIn(text, objects));
  const ids = given.filter((key) => !PUBLIC_KEY.test(key));
  if (ids.length > 0 && template.provider === "linode")
    throw new APIError("config.ssh_keys: Linode takes the texts of public keys, and no ids", 400);
  const options = {
    ...(ids.length > 0 && { sshKeys: ids }),
    ...(config.security_groups && { securityGroups: config.security_groups }),
  };
  const hostname = hostnameOf(template.provider, config.name);
  const server = {
    account,
    ...(hostname !== name && { hostname }),
    size: template.size,
    region: config.region ?? template.regions[0],
    image: config.image ?? template.image,
    owner,
    ...(texts.length > 0 && { keys: [...new Set(texts.map((key) => key.name))] }),
    ...(config.firewalls?.length && { firewalls: config.firewalls }),
    ...(config.labels && { labels: config.labels }),
    ...(config.backups && { backups: true }),
    ...(Object.keys(options).length > 0 && { provider: options }),
  };
  const added = new Map(texts.flatMap(({ name, publicKey }) => (publicKey ? [[name, publicKey] as const] : [])));
  const wishes: Wish[] = [{ kind: "Server", name, create: server }];
  // One that no server uses any more is there still: its name says which it is.
  for (const [key, publicKey] of added)
    if (!(await isThere(`${KINDS.SshKey.place}${key}.yaml`)))
      wishes.push({ kind: "SshKey", name: key, create: { publicKey }, orSame: true });
  return wishes;
}

/** Hivelocity takes full domain names only. This domain is set apart for names that are nobody else's. */
const hostnameOf = (provider: string, name: string): string =>
  provider === "hivelocity" && !name.includes(".") ? `${name}.internal` : name;

/** The fleet's key with this text, or one to be added that is named by its fingerprint. */
function keyIn(text: string, objects: Desired["objects"]): { name: string; publicKey?: string } {
  const isSame = ({ publicKey }: { publicKey: string }) => keyBlob(publicKey) === keyBlob(text);
  for (const { spec } of objects) {
    if (spec.kind === "SshKey" && isSame(spec)) return { name: plainName(spec.name) };
    const own = spec.kind === "Server" ? spec.createOnly.keys.find(isSame) : undefined;
    if (own !== undefined) return { name: own.name };
  }
  return { name: keyName(text), publicKey: text.trim() };
}
