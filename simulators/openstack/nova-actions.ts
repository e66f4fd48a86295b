import { novaError } from "./errors.ts";
import { later } from "./lifecycle.ts";
import { consoleOutput } from "./nova-consoles.ts";
import { checkMetadata } from "./nova-metadata.ts";
import { invalid, jsonOf, type NovaContext, viewerOf } from "./nova-request.ts";
import { checkLock, touch } from "./nova-server.ts";
import { schedule } from "./schedule.ts";
import type { Image, SimServer, VmState, World } from "./world.ts";

interface Action {
  /** States in which nova takes it. */
  from: readonly VmState[];
  /** What is shown while it is at work. */
  task: string;
  to: VmState;
  /** Name in the error. */
  verb: string;
}

const SIMPLE: Readonly<Record<string, Action>> = {
  "os-start": { from: ["stopped"], task: "powering-on", to: "active", verb: "start" },
  "os-stop": { from: ["active", "error", "rescued"], task: "powering-off", to: "stopped", verb: "stop" },
  suspend: { from: ["active"], task: "suspending", to: "suspended", verb: "suspend" },
  resume: { from: ["suspended"], task: "resuming", to: "active", verb: "resume" },
  pause: { from: ["active"], task: "pausing", to: "paused", verb: "pause" },
  unpause: { from: ["paused"], task: "unpausing", to: "active", verb: "unpause" },
  unshelve: { from: ["shelved_offloaded"], task: "spawning", to: "active", verb: "unshelve" },
  shelve: {
    from: ["active", "stopped", "paused", "suspended"],
    task: "shelving",
    to: "shelved_offloaded",
    verb: "shelve",
  },
};

const HARD_FROM: readonly VmState[] = ["active", "stopped", "paused", "suspended", "error"];

/** `POST /servers/ID/action`: the body's one key says what. */
export async function actionRoute(c: NovaContext, server: SimServer, world: World): Promise<Response> {
  const body = await jsonOf(c);
  const [name = "", ...more] = Object.keys(body);
  if (more.length > 0 || name === "") throw novaError(400, "Malformed request body");
  checkLock(c, server);
  const parameters = body[name] as Record<string, unknown> | null;
  const simple = SIMPLE[name];
  if (simple) {
    run(server, world, simple);
    return c.body(null, 202);
  }
  switch (name) {
    case "reboot": {
      const kind = String(parameters?.type ?? "").toUpperCase();
      if (kind !== "SOFT" && kind !== "HARD") throw invalid("type", parameters?.type, `is not one of ['HARD', 'SOFT']`);
      const from: readonly VmState[] = kind === "SOFT" ? ["active"] : HARD_FROM;
      run(server, world, {
        from,
        task: kind === "SOFT" ? "rebooting" : "rebooting_hard",
        to: "active",
        verb: "reboot",
      });
      return c.body(null, 202);
    }
    case "resize":
      resize(server, String(parameters?.flavorRef ?? ""), world);
      return c.body(null, 202);
    case "confirmResize":
      settle(server, world, true);
      return c.body(null, 204);
    case "revertResize":
      settle(server, world, false);
      return c.body(null, 202);
    case "addSecurityGroup":
    case "removeSecurityGroup":
      changeGroup(server, String(parameters?.name ?? ""), name === "addSecurityGroup", world);
      return c.body(null, 202);
    case "createImage":
      return createImage(c, server, parameters ?? {}, world);
    case "lock":
    case "unlock":
      server.locked = name === "lock";
      touch(server, world);
      return c.body(null, 202);
    case "os-resetState":
      server.vm = parameters?.state === "active" ? "active" : "error";
      server.task = null;
      touch(server, world);
      return c.body(null, 202);
    case "forceDelete":
      world.removeServer(server);
      return c.body(null, 202);
    case "os-getConsoleOutput":
      return c.json({ output: consoleOutput(server, parameters?.length, world) });
    default:
      throw novaError(400, `There is no such action: ${name} (${viewerOf(c).minor})`);
  }
}

function check(server: SimServer, verb: string, from: readonly VmState[]): void {
  if (!from.includes(server.vm)) {
    throw novaError(409, `Cannot '${verb}' instance ${server.id} while it is in vm_state ${server.vm}`);
  }
  if (server.task !== null) {
    throw novaError(409, `Cannot '${verb}' instance ${server.id} while it is in task_state ${server.task}`);
  }
}

