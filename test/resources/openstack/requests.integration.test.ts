import { afterEach, expect, it, vi } from "vitest";
import { linesOf } from "../../../resources/openstack/firewall.ts";
import { openstack } from "../../../resources/openstack/index.ts";
import { openstackSpec } from "../../simulators/openstack/specs.ts";
import { SPECS_ABSENT } from "../../simulators/spec.ts";
import { firewallSpec } from "../declared.ts";
import { serverSpec } from "../fixtures.ts";
import { MARKS, runContext, serverInputs, startBench } from "./bench.ts";

const spec = openstackSpec(93);
afterEach(() => vi.restoreAllMocks());

it.skipIf(!spec)(
  `requests to OpenStack, for all that is read and done, are as the official descriptions say${spec ? "" : ` (${SPECS_ABSENT})`}`,
  async () => {
    const bench = await startBench();
    const complaints: string[] = [];
    const seen = new Set<string>();
    const real = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const response = await real(input, init);
      const { pathname } = new URL(String(input));
      if (pathname.startsWith("/_simulator")) return response;
      const method = init?.method ?? "GET";
      seen.add(`${method} ${pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\d+(?=\/action)/g, ":id")}`);
      if (init?.body) complaints.push(...spec!.checkRequest(method, pathname, JSON.parse(String(init.body))));
      const text = await response.clone().text();
      if (text && response.ok)
        complaints.push(...spec!.checkResponse(method, pathname, response.status, JSON.parse(text)));
      return response;
    });

    try {
      const call = bench.call();
      const key = {
        name: `ops ${MARKS[2]}`,
        publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR a",
      };
      await bench.key.create(key, runContext());
      const rules = { mark: MARKS[1]!, name: "web", rules: linesOf(firewallSpec({ outboundPolicy: "drop" })) };
      const group = await bench.group.create(rules, runContext());
      await bench.group.update(
        group.id,
        { inputs: rules, outputs: {} },
        { ...rules, name: "web-2", rules: [] },
        runContext(),
      );
      const inputs = serverInputs({
        keyName: key.name,
        securityGroups: [group.id],
        userData: "#!/bin/sh\n",
        networks: ["private"],
        configDrive: true,
      });
      const { id } = await bench.server.create(inputs, runContext());
      const news = { ...inputs, name: "web-2", flavor: "m1.medium", tags: [MARKS[0]!, "a:b"], securityGroups: [] };
      await bench.server.update(id, { inputs, outputs: {} }, news, runContext());
      await bench.server.create(
        serverInputs({ mark: MARKS[3]!, flavor: "v1.medium", bootVolumeGiB: 10 }),
        runContext(),
      );
      await openstack.claim(id, MARKS[0]!.replace("a", "b"), call);
      await openstack.claim(id, MARKS[0]!, call);
      await openstack.findByMark(MARKS[0]!, serverSpec(), call);
      await openstack.observe("3f0c4d4e-4c8d-4a2b-9a63-7b1f0c5d2e11", call);
      await Array.fromAsync(openstack.list(call));
      await openstack.catalog(call);
      await openstack.firewalls.list(call);
      for (const action of ["suspend", "resume", "shutdown", "start", "reboot", "reset", "stop"] as const) {
        await openstack.power(id, action, call);
      }
      const spot = { host: "gpu-host-3", aggregate: "A100-n3-spot" };
      await bench.host.update(
        "gpu-host-3",
        { inputs: spot, outputs: {} },
        { ...spot, aggregate: "A100-n3" },
        runContext(),
      );
      await openstack.hosts.instances("gpu-host-3", call);
      const made = { mark: MARKS[2]!, name: "new", metadata: [MARKS[2]!, "class:spot"], availabilityZone: "zone-d" };
      const aggregate = await bench.aggregate.create(made, runContext());
      await bench.aggregate.update(
        aggregate.id,
        { inputs: made, outputs: {} },
        { ...made, name: "newer" },
        runContext(),
      );
      await bench.aggregate.delete(aggregate.id, { inputs: made, outputs: {} }, runContext());
      await bench.server.delete(id, { inputs: news, outputs: {} }, runContext());
      await bench.group.delete(group.id, { inputs: rules, outputs: {} }, runContext());
      await bench.key.delete(key.name, { inputs: key, outputs: {} }, runContext());
    } finally {
      await bench.simulator.close();
    }

    expect(complaints).toEqual([]);
    expect(seen.size).toBeGreaterThan(30);
  },
  40_000,
);
