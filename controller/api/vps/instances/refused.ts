import { FleetError } from "../../../../resources/errors.ts";
import { Refusal, refusalOf } from "../../dialect/refusal.ts";

/** The request's own name for what a fleet file calls otherwise. */
const FIELDS: Readonly<Record<string, string>> = {
  size: "type",
  plan: "type",
  title: "label",
  hostname: "label",
  labels: "tags",
  keys: "sshKeys",
  publicKey: "sshKeys",
  account: "provider_id",
  "provider.sshKeys": "sshKeys",
  "provider.vpcUuid": "vpc_uuid",
  "provider.privateIp": "privateIP",
  "provider.stackscriptId": "stackscriptId",
  "secrets.rootPassword": "rootPassword",
  "secrets.stackscriptData": "stackscriptData",
};
const SAME = ["region", "image", "backups", "ipv6", "monitoring"];

/** Words of the clouds for what they refuse, the narrower ones first. */
const CLOUD_WORDS: readonly (readonly [words: RegExp, field: string])[] = [
  [/stackscript_data/i, "stackscriptData"],
  [/stackscript/i, "stackscriptId"],
  [/root_pass|password/i, "rootPassword"],
  [/authorized_keys|ssh[_ ]?key|key of this account/i, "sshKeys"],
  [/\bvpc/i, "vpc_uuid"],
  [/\bimage\b/i, "image"],
  [/\bsize\b|\btype\b|\bplan\b/i, "type"],
  [/\bregion\b/i, "region"],
  [/\blabel\b|\bname\b/i, "label"],
  [/\btags?\b/i, "tags"],
];

/** `servers/a.yaml:7:9: region: it says why` */
const PROBLEM = /(?:^|\s)\S+\.yaml:\d+:\d+: ([\w.[\]-]+): (.*)$/m;

/**
 * A refusal that names the request's field, where the fleet's files or the cloud have named theirs. What the cloud says of a field is an input that is
 * wrong; all else that it says is its own error.
 */
export function inRequestsWords(error: unknown): Refusal {
  const refusal = refusalOf(error);
  if (refusal.field !== undefined) return refusal;
  const { message, change, cause } = refusal;
  const place = change === undefined ? {} : { change };
  const [, path = "", why = ""] = (refusal.kind === "invalid" && PROBLEM.exec(message)) || [];
  if (path !== "") return new Refusal("invalid", why, { ...place, ...fieldOf(path) }, { cause });
  if (!(cause instanceof FleetError) || cause.code !== "CLOUD_REFUSED") return refusal;
  const field = CLOUD_WORDS.find(([words]) => words.test(message))?.[1];
  return field === undefined ? refusal : new Refusal("invalid", message, { ...place, field }, { cause });
}

function fieldOf(path: string): { field?: string } {
  const steps = path.split(/[.[]/);
  const field = FIELDS[steps.slice(0, 2).join(".")] ?? FIELDS[steps[0]!] ?? SAME.find((one) => one === steps[0]);
  return field === undefined ? {} : { field };
}
