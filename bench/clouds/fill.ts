import { inParallel } from "../../controller/reconcile/pool.ts";
import type { AppliedObject } from "../../controller/store/types.ts";
import { ownerMark } from "../../resources/mark.ts";
import type { ServerSpec } from "../../resources/spec.ts";
import { type Peer, serverOn } from "./peers.ts";

/** Puts servers on a simulated cloud as if the fleet had made them, and answers the records of them. */
export async function fill(peer: Peer, servers: number): Promise<AppliedObject[]> {
  const numbers = Array.from({ length: servers }, (_, index) => index);
  return await inParallel(numbers, 8, async (index) => {
    const document = serverOn(peer.name, index);
    const mark = ownerMark("bench", "Server", `${peer.name}/${document.name}`, 0);
    return recordOf(document, mark, await add(peer, document, mark));
  });
}

async function add({ cloud, control }: Peer, document: ServerSpec, mark: string): Promise<string> {
  const { name, tags, size, region } = cloud.expect(document, mark);
  const { vcpus, memoryMiB } = document.resources;
  const { id } = await control.addForeign({
    ...(name === undefined ? {} : { name }),
    ...(tags === undefined ? {} : { tags }),
    ...(region === undefined ? {} : { region }),
    // Without sizes, the simulator has processors and memory in their place.
    ...(cloud.capabilities.sizes ? { size: size! } : { size: `${vcpus}x${memoryMiB}` }),
    image: document.createOnly.image,
    power: "running",
  });
  return id;
}

function recordOf(document: ServerSpec, mark: string, cloudId: string): AppliedObject {
  const { account, name } = document;
  return {
    account,
    kind: "Server",
    name,
    identity: name,
    stack: `${account}-0`,
    generation: 0,
    mark,
    hash: "",
    document,
    cloudId,
    commit: "0".repeat(40),
    refresh: false,
  };
}
