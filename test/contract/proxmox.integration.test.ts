import { clouds } from "../../resources/registry.ts";
import { PROXMOX_TOKEN, startProxmox } from "../../simulators/proxmox/index.ts";
import { serverSpec } from "../resources/fixtures.ts";
import { patchOf, simulatedPeer } from "./peers.ts";
import { describeCloud } from "./suite.ts";

describeCloud("proxmox", peer, {
  "never take omit for": "the list has no total to hold it against; the core looks twice, directly",
  "list all pages": "the list has no pages",
});
function peer() {
  return simulatedPeer(clouds.proxmox, startProxmox, {
    credentials: { token: PROXMOX_TOKEN },
    paths: { list: "/cluster/resources", observe: "/nodes/[^/]+/qemu/\\d+/" },
    server: serverSpec({
      size: "",
      resources: { vcpus: 2, memoryMiB: 2048 },
      region: "pve1",
      createOnly: { image: "debian-12", keys: [] },
    }),
    make: async (client, server, mark) => {
      const { name, tags, region, power } = clouds.proxmox.expect(server, mark);
      const { vcpus, memoryMiB } = server.resources;
      return (await client.addForeign(patchOf({ name, tags, region, power, size: `${vcpus}x${memoryMiB}` }))).id;
    },
  });
}
