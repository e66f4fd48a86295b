import { Hono } from "hono";
import type { Cluster } from "./cluster.ts";
import { died } from "./errors.ts";
import { FIELDS } from "./fields.ts";
import { splitList } from "./formats.ts";
import { answer, parametersOf } from "./http.ts";
import type { PveApp } from "./routes.ts";
import { networkView, nodeStatusView } from "./views.ts";

/** `/nodes/{node}/…` without its machines: status, tasks, storages, networks. */
export function nodeRoutes(cluster: Cluster): PveApp {
  const api: PveApp = new Hono();

  api.get("/status", (c) => answer(c, nodeStatusView(cluster.node(c.req.param("node") ?? ""), cluster)));

  api.get("/network", async (c) => {
    const { type } = await parametersOf(c, FIELDS.network);
    const all = networkView(cluster.node(c.req.param("node") ?? ""));
    const bridges = type === "bridge" || type === "any_bridge" || type === "any_local_bridge";
    return answer(c, type ? all.filter((entry) => entry.type === (bridges ? "bridge" : type)) : all);
  });

  api.get("/tasks", async (c) => {
    const node = cluster.node(c.req.param("node") ?? "").name;
    const given = await parametersOf(c, FIELDS.tasks);
    const { start = "0", limit = "50", source = "archive", typefilter, vmid, since } = given;
    const tasks = cluster.tasks.list().filter((task) => {
      const running = task.exitstatus === undefined;
      if (task.node !== node || (source === "active" && !running) || (source === "archive" && running)) return false;
      if (given.errors === "1" && task.exitstatus === "OK") return false;
      if (typefilter && task.type !== typefilter) return false;
      return (!vmid || task.id === vmid) && (!since || task.starttime >= Number(since));
    });
    const page = tasks.slice(Number(start), Number(start) + Number(limit));
    return answer(
      c,
      page.map(({ log, exitstatus, ...task }) => ({ ...task, ...(exitstatus ? { status: exitstatus } : {}) })),
      { total: tasks.length },
    );
  });

  api.get("/tasks/:upid/status", (c) => {
    cluster.node(c.req.param("node") ?? "");
    const { log, endtime, ...task } = cluster.tasks.get(c.req.param("upid"));
    return answer(c, { ...task, status: task.exitstatus === undefined ? "running" : "stopped" });
  });

  api.get("/tasks/:upid/log", async (c) => {
    cluster.node(c.req.param("node") ?? "");
    const { start = "0", limit = "50" } = await parametersOf(c, FIELDS.taskLog);
    const { log } = cluster.tasks.get(c.req.param("upid"));
    // A log that has no line yet shows one that says so.
    const lines = (log.length > 0 ? log : ["no content"]).map((t, index) => ({ n: index + 1, t }));
    const page = lines.slice(Number(start), Number(limit) === 0 ? undefined : Number(start) + Number(limit));
    return answer(c, page, { total: lines.length });
  });

  api.get("/storage", async (c) => {
    cluster.node(c.req.param("node") ?? "");
    const { content, storage } = await parametersOf(c, FIELDS.storages);
    const wanted = splitList(content ?? "");
    const views = cluster.storages
      .filter((entry) => wanted.every((kind) => entry.content.includes(kind)))
      .filter((entry) => storage === undefined || entry.storage === storage)
      .map((entry) => {
        const common = { storage: entry.storage, type: entry.type, content: entry.content.join(",") };
        return {
          ...common,
          active: 1,
          enabled: 1,
          shared: 0,
          total: entry.totalBytes,
          used: 0,
          avail: entry.totalBytes,
        };
      });
    return answer(c, views);
  });

  api.get("/storage/:storage/content", async (c) => {
    const node = cluster.node(c.req.param("node") ?? "").name;
    const { content, vmid } = await parametersOf(c, FIELDS.content);
    const storage = cluster.storages.find((entry) => entry.storage === c.req.param("storage"));
    if (!storage) throw died(`storage '${c.req.param("storage")}' does not exist`);
    const volumes = [...cluster.volumes.values()].filter(
      (volume) =>
        volume.node === node &&
        volume.volid.startsWith(`${storage.storage}:`) &&
        (vmid === undefined || volume.vmid === Number(vmid)),
    );
    const views = volumes.map((volume) => {
      return { volid: volume.volid, content: "images", format: "raw", size: volume.sizeBytes, vmid: volume.vmid };
    });
    return answer(c, content === undefined || content === "images" ? views : []);
  });

  return api;
}
