import { secretValues } from "../../../../resources/secrets.ts";
import type { ServerSecrets } from "../../../../resources/spec.ts";
import { told } from "../../../changes/changes.ts";
import { sealServerSecrets, secretFingerprints } from "../../../credentials/server-secrets.ts";
import { act, type Composed } from "../../dialect/act.ts";
import { Refusal } from "../../dialect/refusal.ts";
import type { VpsApi } from "../api.ts";
import { type Provider, providerById, providerFor } from "../providers.ts";
import type { VpsAnswer, VpsCall } from "../route.ts";
import { instantOf } from "../times.ts";
import type { CreateBody } from "./body.ts";
import { checkScript, imageOf, orderOf, refuseForeign } from "./choices.ts";
import { idOf, nameOf } from "./ids.ts";
import { ownerOf } from "./owner.ts";
import { inRequestsWords } from "./refused.ts";
import { keysOf, refuseStrange } from "./ssh-keys.ts";
import { STATUS_WORDS } from "./statuses.ts";

/**
 * Has an instance made, and answers once the cloud has said its id. What the cloud refuses until then is taken back before it is told.
 * @throws {Refusal}
 */
export async function createInstance(api: VpsApi, call: VpsCall<CreateBody>): Promise<VpsAnswer> {
  const { body, principal, signal } = call;
  const { controller, service, patience } = api;
  const secrets = secretsOf(body);
  const asked = ["POST /api/vps", { ...body, ...(await secretFingerprints(controller, secrets)) }];
  let sealed: string[] = [];
  const compose = async (seed: string) => {
    const found = await composeInstance(api, call, secrets, seed);
    sealed = secretValues(found.sealed ?? {});
    return found;
  };
  try {
    const request = {
      dialect: "vps",
      op: "create",
      by: principal,
      asked,
      compose,
      until: "id",
      waitMs: patience.createMs,
    } as const;
    const acted = await act({ controller, service }, request, signal);
    await acted.answered();
    const { instance } = acted.composed as ComposedInstance;
    const { id: change, createdAt } = acted.change!;
    const answer = { ...instance, provider_instance_id: acted.id ?? "", created_at: instantOf(createdAt) };
    return { status: 201, change, body: { success: true, instance: inOrder(answer) } };
  } catch (error) {
    const refusal = inRequestsWords(error);
    // With a change, its end has erased them; nobody will ask for these.
    if (refusal.change === undefined && !signal.aborted) await controller.store.eraseServerSecrets(sealed);
    throw refusal;
  }
}

interface ComposedInstance extends Composed {
  /** References to what was sealed for it. */
  sealed: ServerSecrets | undefined;
  instance: Omit<Instance, "provider_instance_id" | "created_at">;
}

interface Instance {
  id: string;
  provider_id: string;
  provider_type: string;
  provider_instance_id: string;
  label: string;
  status: string;
  ip_address: null;
  region: string;
  created_at: string;
}

const inOrder = ({ id, provider_id, provider_type, provider_instance_id, label, ...rest }: Instance): Instance => ({
  id,
  provider_id,
  provider_type,
  provider_instance_id,
  label,
  status: rest.status,
  ip_address: rest.ip_address,
  region: rest.region,
  created_at: rest.created_at,
});

export async function composeInstance(
  api: VpsApi,
  { body, principal, signal }: VpsCall<CreateBody>,
  secrets: ServerSecrets,
  seed: string,
): Promise<ComposedInstance> {
  const view = await api.view();
  const provider = providerOf(view, body);
  refuseForeign(provider, body);
  const order = orderOf(view, provider, body, api.controller.now());
  const image = await imageOf(api, view, provider, principal, body, signal);
  if (provider.type === "linode") await checkScript(api, provider, body, image, signal);
  const keys = keysOf(view, principal, provider.spec, body.sshKeys ?? []);
  const { vpc_uuid: vpc } = body;
  if (vpc) refuseStrange(principal, [vpc], provider.spec.options.openVpcs, "vpc_uuid");
  const options = optionsOf(provider, body, keys.ids);
  const id = idOf(seed);
  const name = nameOf(id);
  const owner = ownerOf(principal);
  const labels = labelsOf(body.tags ?? []);
  // The last that may be refused: nobody would erase what was sealed for nothing.
  const hasSecrets = Object.keys(secrets).length > 0;
  const sealed = hasSecrets ? await sealServerSecrets(api.controller, name, secrets, told(principal)) : undefined;
  const create = {
    title: body.label,
    uuid: id,
    ...(HOST_NAME.test(body.label) && { hostname: body.label }),
    account: provider.name,
    ...order,
    image,
    ...(keys.names.length > 0 && { keys: keys.names }),
    owner,
    ...labels,
    ...(body.ipv6 && { ipv6: true }),
    ...(body.monitoring && { monitoring: true }),
    ...(body.backups && { backups: true }),
    deletionPolicy: "delete",
    ...(sealed && { secrets: sealed }),
    ...(Object.keys(options).length > 0 && { provider: options }),
  };
  return {
    title: `Create ${name}`,
    objects: [{ kind: "Server", name }, ...keys.names.map((key) => ({ kind: "SshKey" as const, name: key }))],
    owner,
    sealed,
    wishes: [...keys.wishes, { kind: "Server", name, create }],
    instance: {
      id,
      provider_id: provider.id,
      provider_type: provider.type,
      label: body.label,
      status: STATUS_WORDS.creating,
      ip_address: null,
      region: order.region,
    },
  };
}

const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

const secretsOf = ({ rootPassword, stackscriptData }: CreateBody): ServerSecrets => ({
  ...(rootPassword && { rootPassword }),
  ...(stackscriptData && Object.keys(stackscriptData).length > 0 && { stackscriptData }),
});

function providerOf(
  view: Parameters<typeof providerFor>[0],
  { provider_id: id, provider_type: type }: CreateBody,
): Provider {
  if (type === undefined && !id)
    throw new Refusal("invalid", "provider_id or provider_type is missing", { field: "provider_id" });
  return providerFor(view, type ?? providerById(view, id!).type, id ?? undefined);
}

/** What only one cloud has, in the words of its files. */
function optionsOf({ type }: Provider, { vpc_uuid, privateIP, stackscriptId }: CreateBody, ids: string[]): object {
  if (type === "linode") {
    if (ids.length > 0) throw new Refusal("invalid", "Linode takes public keys, and no ids", { field: "sshKeys" });
    // Labels are unique within an account, and callers may call theirs alike.
    return { labelFrom: "name", ...(privateIP && { privateIp: true }), ...(stackscriptId && { stackscriptId }) };
  }
  return { ...(vpc_uuid && { vpcUuid: vpc_uuid }), ...(ids.length > 0 && { sshKeys: ids }) };
}

const TAG = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const TAG_VALUE = /^[A-Za-z0-9_./@ -]{0,128}$/;

/** Tags are labels without values; one of the form `key:value` is a label with one. @throws {Refusal} invalid */
function labelsOf(tags: readonly string[]): { labels?: Record<string, string | null> } {
  if (tags.length === 0) return {};
  const labels = tags.map((tag): [string, string | null] => {
    const [key = "", ...values] = tag.split(":");
    const value = values.length === 0 ? null : values.join(":");
    if (TAG.test(key) && (value === null || TAG_VALUE.test(value))) return [key, value];
    const why = "a tag is letters, digits and inner `_`, `.` or `-`, at most 63, or two such with a colon between";
    throw new Refusal("invalid", why, { field: "tags" });
  });
  return { labels: Object.fromEntries(labels) };
}
