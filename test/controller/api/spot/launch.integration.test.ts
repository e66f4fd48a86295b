import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gpusOf } from "../../../../controller/api/spot/launch.ts";
import { SPOT_ROUTES } from "../../../../controller/api/spot/routes.ts";
import { listen } from "../../../../controller/listener.ts";
import { type AccountDrift, findFleetDrift } from "../../../../controller/reconcile/drift.ts";
import type { Execution } from "../../../../controller/reconcile/execute.ts";
import { signal } from "../../changes/desk.ts";
import { openApiFault, schemathesis, schemathesisMissing } from "../fleet/schemathesis.ts";
import { LaunchSite, type Told } from "./launch-site.ts";
import { stepsOf } from "./walk.ts";

/** Launches, networks and firewalls of the spot manager, with real git, database and engine. */
const TIMEOUT = 240_000;
const IMAGE = "RunPod Ubuntu 22.04";
/** No record and no machine has it. */
const NOBODY = "11111111-1111-4111-8111-111111111111";

let site: LaunchSite;
let image: string;
beforeAll(async () => {
  site = await LaunchSite.open();
  const { body } = await site.ask("GET", "/api/hyperstack/images?region=canada-1");
  image = body.data.find(({ name }: { name: string }) => name === IMAGE).id;
}, TIMEOUT);
afterAll(async () => {
  await site?.close();
});

const launch = (hostname: string, more: object = {}) => ({ hostname, image_name: IMAGE, image_id: image, ...more });
const preview = (hostname: string, more?: object) => site.post("preview-runpod-launch", launch(hostname, more));
const execute = (hostname: string) => site.post("execute-runpod-launch", launch(hostname));
const ok = ({ status, body }: Told) => {
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body.status).toBe("success");
  expect(Object.keys(body).sort()).toEqual(["data", "status"]);
  return body.data;
};
/** A refusal in the document's words. */
const no = (status: number, words: RegExp) => ({
  status,
  body: { status: "error", error: expect.stringMatching(words), details: expect.any(Object) },
});
const machines = async () => (await site.hyperstack.servers()).map(({ name }) => name).sort();

describe("images of Hyperstack", () => {
  it("have the documented fields, of one region where it is asked for", async () => {
    const all = ok(await site.ask("GET", "/api/hyperstack/images"));
    const canada = ok(await site.ask("GET", "/api/hyperstack/images?region=canada-1"));

    expect(canada).toContainEqual({ id: image, name: IMAGE, region: "canada-1", size: "20GB", type: "runpod" });
    expect(canada.every((one: { region: string }) => one.region === "canada-1")).toBe(true);
    expect(all.length).toBeGreaterThan(canada.length);
    for (const one of all) expect(Object.keys(one).sort()).toEqual(["id", "name", "region", "size", "type"]);
  });
});

