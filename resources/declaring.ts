import * as pulumi from "@pulumi/pulumi";
import type { ServerContext } from "./cloud.ts";
import { FleetError } from "./errors.ts";
import type { ServerSpec } from "./spec.ts";

/** How every machine is declared: what applies only when it is made is no change later, and a raised `rebuild` replaces it. */
export function machineOptions({ opts, rebuild }: ServerContext, createOnly: readonly string[]) {
  return {
    ...opts,
    ignoreChanges: [...createOnly, ...((opts.ignoreChanges as string[] | undefined) ?? [])],
    // Declared from 0 on: the trigger acts only between two recorded values.
    replacementTrigger: rebuild,
    deleteBeforeReplace: true,
  } satisfies pulumi.CustomResourceOptions;
}

/** The id of what the base stack makes: unknown in a first preview, which runs before it does; undefined when it is not there. */
export function idIfMade(ids: Readonly<Record<string, string>>, name: string): pulumi.Input<string> | undefined {
  const id = ids[name];
  if (id !== undefined || !pulumi.runtime.isDryRun()) return id;
  return pulumi.output(pulumi.unknown) as unknown as pulumi.Output<string>;
}

/**
 * The id of a firewall, key or port that the server cannot be declared without.
 * @throws {FleetError} FLEET_INVALID when it is not there
 */
export function requiredId(
  server: ServerSpec,
  kind: "firewall" | "key" | "port",
  name: string,
  { firewallIds, keyIds, portIds = {} }: ServerContext,
  where = "",
): pulumi.Input<string> {
  const id = idIfMade({ firewall: firewallIds, key: keyIds, port: portIds }[kind], name);
  if (id !== undefined) return id;
  const message = `${server.name}: the ${kind} ${name} has not been made yet${where}`;
  throw new FleetError("FLEET_INVALID", message, { server: server.name, [kind]: name });
}
