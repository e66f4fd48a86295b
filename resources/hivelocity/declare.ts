import * as pulumi from "@pulumi/pulumi";
import type { Declarations, ServerContext } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import type { ServerSpec } from "../spec.ts";
import { keyName, problems, tagsOf } from "./names.ts";
import { CREATE_ONLY } from "./plugin-fields.ts";
import { Device, type DeviceArgs, SshKey } from "./resource.ts";
import { accountOptions, serverOptions } from "./schemas.ts";

export const declarations: Declarations = {
  declareServer(server, context) {
    const [problem] = problems(server);
    if (problem)
      throw new FleetError("FLEET_INVALID", `${server.name}: ${problem.path}: ${problem.message}`, {
        server: server.name,
      });
    const device = new Device(context.identity, deviceArgs(server, context), {
      ...context.opts,
      ignoreChanges: [...CREATE_ONLY, ...((context.opts.ignoreChanges as string[] | undefined) ?? [])],
      // Declared from 0 on: the trigger acts only between two recorded values.
      replacementTrigger: context.rebuild,
      deleteBeforeReplace: true,
    });
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
  const keyId = key && publicKeyId(key.name, context);
  return {
    mark: context.mark,
    productId: Number(server.size),
    location: server.region,
    osName: image,
    hostname: server.hostname,
    tags: tagsOf(server, context.mark),
    period: own.period ?? accountOptions(context.accountOptions ?? {}).period ?? "hourly",
    ...(keyId === undefined ? {} : { publicKeyId: keyId }),
    ...(context.userData === undefined ? {} : { script: pulumi.secret(context.userData) }),
    ...(own.vlanId === undefined ? {} : { vlanId: own.vlanId }),
    ...(own.ignitionId === undefined ? {} : { ignitionId: own.ignitionId }),
    ...(own.deviceId === undefined ? {} : { reservedDeviceId: own.deviceId }),
    ...(own.ipxeUrl === undefined ? {} : { ipxeUrl: own.ipxeUrl }),
    ...(own.bonding === undefined ? {} : { bonding: own.bonding }),
  };
}

/** Of a device that is there already the key matters no more, and may be gone. */
function publicKeyId(key: string, context: ServerContext): pulumi.Input<number> | undefined {
  const id = context.keyIds[key];
  if (id !== undefined) return Number(id);
  // A first preview runs before the base stack has made the key.
  if (pulumi.runtime.isDryRun()) return pulumi.output(pulumi.unknown) as unknown as pulumi.Output<number>;
  return undefined;
}
