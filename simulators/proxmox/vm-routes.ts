import { Hono } from "hono";
import { clone } from "./clone.ts";
import type { Cluster } from "./cluster.ts";
import { badParameters } from "./errors.ts";
import { FIELDS } from "./fields.ts";
import { addRule, changeOptions, changeRule, optionsView, removeRule, rulesView, ruleView } from "./firewall.ts";
import { guestInterfaces } from "./guest.ts";
import { answer, type PveContext, parametersOf } from "./http.ts";
import { create, destroy, resize } from "./lifecycle.ts";
import { update } from "./options.ts";
import { act, POWER_ACTIONS } from "./power.ts";
import type { PveApp } from "./routes.ts";
import { rrdView } from "./rrd.ts";
import { summaryOf } from "./summary.ts";
import { configView, statusView, vmView } from "./views.ts";

/** `/nodes/{node}/qemu/…`. */
export function vmRoutes(cluster: Cluster): PveApp {
  const api: PveApp = new Hono();

  api.get("/", async (c) => {
    await parametersOf(c, FIELDS.vmList);
    const node = cluster.node(c.req.param("node") ?? "").name;
    const vms = [...cluster.vms.values()].filter((vm) => vm.node === node);
    return answer(
      c,
      vms.map((vm) => vmView(vm, cluster)),
    );
  });
  api.post("/", async (c) => {
    const given = await parametersOf(c, FIELDS.create);
    return answer(c, create(cluster, c.get("user"), c.req.param("node") ?? "", given));
  });
  api.delete("/:vmid", async (c) => {
    const given = await parametersOf(c, FIELDS.destroy);
    return answer(c, destroy(cluster, c.get("user"), ...place(c), given));
  });

  api.get("/:vmid/config", async (c) => {
    const { current } = await parametersOf(c, FIELDS.config);
    return answer(c, configView(cluster.vm(...place(c)), current === "1"));
  });
  api.put("/:vmid/config", async (c) => {
    const given = await parametersOf(c, FIELDS.update);
    update(cluster, cluster.vm(...place(c)), given);
    return answer(c, null);
  });
  api.post("/:vmid/config", async (c) => {
    const given = await parametersOf(c, FIELDS.updateAsync);
    const [node, vmid] = place(c);
    const vm = cluster.vm(node, vmid);
    const work = async () => update(cluster, vm, given);
    return answer(c, cluster.tasks.start(node, "qmconfig", String(vmid), c.get("user"), work));
  });

  api.post("/:vmid/clone", async (c) => {
    const given = await parametersOf(c, FIELDS.clone);
    return answer(c, clone(cluster, c.get("user"), ...place(c), given));
  });
  api.put("/:vmid/resize", async (c) => {
    const given = await parametersOf(c, FIELDS.resize);
    return answer(c, resize(cluster, c.get("user"), ...place(c), given));
  });

  api.get("/:vmid/status/current", (c) => answer(c, statusView(cluster.vm(...place(c)), cluster)));
  api.get("/:vmid/rrddata", async (c) => {
    const { timeframe = "" } = await parametersOf(c, FIELDS.rrddata);
    const vm = cluster.vm(...place(c));
    return answer(c, rrdView(vm, summaryOf(vm, cluster), timeframe, Date.now()));
  });
  for (const action of POWER_ACTIONS) {
    api.post(`/:vmid/status/${action}`, async (c) => {
      const given = await parametersOf(c, FIELDS[action]);
      return answer(c, act(cluster, c.get("user"), ...place(c), action, given));
    });
  }
  api.get("/:vmid/agent/network-get-interfaces", (c) =>
    answer(c, { result: guestInterfaces(cluster.vm(...place(c)), cluster) }),
  );

  firewallRoutes(api, cluster);
  return api;
}

function firewallRoutes(api: PveApp, cluster: Cluster): void {
  const vmOf = (c: PveContext) => cluster.vm(...place(c));
  api.get("/:vmid/firewall/rules", (c) => answer(c, rulesView(vmOf(c))));
  api.post("/:vmid/firewall/rules", async (c) => {
    const given = await parametersOf(c, FIELDS.newRule);
    addRule(vmOf(c), given);
    return answer(c, null);
  });
  api.get("/:vmid/firewall/rules/:pos", (c) => answer(c, ruleView(vmOf(c), posOf(c))));
  api.put("/:vmid/firewall/rules/:pos", async (c) => {
    const given = await parametersOf(c, FIELDS.rule);
    changeRule(vmOf(c), posOf(c), given);
    return answer(c, null);
  });
  api.delete("/:vmid/firewall/rules/:pos", async (c) => {
    const given = await parametersOf(c, FIELDS.noRule);
    removeRule(vmOf(c), posOf(c), given);
    return answer(c, null);
  });
  api.get("/:vmid/firewall/options", (c) => answer(c, optionsView(vmOf(c))));
  api.put("/:vmid/firewall/options", async (c) => {
    const given = await parametersOf(c, FIELDS.firewallOptions);
    changeOptions(vmOf(c), given);
    return answer(c, null);
  });
}

function posOf(c: PveContext): number {
  const pos = c.req.param("pos") ?? "";
  if (!/^\d+$/.test(pos)) throw badParameters({ pos: `type check ('integer') failed - got '${pos}'` });
  return Number(pos);
}

/** @throws {PveError} 400 when the path names no VM id. */
function place(c: PveContext): [node: string, vmid: number] {
  const vmid = c.req.param("vmid") ?? "";
  if (!/^[1-9]\d{2,8}$/.test(vmid)) {
    throw badParameters({ vmid: "invalid format - value does not look like a valid VM ID" });
  }
  return [c.req.param("node") ?? "", Number(vmid)];
}
