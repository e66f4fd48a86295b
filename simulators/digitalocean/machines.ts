import { type Image, type Sale, SIZES } from "./catalog.ts";
import { unprocessable } from "./errors.ts";
import { type Body, HOST_NAME, readBoolean, requireString } from "./fields.ts";
import type { Action, DigitalOceanWorld, Droplet, Snapshot } from "./world.ts";

export interface NewDroplet {
  size: string;
  region: string;
  image: Image;
  tags: string[];
  backups: boolean;
  ipv6: boolean;
  monitoring: boolean;
  privateNetworking: boolean;
  agent: boolean;
  vpcUuid: string | undefined;
  given?: Droplet["given"];
}

/** Share of the provisioning time until a droplet has its addresses. */
const NETWORK_SHARE = 0.5;

/** What actions look up and leave. */
interface Shop {
  sale: Sale;
  findImage(key: string | number): Image | undefined;
  keep(snapshot: Omit<Snapshot, "id">): void;
}

/** What an action asks of the droplet, and what it leaves. `check` throws the 422. */
interface Kind {
  check?: (droplet: Droplet, body: Body, shop: Shop) => void;
  finish?: (droplet: Droplet, body: Body, startedMs: number, shop: Shop) => void;
}

const mustBe = (status: "active" | "off", text: string) => (droplet: Droplet) => {
  if (droplet.status !== status) throw unprocessable(text);
};
const setStatus = (status: "active" | "off") => (droplet: Droplet) => {
  droplet.status = status;
};
const mustBeOn = mustBe("active", "Droplet must be powered on.");

const KINDS: Record<string, Kind> = {
  power_on: { check: mustBe("off", "Droplet is already powered on."), finish: setStatus("active") },
  power_off: { check: mustBe("active", "Droplet is already powered off."), finish: setStatus("off") },
  shutdown: { check: mustBe("active", "Droplet is already powered off."), finish: setStatus("off") },
  reboot: { check: mustBeOn },
  power_cycle: { check: mustBeOn },
  password_reset: { check: mustBeOn },
  rename: {
    check: (_droplet, body) => void requireString(body, "name", { pattern: HOST_NAME, max: 255 }),
    finish: (droplet, body) => {
      droplet.name = body.name as string;
    },
  },
  resize: { check: checkResize, finish: resize },
  rebuild: {
    check: (_droplet, body, { findImage }) => {
      if (!findImage(body.image as string | number))
        throw unprocessable("You specified an invalid image for a rebuild.");
    },
    finish: (droplet, body, _startedMs, { findImage }) => {
      droplet.image = findImage(body.image as string | number) as Image;
      droplet.status = "active";
    },
  },
  snapshot: {
    check: (_droplet, body) => void requireString(body, "name", { max: 255 }),
    finish: (droplet, body, startedMs, { keep }) =>
      keep({
        name: body.name as string,
        dropletId: droplet.id,
        region: droplet.region,
        createdMs: startedMs,
        minDiskGb: droplet.disk,
        distribution: droplet.image.distribution,
      }),
  },
  enable_backups: {
    check: (droplet) => {
      if (droplet.backups) throw unprocessable("Backups are already enabled.");
    },
    finish: (droplet) => {
      droplet.backups = true;
    },
  },
  disable_backups: {
    check: (droplet) => {
      if (!droplet.backups) throw unprocessable("Backups are already disabled.");
    },
    finish: (droplet) => {
      droplet.backups = false;
    },
  },
  enable_ipv6: {
    check: (droplet) => {
      if (droplet.ipv6) throw unprocessable("IPv6 is already enabled.");
    },
    finish: (droplet) => {
      droplet.ipv6 = true;
    },
  },
};

function checkResize(droplet: Droplet, body: Body, { sale }: Shop): void {
  const size = sale.size(requireString(body, "size"));
  if (!size) throw unprocessable("You specified an invalid size for Droplet resize.");
  if (!size.regions.includes(droplet.region)) throw unprocessable("Size is not available in this region.");
  if (size.slug === droplet.size) throw unprocessable("The Droplet already has this size.");
  if (size.disk < droplet.disk) throw unprocessable("This size is not available because it has a smaller disk.");
  if (droplet.status !== "off") throw unprocessable("Droplet must be powered off to be resized.");
  readBoolean(body, "disk", false);
}

function resize(droplet: Droplet, body: Body): void {
  const size = SIZES.get(body.size as string);
  droplet.size = body.size as string;
  if (body.disk === true && size) droplet.disk = size.disk;
}

