import { Device } from "@pulumi/equinix-metal/device.js";
import { ProjectSshKey } from "@pulumi/equinix-metal/projectSshKey.js";
import * as pulumi from "@pulumi/pulumi";
import type { Declarations, ServerContext } from "../cloud.ts";
import { machineOptions } from "../declaring.ts";
import { FleetError } from "../errors.ts";
import { refuseProblems } from "../problems.ts";
import type { ServerSpec } from "../spec.ts";
import { projectOf } from "./http.ts";
import { keyLabel, problems, tagsOf } from "./names.ts";
import type { EquinixOptions } from "./schemas.ts";

/** What applies when a device is made, and would make the plugin replace it later. */
const CREATE_ONLY = [
  "operatingSystem",
  "projectSshKeyIds",
  "userData",
  "billingCycle",
  "hardwareReservationId",
  "ipAddresses",
];

/**
 * No provider is declared: the default one takes the run's token from its environment, so that none is in state and none changes from run to run.
 */
export const declarations: Declarations = {
  declareServer(server, context) {
    refuseProblems(server, "equinix", problems(server));
    const device = new Device(context.identity, deviceArgs(server, context), machineOptions(context, CREATE_ONLY));
    return { id: device.id };
  },

  declareShared(object, { identity, mark, accountOptions, opts }) {
    if (object.kind !== "SshKey") throw new FleetError("CLOUD_UNSUPPORTED", `Equinix Metal has no ${object.kind}`, {});
    new ProjectSshKey(
      `key.${identity}`,
      { name: keyLabel(object.name, mark), publicKey: object.publicKey.trim(), projectId: projectOf(accountOptions) },
      opts,
    );
  },
};

function deviceArgs(server: ServerSpec, context: ServerContext): ConstructorParameters<typeof Device>[1] {
  const { image, keys } = server.createOnly;
  const options: EquinixOptions = server.options;
  const keyIds = [...keys.flatMap(({ name }) => context.keyIds[name] ?? []), ...(options.sshKeys ?? [])];
  return {
    projectId: projectOf(context.accountOptions),
    hostname: server.hostname,
    plan: server.size,
    metro: server.region,
    operatingSystem: image,
    billingCycle: options.billingCycle ?? "hourly",
    tags: tagsOf(server, context.mark),
    ...(keyIds.length > 0 ? { projectSshKeyIds: keyIds } : {}),
    ...(context.userData === undefined ? {} : { userData: pulumi.secret(context.userData) }),
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(options.hardwareReservation === undefined ? {} : { hardwareReservationId: options.hardwareReservation }),
    ...(options.waitForReservation === undefined ? {} : { waitForReservationDeprovision: options.waitForReservation }),
    ...(options.addresses === undefined ? {} : { ipAddresses: options.addresses.map((type) => ({ type })) }),
    ...(options.alwaysPxe === undefined ? {} : { alwaysPxe: options.alwaysPxe }),
    ...(options.ipxeScriptUrl === undefined ? {} : { ipxeScriptUrl: options.ipxeScriptUrl }),
  };
}
