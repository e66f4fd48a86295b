import * as pulumi from "@pulumi/pulumi";
import type { Declarations } from "../cloud.ts";
import { machineOptions, requiredId } from "../declaring.ts";
import { linesOf } from "./firewall.ts";
import { serverInputs } from "./inputs.ts";
import { aggregateTags, keyName } from "./names.ts";
import {
  Aggregate,
  AggregateHost,
  KeyPair,
  Port,
  PortAttachment,
  SecurityGroup,
  Server,
  Snapshot,
} from "./resource.ts";

/** What applies when a server is made. */
const CREATE_ONLY = ["image", "keyName", "userData", "networks", "ports", "configDrive", "bootVolumeGiB"];

export const declarations: Declarations = {
  declareServer(server, context) {
    const { userData, ...inputs } = serverInputs(server, context);
    const securityGroups = server.firewalls.map((firewall) => requiredId(server, "firewall", firewall, context));
    const resource = new Server(
      context.identity,
      {
        ...inputs,
        securityGroups,
        ...(userData === undefined ? {} : { userData: pulumi.secret(userData) }),
      },
      machineOptions(context, CREATE_ONLY),
    );
    for (const name of server.ports ?? []) {
      const port = requiredId(server, "port", name, context);
      const args = { server: resource.id, port, securityGroups };
      new PortAttachment(`${context.identity}.${name}`, args, { ...context.opts, deleteBeforeReplace: true });
    }
    return { id: resource.id };
  },

  declareShared(object, { identity, mark, serverId, opts }) {
    switch (object.kind) {
      case "Firewall":
        new SecurityGroup(`firewall.${identity}`, { mark, name: object.name, rules: linesOf(object) }, opts);
        return;
      case "SshKey":
        new KeyPair(
          `key.${identity}`,
          { name: keyName(object.name, mark), publicKey: object.publicKey.trim() },
          { ...opts, deleteBeforeReplace: true },
        );
        return;
      case "Aggregate":
        new Aggregate(
          `aggregate.${identity}`,
          {
            mark,
            name: object.name,
            metadata: aggregateTags(object, mark),
            ...(object.availabilityZone === undefined ? {} : { availabilityZone: object.availabilityZone }),
            ...(object.adopt === undefined ? {} : { adopt: object.adopt }),
          },
          opts,
        );
        return;
      case "Port": {
        const { name, network, description, machine, adopt } = object;
        const given = {
          ...(description === undefined ? {} : { description }),
          ...(machine === undefined ? {} : { machine }),
          ...(adopt === undefined ? {} : { adopt }),
        };
        new Port(`port.${identity}`, { mark, name, network, ...given }, { ...opts, deleteBeforeReplace: true });
        return;
      }
      case "Snapshot": {
        const { name } = object;
        // Once it is there its server is no matter, and may have gone.
        const options = { ...opts, ignoreChanges: ["server"], deleteBeforeReplace: true };
        const labels = Object.entries(object.labels).map(([key, value]) => `${key}:${value}`);
        new Snapshot(`snapshot.${identity}`, { mark, name, server: serverId ?? "gone", labels }, options);
        return;
      }
      case "AggregateHost":
        new AggregateHost(
          `host.${identity}`,
          {
            host: object.name,
            aggregate: object.aggregate,
            ...(object.takenFrom === undefined ? {} : { takenFrom: object.takenFrom }),
          },
          opts,
        );
        return;
    }
  },
};
