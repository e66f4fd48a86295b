import type { PortSpec, ServerSpec } from "../../resources/spec.ts";
import type { PortFields } from "../../schemas/types.ts";
import { canonicalJson, sha256 } from "./canonical.ts";
import type { CompiledObject } from "./compile.ts";
import type { Context, Result } from "./context.ts";
import { type Entry, placeOfName } from "./entries.ts";
import { fieldFault } from "./file.ts";
import { unknown } from "./server.ts";
import type { FieldFault } from "./validate.ts";

/** A port on its account. */
export function compilePort({ kind: _, ...fields }: PortFields, context: Context): Result<PortSpec> {
  const account = context.find("Account", fields.account);
  if (account === undefined) return broken(unknown(["account"], "Account", fields.account, context));
  const cloud = context.find("cloud", account.provider);
  if (!cloud?.capabilities.ports)
    return broken([fieldFault(["account"], `${cloud?.title ?? account.provider} has no ports of networks`)]);
  const spec: PortSpec = { kind: "Port", ...fields, provider: account.provider };
  return { spec, hash: "", createHash: "", faults: [], notes: [] };
}

function broken(faults: FieldFault[]): Result<PortSpec> {
  return { hash: "", createHash: "", faults, notes: [] };
}

/** A port as an object of its account. Whom it was taken over from is no part of what it is. */
export function portObject(spec: PortSpec, { file }: Entry): CompiledObject<PortSpec> {
  const { adopt: _, ...live } = spec;
  const hash = sha256(canonicalJson(live));
  return { spec, hash, createHash: hash, path: file.path, blob: file.blob };
}

/** Ports that two servers want to be plugged into, or a server and the machine that a port is for. */
export function portFaults(
  entries: ReadonlyMap<string, Entry>,
  servers: ReadonlyMap<string, { spec: ServerSpec }>,
  ports: Iterable<PortSpec>,
): [Entry, FieldFault][] {
  const machines = new Map([...ports].flatMap(({ name, machine }) => (machine === undefined ? [] : [[name, machine]])));
  const faults: [Entry, FieldFault][] = [];
  const takers = new Map<string, Entry>();
  for (const [name, { spec }] of servers) {
    for (const [index, port] of (spec.ports ?? []).entries()) {
      const entry = entries.get(name)!;
      const machine = machines.get(port);
      if (machine !== undefined)
        faults.push([
          entry,
          fieldFault(["ports", index], `"${port}" is for the machine ${machine}, as its own file says`),
        ]);
      const other = takers.get(port);
      if (other === undefined) takers.set(port, entry);
      else
        faults.push([
          entry,
          fieldFault(["ports", index], `"${port}" is also a port of the one in ${placeOfName(other)}`),
        ]);
    }
  }
  return faults;
}