function run(server: SimServer, world: World, { from, task, to, verb }: Action): void {
  check(server, verb, from);
  if (server.vm === "error" && server.launchedAt === null) {
    throw novaError(409, `Instance ${server.id} has not been launched yet`);
  }
  server.task = task;
  touch(server, world);
  later(server, world, world.timing.actionMs, () => Object.assign(server, { vm: to, task: null }));
}

/** To another flavor, on a host that has room; the old one is kept until somebody confirms. */
function resize(server: SimServer, ref: string, world: World): void {
  const flavor = world.flavors.get(ref);
  if (!flavor) throw novaError(400, "Invalid flavorRef provided.");
  if (flavor.id === server.flavor.id) throw novaError(400, "When resizing, instances must change flavor!");
  check(server, "resize", ["active", "stopped"]);
  const before = server.vm;
  server.task = "resize_prep";
  touch(server, world);
  const { actionMs } = world.timing;
  const zone = server.host === undefined ? server.zone : world.zoneOf(server.host);
  later(server, world, actionMs / 2, () => {
    const host = schedule(world, flavor, zone, server);
    // Nova leaves a server that no other host can take as it was, and says so only in its log of actions.
    if (!host) {
      server.task = null;
      return;
    }
    server.task = "resize_finish";
    later(server, world, actionMs / 2, () => {
      Object.assign(server, {
        oldFlavor: server.flavor,
        oldState: before,
        flavor,
        host: host.name,
        vm: "resized",
        task: null,
      });
    });
  });
}

function settle(server: SimServer, world: World, confirm: boolean): void {
  check(server, confirm ? "confirm resize" : "revert resize", ["resized"]);
  server.task = confirm ? "resize_confirming" : "resize_reverting";
  touch(server, world);
  later(server, world, world.timing.actionMs / 2, () => {
    if (!confirm && server.oldFlavor) server.flavor = server.oldFlavor;
    server.vm = server.oldState ?? "active";
    server.task = null;
    delete server.oldFlavor;
    delete server.oldState;
  });
}

/** An image of the server's disk, which Glance has at once and which Nova fills. */
function createImage(c: NovaContext, server: SimServer, given: Record<string, unknown>, world: World): Response {
  const { name, metadata = {} } = given;
  if (typeof name !== "string" || name === "" || name.length > 255)
    throw invalid("name", name ?? null, "is too short or too long");
  const properties = checkMetadata(metadata, world.quota(server.project).metadata_items);
  check(server, "createImage", ["active", "stopped", "paused", "suspended"]);
  const { actionMs } = world.timing;
  const image: Image = {
    id: world.ids.uuid(),
    name,
    minDisk: server.flavor.disk,
    sizeBytes: server.flavor.disk * 1024 ** 3,
    visibility: "private",
    owner: server.project,
    status: "queued",
    properties: {
      ...properties,
      image_type: "snapshot",
      instance_uuid: server.id,
      base_image_ref: server.image ?? "",
      user_id: server.user,
    },
    createdAt: world.clock.now(),
  };
  world.images.set(image.id, image);
  server.task = "image_snapshot";
  touch(server, world);
  later(server, world, actionMs / 2, () => {
    server.task = "image_uploading";
    if (world.images.has(image.id)) image.status = "saving";
    later(server, world, actionMs / 2, () => {
      server.task = null;
      image.status = "active";
    });
  });
  // Nova takes away what it could not finish.
  world.clock.after(actionMs, () => {
    if (world.servers.get(server.id) === undefined && image.status !== "active") world.images.delete(image.id);
  });
  const minor = c.get("minor");
  if (minor >= 45) return c.json({ image_id: image.id }, 202);
  c.header("location", `${viewerOf(c).origin}/image/v2/images/${image.id}`);
  return c.body(null, 202);
}

function changeGroup(server: SimServer, name: string, add: boolean, world: World): void {
  const group = [...world.groups.values()].find(
    (candidate) => candidate.project === server.project && (candidate.name === name || candidate.id === name),
  );
  if (!group) throw novaError(404, `Security group ${name} not found for project ${server.project}.`);
  const ports = world.portsOf(server.id);
  if (!add && !ports.some((port) => port.groups.includes(group.id))) {
    throw novaError(404, `Security group ${name} not associated with the instance ${server.id}`);
  }
  for (const port of ports) {
    const others = port.groups.filter((id) => id !== group.id);
    port.groups = add ? [...others, group.id] : others;
  }
}
