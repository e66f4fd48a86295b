import { Hono } from "hono";
import type { Auth } from "./auth.ts";
import type { Cluster } from "./cluster.ts";
import { PveError } from "./errors.ts";
import { FIELDS } from "./fields.ts";
import { answer, errorAnswer, type PveContext, parametersOf } from "./http.ts";
import { nodeRoutes } from "./node-routes.ts";
import { PRIVILEGES } from "./privileges.ts";
import { nodeView, resourceView } from "./views.ts";
import { vmRoutes } from "./vm-routes.ts";

export type PveApp = Hono<{ Bindings: PveContext["env"]; Variables: { user: string } }>;

/** The API under `/api2/json`. */
export function createApi(cluster: Cluster, auth: Auth): Hono {
  const app: PveApp = new Hono();
  const api: PveApp = new Hono();

  app.onError((error, c) =>
    errorAnswer(c, error instanceof PveError ? error : new PveError(500, error instanceof Error ? error.message : "?")),
  );
  app.notFound((c) => {
    const path = c.req.path.replace(/^\/api2\/json/, "");
    return errorAnswer(c, new PveError(501, `Method '${c.req.method} ${path}' not implemented`));
  });

  api.post("/access/ticket", async (c) => {
    const { username = "", password = "", realm } = await parametersOf(c, FIELDS.ticket);
    return answer(c, auth.login(username, password, realm));
  });
  api.use("*", async (c, next) => {
    c.set("user", auth.user(c.req.method, c.req.raw.headers));
    await next();
  });
  clusterRoutes(api, cluster);
  // Its one user may do everything, everywhere; a token of it without privileges of its own may do the same.
  api.get("/access/permissions", async (c) => {
    const { path } = await parametersOf(c, FIELDS.permissions);
    return answer(c, { [path ?? "/"]: Object.fromEntries(PRIVILEGES.map((privilege) => [privilege, 1])) });
  });
  api.route("/nodes/:node/qemu", vmRoutes(cluster));
  api.route("/nodes/:node", nodeRoutes(cluster));
  app.route("/api2/json", api);
  return app as unknown as Hono;
}

function clusterRoutes(api: PveApp, cluster: Cluster): void {
  api.get("/version", (c) => answer(c, { version: "9.1.4", release: "9.1", repoid: "0123456789abcdef" }));

  api.get("/cluster/status", (c) => {
    const nodes = cluster.nodes.map(({ name, id, ip }, index) => {
      return {
        id: `node/${name}`,
        type: "node",
        name,
        nodeid: id,
        ip,
        online: 1,
        local: index === 0 ? 1 : 0,
        level: "",
      };
    });
    const { name } = cluster;
    return answer(c, [{ id: "cluster", type: "cluster", name, nodes: nodes.length, quorate: 1, version: 2 }, ...nodes]);
  });

  api.get("/cluster/nextid", async (c) => {
    const { vmid } = await parametersOf(c, FIELDS.nextid);
    if (vmid === undefined) return answer(c, cluster.nextId());
    if (cluster.vms.has(Number(vmid))) {
      throw new PveError(400, "Parameter verification failed.", { vmid: `VM ${vmid} already exists` });
    }
    return answer(c, Number(vmid));
  });

  api.get("/cluster/resources", async (c) => {
    const { type } = await parametersOf(c, FIELDS.resources);
    const vms = [...cluster.vms.values()].map((vm) => resourceView(vm, cluster));
    const nodes = cluster.nodes.map((node) => nodeView(node, cluster));
    const storages = cluster.nodes.flatMap((node) =>
      cluster.storages.map(({ storage, type: plugintype, content, totalBytes }) => {
        const id = `storage/${node.name}/${storage}`;
        const shared = { node: node.name, storage, status: "available", shared: 0, plugintype };
        return { id, type: "storage", ...shared, content: content.join(","), disk: 0, maxdisk: totalBytes };
      }),
    );
    const pools = cluster.pools.map((pool) => ({ id: `/pool/${pool}`, type: "pool", pool }));
    if (type === undefined) return answer(c, [...pools, ...vms, ...nodes, ...storages]);
    return answer(c, { vm: vms, node: nodes, storage: storages, sdn: [] }[type]);
  });

  api.get("/cluster/tasks", (c) =>
    answer(
      c,
      cluster.tasks
        .list()
        .slice(0, 25)
        .map(({ log, pid, pstart, ...task }) => task),
    ),
  );

  api.get("/storage", (c) =>
    answer(
      c,
      cluster.storages.map(({ storage, type, content }) => ({ storage, type, content: content.join(",") })),
    ),
  );

  api.get("/pools", (c) =>
    answer(
      c,
      cluster.pools.map((poolid) => ({ poolid })),
    ),
  );

  api.get("/nodes", (c) =>
    answer(
      c,
      cluster.nodes.map((node) => nodeView(node, cluster)),
    ),
  );
}
