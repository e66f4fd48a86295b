import type { ServerProblem } from "../problems.ts";
import type { Labels, ServerSpec } from "../spec.ts";
import type { Tag } from "./answers.ts";
import type { AwsOptions } from "./schemas.ts";

/** The tag that holds our owner mark. */
export const MARK_TAG = "fleetwright-mark";
/** What the console shows as a machine's name. */
export const NAME_TAG = "Name";
const KEY_LENGTH = 128;
export const VALUE_LENGTH = 256;
/** EC2 takes 50 tags; the name and the mark are two. */
const MOST_LABELS = 48;
const MOST_GROUPS = 5;
const IMAGE = /^(ami-[0-9a-f]{8,17}|resolve:ssm:\/[\w./-]+)$/;
const MOST_USER_DATA_BYTES = 16 * 1024;

/** An instance as the core knows it: `eu-west-1/i-0abc…`. */
export function serverId(region: string, instance: string): string {
  return `${region}/${instance}`;
}

/** Region and instance of `serverId`, or undefined. */
export function parseServerId(id: string): { region: string; instance: string } | undefined {
  const parts = /^([a-z]{2}(?:-[a-z]+)+-\d)\/(i-[0-9a-f]{8,17})$/.exec(id);
  return parts ? { region: parts[1]!, instance: parts[2]! } : undefined;
}

/** The tags that a machine carries from its creating request on. */
export function tagsFor(hostname: string, labels: Readonly<Labels>, mark: string): Record<string, string> {
  const values = Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, value ?? ""]));
  return { ...values, [NAME_TAG]: hostname, [MARK_TAG]: mark };
}

/** Tags in the words of the core: the mark, and `key:value` for a label (`key` where the value is empty). AWS's own are left out. */
export function tagTexts(tags: readonly Tag[]): string[] {
  return tags
    .filter(({ key }) => key !== NAME_TAG && !key.startsWith("aws:"))
    .map(({ key, value }) => (key === MARK_TAG ? value : labelText(key, value)))
    .sort();
}

export function labelTexts(labels: Readonly<Labels>): string[] {
  return Object.entries(labels).map(([key, value]) => labelText(key, value));
}

/** Tags of EC2 are pairs already, so every text can be told apart again. */
export function labelsIn(texts: readonly string[], mark: string | undefined): Record<string, string> {
  return Object.fromEntries(
    texts
      .filter((text) => text !== mark)
      .map((text) => {
        const colon = text.indexOf(":");
        const key = colon < 0 ? text : text.slice(0, colon);
        return [key.replaceAll("%3A", ":").replaceAll("%25", "%"), colon < 0 ? "" : text.slice(colon + 1)];
      }),
  );
}

function labelText(key: string, value: string | null): string {
  const escaped = key.replaceAll("%", "%25").replaceAll(":", "%3A");
  return value === null || value === "" ? escaped : `${escaped}:${value}`;
}

/** Names are unique: of keys in a region, of groups in a VPC. The mark keeps two fleets on one account apart. */
export function sharedName(name: string, mark: string): string {
  return `${name} ${mark}`;
}

/** What EC2 cannot take, by path in the server's file. */
export function problems(server: ServerSpec): ServerProblem[] {
  const options: AwsOptions = server.options;
  const { keys, userData } = server.createOnly;
  const groups = server.firewalls.length + (options.securityGroups?.length ?? 0);
  const found = [...labelProblems(server.labels)];
  const problem = (when: boolean, path: string, message: string) => {
    if (when) found.push({ path, message });
  };
  problem(server.hostname.length > VALUE_LENGTH, "hostname", `is longer than the ${VALUE_LENGTH} characters of a tag`);
  problem(
    groups === 0,
    "firewalls",
    "is empty, and EC2 puts every machine in a security group: name a firewall, or an existing group in `provider.securityGroups`",
  );
  problem(
    !IMAGE.test(server.createOnly.image),
    "image",
    "is neither an AMI (ami-…) nor a public parameter that names one (resolve:ssm:/aws/service/…)",
  );
  problem(
    options.rootDiskGiB !== undefined && !server.createOnly.image.startsWith("ami-"),
    "provider.rootDiskGiB",
    "needs an image by its id (ami-…): the plugin looks up the image's root device",
  );
  problem(groups > MOST_GROUPS, "firewalls", `are ${groups} security groups; EC2 takes ${MOST_GROUPS} at a machine`);
  problem(
    keys.length + (options.sshKeys?.length ?? 0) > 1,
    "keys",
    "are several; EC2 puts one key on a machine, others go into `userData`",
  );
  problem(
    keys.some(({ publicKey }) => !/^ssh-(rsa|ed25519) /.test(publicKey.trim())),
    "keys",
    "hold one that is neither RSA nor ED25519, which is all that EC2 takes",
  );
  problem(
    userData !== undefined && "text" in userData && Buffer.byteLength(userData.text) > MOST_USER_DATA_BYTES,
    "userData",
    `is longer than the ${MOST_USER_DATA_BYTES / 1024} KiB that EC2 takes`,
  );
  return found;
}

function labelProblems(labels: Readonly<Labels>): { path: string; message: string }[] {
  const entries = Object.entries(labels);
  const tooMany = {
    path: "labels",
    message: `are ${entries.length}; EC2 takes ${MOST_LABELS} beside the name and the mark`,
  };
  const each = entries.flatMap(([key, value]) => {
    const path = `labels.${key}`;
    if (key === NAME_TAG || key === MARK_TAG) return [{ path, message: "is a tag that Fleetwright writes itself" }];
    if (/^aws:/i.test(key)) return [{ path, message: "begins with aws:, which AWS keeps for itself" }];
    if (key.length > KEY_LENGTH) return [{ path, message: `is longer than ${KEY_LENGTH} characters` }];
    return value !== null && value.length > VALUE_LENGTH
      ? [{ path, message: `has a value of more than ${VALUE_LENGTH} characters` }]
      : [];
  });
  return entries.length > MOST_LABELS ? [tooMany, ...each] : each;
}

/** Graviton and other ARM machines, by the letters behind the generation: `t4g.small`, `c7gn.large`, `a1.medium`. */
export function isArm(size: string): boolean {
  return /^(a1|[a-z]+\d+[a-z-]*g[a-z0-9-]*|mac2[a-z0-9-]*)\./.test(size) && !/^[a-z]*\d+i?-flex\./.test(size);
}
