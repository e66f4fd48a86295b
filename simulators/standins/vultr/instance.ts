import { PartialCreation, type PropertyMap } from "../../../resources/plugin/handler.ts";
import { changedNames } from "../diff.ts";
import type { StandinType } from "../resource.ts";
import { pluginError } from "../wire.ts";
import { envelope, getOrGone, step, type VultrClient } from "./client.ts";
import { COMPUTED, FIELDS, type Instance, instanceOutputs } from "./instance-state.ts";
import { until } from "./waiting.ts";

const GONE = "invalid instance ID";
const SOURCES = { osId: "os_id", appId: "app_id", imageId: "image_id", snapshotId: "snapshot_id" } as const;

export const instance: StandinType<VultrClient> = {
  type: "vultr:index/instance:Instance",
  fields: FIELDS,
  computed: COMPUTED,
  secretOutputs: ["defaultPassword"],
  marksDefaults: true,
  readsBy: "resource",
  timeouts: { create: 3600, update: 3600, delete: 1200 },
  metaTimeouts: ["create", "update"],

  validate(inputs) {
    if (inputs.isoId === undefined || inputs.isoId === "") return [];
    return [{ path: "isoId", reason: "the stand-in of the official plugin boots from no ISO; the real one does" }];
  },

  async create(client, inputs, { signal }) {
    checkBackups(inputs, "are set to");
    const answer = await step("error creating server", client.call("POST", "instances", signal, createBody(inputs)));
    const made = envelope<Instance>(answer, "instance");
    const { id } = made;
    const known = { ...inputs, defaultPassword: made.default_password ?? "" };
    const reading = (field: "status" | "power_status") => async () => (await readOne(client, id, signal))[field];
    try {
      const waits = "error while waiting for Server";
      const active = { target: "active", before: ["pending", "installing"] };
      await step(`${waits} ${id} to be completed`, until(client, reading("status"), active, signal));
      const running = { target: "running", before: ["stopped"] };
      await step(`${waits} ${id} to be in a active state `, until(client, reading("power_status"), running, signal));
      if (inputs.backups === "enabled") await setSchedule(client, id, inputs, "error setting backup schedule", signal);
      return { id, outputs: await instanceOutputs(client, await readOne(client, id, signal), known, signal) };
    } catch (error) {
      throw new PartialCreation(id, known, [(error as Error).message], { cause: error });
    }
  },

  async read(client, id, state, signal) {
    const found = await step(
      `error getting instance (${id})`,
      getOrGone<Instance>(client, `instances/${id}`, "instance", GONE, signal),
    );
    return found && instanceOutputs(client, found, state, signal);
  },

  async update(client, id, state, news, { signal }) {
    const changed = changedNames(FIELDS, state, news);
    if (changed.has("backups")) checkBackups(news, "are being set to");
    const body = updateBody(news, changed);
    await step(`error updating instance ${id}`, client.call("PATCH", `instances/${id}`, signal, body));
    if (news.backups === "enabled" && changed.has("backupsSchedule"))
      await setSchedule(client, id, news, `error setting backup for ${id}`, signal);
    if (changed.has("plan")) {
      const reading = async () => (await readOne(client, id, signal)).plan;
      const wanted = { target: String(news.plan), before: [String(state.plan)] };
      await step(
        `error while waiting for instance ${id} to have updated plan `,
        until(client, reading, wanted, signal),
      );
    }
    const known: PropertyMap = { ...news, defaultPassword: state.defaultPassword ?? null };
    return instanceOutputs(client, await readOne(client, id, signal), known, signal);
  },

  // No wait and no look: what the cloud answers is all.
  async delete(client, id, _state, signal) {
    await step(`error destroying instance ${id} `, client.call("DELETE", `instances/${id}`, signal));
  },
};

async function readOne(client: VultrClient, id: string, signal: AbortSignal): Promise<Instance> {
  const answer = step(`error retrieving Server ${id} `, client.call("GET", `instances/${id}`, signal));
  return envelope<Instance>(await answer, "instance");
}

function checkBackups({ backups, backupsSchedule }: PropertyMap, are: string): void {
  if (backups === "enabled" && !backupsSchedule)
    throw pluginError(`Backups ${are} enabled please provide a backups_schedule`);
  if (backups === "disabled" && backupsSchedule)
    throw pluginError(`Backups ${are} disabled please remove backups_schedule`);
}

async function setSchedule(client: VultrClient, id: string, inputs: PropertyMap, what: string, signal: AbortSignal) {
  const { type = null, hour = 0, dow = 0, dom = 0 } = (inputs.backupsSchedule ?? {}) as PropertyMap;
  const body = { type, hour, dow, ...(dom ? { dom } : {}) };
  await step(what, client.call("POST", `instances/${id}/backup-schedule`, signal, body));
}

function createBody(inputs: PropertyMap): PropertyMap {
  const body: PropertyMap = {
    region: inputs.region ?? null,
    plan: inputs.plan ?? null,
    tags: inputs.tags ?? null,
    enable_ipv6: inputs.enableIpv6 ?? false,
    disable_public_ipv4: inputs.disablePublicIpv4 ?? false,
    backups: inputs.backups ?? "disabled",
    ddos_protection: inputs.ddosProtection ?? false,
    activation_email: inputs.activationEmail ?? false,
  };
  for (const [name, field] of Object.entries({
    ...SOURCES,
    label: "label",
    hostname: "hostname",
    firewallGroupId: "firewall_group_id",
    scriptId: "script_id",
    sshKeyIds: "sshkey_id",
  }))
    addSet(body, field, inputs[name]);
  if (typeof inputs.userData === "string" && inputs.userData !== "")
    body.user_data = Buffer.from(inputs.userData).toString("base64");
  return body;
}

/** One request for all that changed; what is empty is left out, so that a firewall group is never taken away. */
function updateBody(news: PropertyMap, changed: ReadonlySet<string>): PropertyMap {
  const body: PropertyMap = {
    tags: changed.has("tags") ? (news.tags ?? []) : null,
    enable_ipv6: news.enableIpv6 ?? false,
    ddos_protection: changed.has("ddosProtection") ? (news.ddosProtection ?? false) : null,
  };
  addSet(body, "label", news.label);
  addSet(body, "firewall_group_id", news.firewallGroupId);
  if (changed.has("plan")) addSet(body, "plan", news.plan);
  if (changed.has("backups")) addSet(body, "backups", news.backups);
  return body;
}

function addSet(body: PropertyMap, field: string, value: PropertyMap[string] | undefined): void {
  const isEmpty =
    value === undefined ||
    value === null ||
    value === "" ||
    value === 0 ||
    (Array.isArray(value) && value.length === 0);
  if (!isEmpty) body[field] = value;
}
