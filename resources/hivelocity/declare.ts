import * as pulumi from "@pulumi/pulumi";
import type { Declarations, ServerContext } from "../cloud.ts";
import { idIfMade, machineOptions } from "../declaring.ts";
import { FleetError } from "../errors.ts";
import { refuseProblems } from "../problems.ts";
import type { ServerSpec } from "../spec.ts";
import { keyName, problems, tagsOf } from "./names.ts";
import { CREATE_ONLY } from "./plugin-fields.ts";
import { Device, type DeviceArgs, SshKey } from "./resource.ts";
import { accountOptions, serverOptions } from "./schemas.ts";

export const declarations: Declarations = {
  declareServer(server, context) {
    refuseProblems(server, "hivelocity", problems(server));
    const device = new Device(context.identity, deviceArgs(server, context), machineOptions(context, CREATE_ONLY));
    return { id: device.id };
  },

  declareShared(object, { identity, mark, opts }) {
    if (object.kind !== "SshKey") throw new FleetError("CLOUD_UNSUPPORTED", `Hivelocity has no ${object.kind}`, {});
    const args = { mark, name: keyName(object.name, mark), publicKey: object.publicKey.trim() };
    new SshKey(`key.${identity}`, args, opts);
  },
};

function deviceArgs(server: ServerSpec, context: ServerContext): DeviceArgs {
  const own = serverOptions(server.options);
  const { image, keys } = server.createOnly;
  const [key] = keys;
  // Of a device that is there already the key matters no more, and may be gone.
  const keyId = key ? idIfMade(context.keyIds, key.name) : own.sshKeys?.[0];
  return {
    mark: context.mark,
    productId: Number(server.size),
    location: server.region,
    osName: image,
    hostname: server.hostname,
    tags: tagsOf(server, context.mark),
    period: own.period ?? accountOptions(context.accountOptions ?? {}).period ?? "hourly",
    ...(keyId === undefined ? {} : { publicKeyId: pulumi.output(keyId).apply(Number) }),
    ...(context.userData === undefined ? {} : { script: pulumi.secret(context.userData) }),
    ...(own.vlanId === undefined ? {} : { vlanId: own.vlanId }),
    ...(own.ignitionId === undefined ? {} : { ignitionId: own.ignitionId }),
    ...(own.deviceId === undefined ? {} : { reservedDeviceId: own.deviceId }),
    ...(own.ipxeUrl === undefined ? {} : { ipxeUrl: own.ipxeUrl }),
    ...(own.bonding === undefined ? {} : { bonding: own.bonding }),
  };
}