describe("a launch", () => {
  it("is previewed with the command, without its key, and launches nothing", async () => {
    const head = site.head();

    const data = ok(await preview("gpu-host-001"));

    expect(data).toEqual({
      command: expect.stringMatching(
        /^curl -X POST 'https:\/\/infrahub-api\.nexgencloud\.com\/v1\/core\/virtual-machines' -H "api_key: \$HYPERSTACK_API_KEY" /,
      ),
      masked_command: expect.stringContaining("-H 'api-key: ****'"),
      estimated_resources: { flavor: "n3-L40x8", gpu_count: 8 },
    });
    expect(data.command).toContain('"name":"gpu-host-001","environment_name":"default-CANADA-1"');
    expect(JSON.stringify(data)).not.toContain(site.fleet.environment.FLEETWRIGHT_HYPERSTACK_KEY);
    expect([site.head(), await machines()]).toEqual([head, []]);
  });

  it.each([
    ["n3-L40-8", 8],
    ["n3-RTX-A6000x4", 4],
    ["n3-L40x1", 1],
    ["n3-L40", 1],
  ])("counts the GPUs of %s", (flavor, count) => {
    expect(gpusOf(flavor)).toBe(count);
  });

  it("is refused for a host or image that is not there, or a host of another class", async () => {
    expect(await preview("gpu-host-999")).toMatchObject(no(404, /gpu-host-999/));
    expect(await preview("gpu-host-001", { image_id: "img-1" })).toMatchObject(no(404, /img-1/));
    expect(await preview("gpu-host-001", { image_name: "Other" })).toMatchObject(no(400, /is called/));
    expect(await execute("gpu-host-002")).toMatchObject(no(400, /L40-n3, .*runpod/));
    expect(await site.post("execute-runpod-launch", { hostname: "gpu-host-001" })).toMatchObject(no(400, /missing/));
  });

  it(
    "is 503 while Hyperstack is gone, and nothing is half done",
    async () => {
      const head = site.head();
      const gone = { match: { path: "^/v1/" }, action: { kind: "status", status: 503 }, times: 1000 } as const;
      await site.hyperstack.fault(gone);

      const told = await Promise.all([
        preview("gpu-host-001"),
        execute("gpu-host-001"),
        site.ask("GET", "/api/hyperstack/images"),
        site.post("hyperstack/firewall/get-attachments", { firewall_id: "971" }),
        site.post("hyperstack/firewall/update-attachments", { firewall_id: "971", vm_ids: ["vm-123"] }),
      ]);

      await site.hyperstack.clearFaults();
      expect(told.map(({ status, body }) => [status, body.status])).toEqual(told.map(() => [503, "error"]));
      expect(site.head()).toBe(head);
    },
    TIMEOUT,
  );

  it(
    "makes a machine of the host's name by the settings of its aggregate, with a port and behind the firewall",
    async () => {
      const gone = new AbortController();
      const asked = ["POST", "/api/execute-runpod-launch", launch("gpu-host-001")] as const;
      const lost = site.ask(...asked, gone.signal).catch(() => undefined);
      await site.desk.until(
        async () => (await site.desk.changes.list({}, 1))[0]?.title === "Launch a machine on gpu-host-001",
      );
      gone.abort();
      await lost;

      // The same request again joins the one whose answer was lost.
      const told = await execute("gpu-host-001");

      expect(ok(told)).toEqual({
        vm_id: expect.stringMatching(/^\d+$/),
        hostname: "gpu-host-001",
        image_name: IMAGE,
        status: "BUILDING",
        flavor: "n3-L40x8",
        network_setup: true,
        firewall_configured: true,
      });
      const change = await site.desk.in(told.headers.get("fleetwright-change")!, "converged");
      const files = ["ports/gpu-host-001-storage.yaml", "servers/hyper-main/gpu-host-001.yaml"];
      expect([...change.files].sort()).toEqual(files);
      const [machine] = await site.hyperstack.servers();
      expect(machine).toMatchObject({ id: told.body.data.vm_id, name: "gpu-host-001", size: "n3-L40x8", image: IMAGE });
      const firewall_id = (await site.idOf("Firewall", "runpod@CANADA-1"))!;
      const attached = ok(await site.post("hyperstack/firewall/get-attachments", { firewall_id }));
      expect(attached).toEqual({ firewall_id, vm_ids: [machine!.id] });
      expect(await execute("gpu-host-001")).toMatchObject(no(400, /has machines already: gpu-host-001/));
    },
    TIMEOUT,
  );

  it(
    "that nova puts on another host is told so, and one beyond the policy's cap is refused and closed",
    async () => {
      // Nova takes the first free one, which is another than the one that was asked for.
      const told = await execute("gpu-host-004");

      expect(told).toMatchObject(no(500, /on gpu-host-003 rather than gpu-host-004/));
      expect(told.body.details).toMatchObject({ host: "gpu-host-003", vm_id: expect.any(String) });
      await site.desk.in(told.body.details.change, "converged");
      // Whose a machine is said to be frees no place either.
      site.fleet.git("reset", "-q", "--hard", "main");
      site.fleet.edit("servers/hyper-main/gpu-host-001.yaml", (text) =>
        text.replace("owner: spot-manager", "owner: ann"),
      );
      site.fleet.commit("Give it to Ann");
      await site.desk.service.look();
      const head = site.head();
      expect(await execute("gpu-host-005")).toMatchObject(no(400, /at most 2/));
      expect(site.head()).toBe(head);
      expect(await machines()).toEqual(["gpu-host-001", "gpu-host-004"]);
    },
    TIMEOUT,
  );
});