/** The life of droplets: each piece of work is an action during which the droplet is locked. */
export class Machines {
  #world: DigitalOceanWorld;
  #work = new Map<number, { cancel: () => void; action: Action }>();

  constructor(world: DigitalOceanWorld) {
    this.#world = world;
  }

  create(name: string, wanted: NewDroplet): { droplet: Droplet; action: Action } {
    const world = this.#world;
    const droplet = this.add(name, wanted, "new");
    const { addresses } = droplet;
    droplet.addresses = undefined;
    world.clock.after(world.provisionMs * NETWORK_SHARE, () => {
      droplet.addresses = addresses;
      if (world.droplets.get(droplet.id)) world.droplets.changed(droplet);
    });
    const action = this.#run(droplet, "create", world.provisionMs, setStatus("active"));
    return { droplet, action };
  }

  /** Puts a droplet there in a state, without an action. */
  add(name: string, wanted: NewDroplet, status: Droplet["status"]): Droplet {
    const world = this.#world;
    return world.droplets.add({
      id: world.ids.integer(),
      name,
      size: wanted.size,
      region: wanted.region,
      image: wanted.image,
      status,
      locked: false,
      createdMs: world.clock.now(),
      disk: SIZES.get(wanted.size)?.disk ?? 0,
      tags: world.knowTags(wanted.tags),
      backups: wanted.backups,
      ipv6: wanted.ipv6,
      monitoring: wanted.monitoring,
      privateNetworking: wanted.privateNetworking,
      agent: wanted.agent,
      vpcUuid: wanted.vpcUuid ?? world.vpcOf(wanted.region),
      snapshotIds: [],
      given: wanted.given ?? { sshKeys: [] },
      addresses: world.address(),
    });
  }

  /** @throws {DigitalOceanError} 422 when the droplet is at work, or not in a state for this action */
  act(droplet: Droplet, body: Body): Action {
    const type = requireString(body, "type");
    const kind = KINDS[type];
    if (!kind) throw unprocessable(`${type} is not a valid action type, or one that is not simulated`);
    if (droplet.locked) throw unprocessable("Droplet already has a pending event.");
    const world = this.#world;
    const shop: Shop = {
      sale: world.sale,
      findImage: (key) => world.findImage(key),
      keep: (snapshot) =>
        void droplet.snapshotIds.push(world.snapshots.add({ id: world.ids.integer(), ...snapshot }).id),
    };
    kind.check?.(droplet, body, shop);
    const startedMs = world.clock.now();
    return this.#run(droplet, type, world.actionMs, () => kind.finish?.(droplet, body, startedMs, shop));
  }

  /** Asked again while it is going on, it is still going on. */
  destroy(droplet: Droplet): void {
    const work = this.#work.get(droplet.id);
    if (work?.action.type === "destroy") return;
    if (work) throw unprocessable("Droplet already has a pending event.");
    this.#run(droplet, "destroy", this.#world.actionMs, () => this.remove(droplet));
  }

  /** Calls off the work on a droplet; its action is errored. */
  halt(droplet: Droplet): void {
    const work = this.#work.get(droplet.id);
    if (!work) return;
    work.cancel();
    this.#end(work.action, "errored");
    this.#work.delete(droplet.id);
    droplet.locked = false;
  }

  /** Takes the droplet away at once, also from the firewalls that name it. */
  remove(droplet: Droplet): void {
    const world = this.#world;
    this.halt(droplet);
    world.droplets.delete(droplet.id);
    for (const firewall of world.firewalls.values()) {
      if (!firewall.dropletIds.includes(droplet.id)) continue;
      firewall.dropletIds = firewall.dropletIds.filter((id) => id !== droplet.id);
      world.firewalls.changed(firewall);
    }
  }

  #run(droplet: Droplet, type: string, ms: number, finish: (droplet: Droplet) => void): Action {
    const world = this.#world;
    const action = world.actions.add({
      id: world.ids.integer(),
      type,
      status: "in-progress",
      startedMs: world.clock.now(),
      completedMs: undefined,
      dropletId: droplet.id,
      region: droplet.region,
    });
    droplet.locked = true;
    world.droplets.changed(droplet);
    const cancel = world.clock.after(ms, () => {
      this.#work.delete(droplet.id);
      droplet.locked = false;
      finish(droplet);
      this.#end(action, "completed");
      if (world.droplets.get(droplet.id)) world.droplets.changed(droplet);
    });
    this.#work.set(droplet.id, { cancel, action });
    return action;
  }

  #end(action: Action, status: "completed" | "errored"): void {
    action.status = status;
    action.completedMs = this.#world.clock.now();
  }
}