describe("networks and servers of OpenStack", () => {
  const show = async () => ok(await site.post("openstack/network/show", { network_name: "storage-network" }));

  it("are shown by their names and ids", async () => {
    expect(await show()).toEqual({
      id: expect.any(String),
      name: "storage-network",
      status: "ACTIVE",
      subnets: [expect.any(String)],
      shared: false,
      external: false,
    });
    const uuid = ok(await site.post("openstack/server/get-uuid", { server_name: "gpu-host-001" }));
    expect(uuid).toEqual({ server_name: "gpu-host-001", server_uuid: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    const { server_uuid } = uuid;
    const state = ok(await site.post("openstack/server/status", { server_uuid }));
    expect(state).toEqual({ server_uuid, status: "ACTIVE" });

    expect(await site.post("openstack/network/show", { network_name: "none" })).toMatchObject(no(404, /none/));
    expect(await site.post("openstack/server/get-uuid", { server_name: "none" })).toMatchObject(no(404, /none/));
    expect(await site.post("openstack/server/status", { server_uuid: NOBODY })).toMatchObject(no(404, /1111/));
    expect(await site.post("openstack/server/status", {})).toMatchObject(no(400, /server_uuid is missing/));
  });

  it(
    "get a port once, and a server of the fleet is plugged into it by its file",
    async () => {
      const { id: network_id } = await show();
      const create = (port_name: string, on = network_id) =>
        site.post("openstack/port/create", { network_id: on, port_name });

      const port = ok(await create("storage-port-001"));

      const fields = { name: "storage-port-001", network_id, status: "DOWN", ip_addresses: [expect.any(String)] };
      expect(port).toEqual({ id: await site.idOf("Port", "storage-port-001"), ...fields });
      expect(ok(await create("storage-port-001"))).toEqual(port);
      expect(await create("storage-port-002", NOBODY)).toMatchObject(no(404, /1111/));
      expect(await create("Not a name")).toMatchObject(no(400, /name/));

      const add = (server_uuid: string, port_id = port.id) =>
        site.post("openstack/server/add-network", { server_uuid, port_id });
      const ours = (await site.idOf("Server", "ci-1"))!;
      const told = await add(ours);
      expect(ok(told)).toEqual({ server_uuid: ours, port_id: port.id });
      expect(site.fleet.git("show", "main:servers/ci-1.yaml")).toMatch(
        /ports: \[storage-port-001\]|- storage-port-001/,
      );
      expect((await create("storage-port-001")).body.data.status).toBe("ACTIVE");
      expect((await add(ours)).headers.get("fleetwright-change")).toBeNull();

      const { id: foreign } = await site.openstack.addForeign({ name: "by-hand" });
      expect(await add(foreign)).toMatchObject(no(400, new RegExp(foreign)));
      expect(await add(NOBODY)).toMatchObject(no(404, /1111/));
      expect(await add(ours, NOBODY)).toMatchObject(no(404, /1111/));
    },
    TIMEOUT,
  );
});

describe("a port for a machine that was launched", () => {
  const uuidOf = async (server_name: string) =>
    ok(await site.post("openstack/server/get-uuid", { server_name })).server_uuid as string;
  const isIn = (port: string, server: string | undefined) => async () => (await site.port(port))?.device_id === server;

  it(
    "is plugged in by itself once OpenStack shows the machine running, whatever the drift policy",
    async () => {
      await site.desk.until(isIn("gpu-host-001-storage", await uuidOf("gpu-host-001")));

      const file = site.fleet.git("show", "main:ports/gpu-host-001-storage.yaml");
      expect(file).toMatch(/^machine: gpu-host-001$/m);
    },
    TIMEOUT,
  );

  it(
    "is given to it by add-network too, which its file then says",
    async () => {
      const { id: network_id } = ok(await site.post("openstack/network/show", { network_name: "storage-network" }));
      const port = ok(await site.post("openstack/port/create", { network_id, port_name: "archive" }));
      const server_uuid = await uuidOf("gpu-host-001");

      const told = await site.post("openstack/server/add-network", { server_uuid, port_id: port.id });

      expect(ok(told)).toEqual({ server_uuid, port_id: port.id });
      expect(site.fleet.git("show", "main:ports/archive.yaml")).toMatch(/^machine: gpu-host-001$/m);
      expect(await site.port("archive")).toMatchObject({ device_id: server_uuid });
    },
    TIMEOUT,
  );
});

describe("drift of ports", () => {
  const drift = async () => await findFleetDrift(site.desk.controller, site.desk.service.desired!, signal);
  const told = (accounts: AccountDrift[]) =>
    accounts.flatMap(({ drifted }) =>
      drifted.map(({ object, name, kind, fields }) => ({ object, name, kind, fields })),
    );

  it(
    "is told and brought back: another text, a port pulled out of its machine, and a port that is gone with the server in it",
    async () => {
      const [ours, archive] = [(await site.port("storage-port-001"))!, (await site.port("archive"))!];
      await site.desk.until(async () => told(await drift()).length === 0);
      await site.stack("network", "PUT", `/ports/${archive.id}`, { port: { description: "whose?" } });

      const unmarked = told(await drift());
      await site.stack("network", "PUT", `/ports/${archive.id}`, {
        port: { description: archive.description, name: "mine" },
      });
      await site.stack("compute", "DELETE", `/servers/${archive.device_id}/os-interface/${archive.id}`);
      await site.stack("network", "DELETE", `/ports/${ours.id}`);
      await site.desk.until(async () => (await site.port("mine"))?.device_id === "");
      const report = await drift();
      const { reverted } = await site.fleet.json<{ reverted: Execution }>(["drift", "--revert", "--yes"]);

      expect(unmarked).toEqual([
        {
          object: "Port",
          name: "archive",
          kind: "changed",
          fields: [{ path: "description", desired: "", actual: "whose?" }],
        },
      ]);
      expect(report.map(({ account, ports }) => [account, ports])).toEqual([
        ["hyper-main", 0],
        ["stack-main", 4],
      ]);
      expect(told(report)).toEqual([
        {
          object: "Port",
          name: "archive",
          kind: "changed",
          fields: [
            { path: "name", desired: "archive", actual: "mine" },
            { path: "machine", desired: "gpu-host-001" },
          ],
        },
        { object: "Port", name: "storage-port-001", kind: "gone", fields: [] },
      ]);
      expect(reverted, JSON.stringify(reverted)).toMatchObject({ converged: 3, failed: 0 });
      const anew = (await site.port("storage-port-001"))!;
      expect(anew.id).not.toBe(ours.id);
      expect(anew.device_id).toBe(await site.idOf("Server", "ci-1"));
      expect(await site.port("archive")).toEqual(archive);
      expect(told(await drift())).toEqual([]);

      // What carries a mark that this fleet has given, and no record names.
      const { network_id, description } = ours;
      const left = { name: "left-over", network_id, description };
      await site.stack("network", "POST", "/ports", { port: left });
      expect((await drift()).flatMap(({ orphans }) => orphans)).toEqual([
        expect.objectContaining({ object: "Port", name: "left-over" }),
      ]);
    },
    TIMEOUT,
  );
});

describe("a firewall of Hyperstack", () => {
  it(
    "has exactly the machines of the call behind it afterwards, and refuses those that are not the fleet's by their ids",
    async () => {
      const firewall_id = (await site.idOf("Firewall", "runpod@CANADA-1"))!;
      const update = (vm_ids: string[], id = firewall_id) =>
        site.post("hyperstack/firewall/update-attachments", { firewall_id: id, vm_ids });
      const [one, two] = [await site.idOf("Server", "gpu-host-001"), await site.idOf("Server", "gpu-host-004")];
      const stranger = await site.hyperstack.addForeign({ region: "CANADA-1", size: "n1-cpu-small" });
      const head = site.head();

      expect(await update([one!, stranger.id])).toMatchObject(no(400, new RegExp(stranger.id)));
      expect(await update(["vm-123"])).toMatchObject(no(400, /vm-123/));
      expect(await update([one!], "4711")).toMatchObject(no(404, /4711/));
      expect(site.head()).toBe(head);

      const told = await update([two!]);
      expect(ok(told)).toEqual({ firewall_id, vm_ids: [two] });
      const change = await site.desk.changes.get(told.headers.get("fleetwright-change")!);
      expect(change.files.map((path) => path.split("/").at(-1))).toEqual(["gpu-host-001.yaml"]);
      expect(ok(await update([two!]))).toEqual({ firewall_id, vm_ids: [two] });
    },
    TIMEOUT,
  );
});

describe("every endpoint", () => {
  /** Of the documented codes; what is not there has these ids. */
  const FOUND_NOTHING: Record<string, object> = {
    "preview-runpod-launch": { hostname: "gpu-host-999", image_name: IMAGE, image_id: "0" },
    "execute-runpod-launch": { hostname: "gpu-host-999", image_name: IMAGE, image_id: "0" },
    "openstack.network.show": { network_name: "none" },
    "openstack.port.create": { network_id: NOBODY, port_name: "storage-port-009" },
    "openstack.server.add-network": { server_uuid: NOBODY, port_id: NOBODY },
    "openstack.server.get-uuid": { server_name: "none" },
    "openstack.server.status": { server_uuid: NOBODY },
    "hyperstack.firewall.get-attachments": { firewall_id: "4711" },
    "hyperstack.firewall.update-attachments": { firewall_id: "4711", vm_ids: [] },
  };
  it.each(stepsOf("launch"))(
    "$id answers with the documented errors, each by its fault",
    async ({ id, method, path, codes }) => {
      const body = FOUND_NOTHING[id];
      const ask = (more = body) => site.ask(method, path, more);
      const drive: Record<number, () => Promise<Told>> = {
        400: () => (body === undefined ? site.ask(method, `${path}?region=${"x".repeat(9000)}`) : ask({})),
        404: () => (body === undefined ? site.ask(method, `${path}/none`) : ask()),
        500: () => (id.startsWith("openstack") ? refused(ask) : broken(ask)),
        503: () => keyless(ask),
      };
      for (const code of codes) {
        const told = await drive[code]!();
        expect([code, told.status, Object.keys(told.body).sort()], JSON.stringify(told.body)).toEqual([
          code,
          code,
          ["details", "error", "status"],
        ]);
      }
    },
  );
});

/** While OpenStack refuses our key. */
async function refused(ask: () => Promise<Told>): Promise<Told> {
  const action = { kind: "status", status: 403 } as const;
  await site.openstack.fault({ match: { path: "/networks|/servers|/ports" }, times: 100, action });
  return await ask().finally(() => site.openstack.clearFaults());
}

/** While the service itself has a fault. */
async function broken(ask: () => Promise<Told>): Promise<Told> {
  const { controller } = site.desk;
  const { account } = controller;
  const fail = () => {
    throw new Error("nobody has expected this");
  };
  Object.assign(controller, { account: fail });
  return await ask().finally(() => Object.assign(controller, { account }));
}

/** While the credentials are not set. */
async function keyless(ask: () => Promise<Told>): Promise<Told> {
  const environment = site.desk.controller.environment as Record<string, string>;
  const names = ["FLEETWRIGHT_OS_SECRET", "FLEETWRIGHT_HYPERSTACK_KEY"];
  const kept = Object.fromEntries(names.map((name) => [name, environment[name]!]));
  for (const name of names) environment[name] = "";
  return await ask().finally(() => Object.assign(environment, kept));
}

it("all of that is in the command log, without a key", async () => {
  const log = ok(await site.ask("GET", "/api/command-log"));

  const commands = log.map(({ command }: { command: string }) => command);
  expect(commands).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^openstack port create --network [0-9a-f-]{36} storage-port-001$/),
      "openstack server add port ci-1 storage-port-001",
      expect.stringMatching(/virtual-machines' -H 'api-key: \*\*\*\*' .*"name":"gpu-host-001".*"key_name":"ops"/),
      expect.stringMatching(/virtual-machines\/\d+\/attach-firewalls' -H 'api-key: \*\*\*\*'/),
    ]),
  );
  expect(JSON.stringify(log)).not.toContain(site.fleet.environment.FLEETWRIGHT_HYPERSTACK_KEY);
});

it(
  "a port goes once its server has been pulled out of it, both by one commit, and nothing is bought",
  async () => {
    const port = (await site.idOf("Port", "storage-port-001"))!;
    site.fleet.git("reset", "-q", "--hard", "main");
    site.fleet.write({ "ports/storage-port-001.yaml": null });
    site.fleet.edit("servers/ci-1.yaml", (text) => text.replace(/^ports:.*\n(\s+-.*\n)*/m, ""));
    site.fleet.commit("Take the port away");

    await site.desk.until(async () => (await site.idOf("Port", "storage-port-001")) === undefined);

    const uuid = (await site.idOf("Server", "ci-1"))!;
    const told = await site.post("openstack/server/add-network", { server_uuid: uuid, port_id: port });
    expect(told).toMatchObject(no(404, new RegExp(port)));
    expect((await site.openstack.servers()).filter(({ name }) => name === "ci-1").map(({ id }) => id)).toEqual([uuid]);
  },
  TIMEOUT,
);

/** Requests that nobody has thought of, made from the description: a tool that knows nothing else has to find each answer as described. */
const missing = await schemathesisMissing();

describe.skipIf(missing !== undefined)(`its description (${missing ?? "schemathesis"})`, () => {
  it(
    "is OpenAPI 3.1, and whatever is asked by it is answered as it says, without an error of ours",
    async () => {
      const listener = await listen(site.app.fetch, { hostname: "127.0.0.1", port: 0 });
      const description = join(site.fleet.root, "openapi.json");
      writeFileSync(description, await (await fetch(`${listener.url}/openapi/spot.json`)).text());

      const { code, said } = await schemathesis([
        ...["run", description, "--url", listener.url],
        ...[
          "--checks",
          "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        ],
        ...["--phases", "fuzzing", "--max-examples", "3", "--request-timeout", "60"],
        ...["--generation-deterministic", "--warnings", "off", "--no-shrink", "--continue-on-failure"],
      ]).finally(() => listener.close());

      expect([code, code === 0 ? "" : said]).toEqual([0, ""]);
      expect(said).toContain(`Tested: ${SPOT_ROUTES.length}\n`);
      expect(await openApiFault(description)).toBe("");
    },
    TIMEOUT,
  );
});
