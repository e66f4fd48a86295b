import { REGIONS, TYPES } from "./catalog.ts";
import { badRequest, busy } from "./errors.ts";
import type { LinodeEvent } from "./events.ts";
import { makeConfig, makeDisks } from "./storage.ts";
import { deviceKey, type Given, type Linode, type LinodeStatus, type LinodeWorld } from "./world.ts";

export interface NewLinode {
  label: string | undefined;
  type: string;
  region: string;
  image: string | undefined;
  booted: boolean;
  tags: string[];
  group: string;
  backups: boolean;
  privateIp: boolean;
  hasUserData: boolean;
  given?: Given;
  swapSizeMb: number;
}

/** Share of the provisioning time until the machine boots. */
const INSTALL_SHARE = 0.6;

/** The life of Linodes: work takes time, is told by events, and only one piece of work runs on a machine at once. */
export class Machines {
  #world: LinodeWorld;
  #work = new Map<number, { cancel: () => void; event: LinodeEvent }>();

  constructor(world: LinodeWorld) {
    this.#world = world;
  }

  create(wanted: NewLinode): Linode {
    const linode = this.add(wanted, "provisioning");
    const { provisionMs } = this.#world;
    this.#run(linode, "linode_create", provisionMs * INSTALL_SHARE, "provisioning", () => {
      linode.status = "offline";
      if (wanted.booted && wanted.image) this.#boot(linode, "linode_boot", provisionMs * (1 - INSTALL_SHARE));
    });
    return linode;
  }

  /** Puts a machine there in a state, without work or events. */
  add(wanted: NewLinode, status: LinodeStatus): Linode {
    const world = this.#world;
    const id = world.ids.integer();
    const now = world.clock.now();
    const { ipv4, ipv6, privateIpv4 } = world.address();
    const linode = world.linodes.add({
      id,
      label: wanted.label ?? `linode${id}`,
      group: wanted.group,
      tags: wanted.tags,
      type: wanted.type,
      region: wanted.region,
      image: wanted.image ?? null,
      status,
      createdMs: now,
      updatedMs: now,
      hostUuid: world.ids.uuid(),
      ipv4,
      privateIpv4: wanted.privateIp ? privateIpv4 : undefined,
      ipv6,
      watchdog: true,
      hasUserData: wanted.hasUserData,
      given: wanted.given ?? {},
      backups: { enabled: wanted.backups, day: null, window: null },
      alerts: {
        cpu: 90 * (TYPES.get(wanted.type)?.vcpus ?? 1),
        io: 10_000,
        network_in: 10,
        network_out: 10,
        transfer_quota: 80,
      },
    });
    world.knowTags(wanted.tags);
    const disks = wanted.image ? makeDisks(world, linode, wanted.swapSizeMb) : [];
    world.disks.set(id, disks);
    world.configs.set(id, wanted.image ? [makeConfig(world, linode, disks)] : []);
    return linode;
  }

  boot(linode: Linode): void {
    this.#mustBeIdle(linode);
    if (linode.status === "running") throw badRequest(`Linode ${linode.id} already booted.`);
    this.#mustHaveConfig(linode);
    this.#boot(linode, "linode_boot", this.#world.actionMs);
  }

  /** A machine that is off is booted, as the official plugin expects after a resize. */
  reboot(linode: Linode): void {
    this.#mustBeIdle(linode);
    this.#mustHaveConfig(linode);
    this.#run(linode, "linode_reboot", this.#world.actionMs, "rebooting", () => {
      linode.status = "running";
    });
  }

  shutdown(linode: Linode): void {
    this.#mustBeIdle(linode);
    this.#run(linode, "linode_shutdown", this.#world.actionMs, "shutting_down", () => {
      linode.status = "offline";
    });
  }

  /** Moves to another plan; the machine is booted afterwards only when it ran before. */
  resize(linode: Linode, typeId: string, autoResizeDisk: boolean): void {
    this.#mustBeIdle(linode);
    const world = this.#world;
    const type = TYPES.get(typeId);
    if (!type) throw badRequest("A plan of that id was not found", "type");
    const region = REGIONS.get(linode.region);
    if (region && !world.sale.isSold(type, region))
      throw badRequest(`${typeId} is not available in ${linode.region}`, "type");
    if (typeId === linode.type) throw badRequest("Linode is already running this service plan.", "type");
    const disks = world.disks.get(linode.id) ?? [];
    const used = disks.reduce((sum, disk) => sum + disk.size, 0);
    const root = disks.filter((disk) => disk.filesystem !== "swap");
    const fill = autoResizeDisk && root.length === 1 ? root[0] : undefined;
    if (used > type.disk && !fill) {
      throw badRequest(`The disks of this Linode (${used} MB) do not fit on the new plan (${type.disk} MB).`, "type");
    }

    const ran = linode.status === "running";
    this.#run(linode, "linode_resize", world.actionMs, "migrating", () => {
      linode.type = typeId;
      if (fill) fill.size += type.disk - used;
      linode.status = "offline";
      if (ran) this.#boot(linode, "linode_boot", world.actionMs);
    });
  }

  migrate(linode: Linode, regionId: string): void {
    this.#mustBeIdle(linode);
    const region = REGIONS.get(regionId);
    const type = TYPES.get(linode.type);
    if (!region || (type && !this.#world.sale.isSold(type, region))) throw badRequest("region is not valid", "region");
    if (regionId === linode.region) throw badRequest("Linode is already in this region.", "region");
    const ran = linode.status === "running";
    this.#run(linode, "linode_migrate_datacenter", this.#world.actionMs, "migrating", () => {
      const { ipv4, ipv6 } = this.#world.address();
      Object.assign(linode, { region: regionId, ipv4, ipv6, status: "offline" });
      if (ran) this.#boot(linode, "linode_boot", this.#world.actionMs);
    });
  }

  /** Ends whatever is going on; the label is free and the machine gone once the event has finished. */
  delete(linode: Linode): void {
    if (linode.status === "deleting") throw busy();
    this.halt(linode);
    this.#run(linode, "linode_delete", this.#world.actionMs, "deleting", () => this.remove(linode));
  }

  /** Calls off the work on a machine; its event fails. */
  halt(linode: Linode): void {
    const work = this.#work.get(linode.id);
    if (!work) return;
    work.cancel();
    this.#work.delete(linode.id);
    this.#world.events.end(work.event, "failed");
  }

  /** Takes the machine away at once, with what hangs on it. */
  remove(linode: Linode): void {
    const world = this.#world;
    this.halt(linode);
    world.linodes.delete(linode.id);
    world.disks.delete(linode.id);
    world.configs.delete(linode.id);
    for (const firewall of world.firewalls.withKey(deviceKey(linode.id))) {
      firewall.devices = firewall.devices.filter((device) => device.linodeId !== linode.id);
      world.firewalls.changed(firewall);
    }
  }

  #boot(linode: Linode, action: string, ms: number): void {
    this.#run(linode, action, ms, "booting", () => {
      linode.status = "running";
    });
  }

  #run(linode: Linode, action: string, ms: number, during: LinodeStatus, finish: () => void): void {
    const world = this.#world;
    const event = world.events.start(action, { id: linode.id, label: linode.label, type: "linode" }, ms);
    linode.status = during;
    world.touch(linode);
    const cancel = world.clock.after(ms, () => {
      this.#work.delete(linode.id);
      world.events.end(event, "finished");
      finish();
      if (world.linodes.get(linode.id)) world.touch(linode);
    });
    this.#work.set(linode.id, { cancel, event });
  }

  #mustBeIdle(linode: Linode): void {
    if (this.#work.has(linode.id)) throw busy();
    if (linode.status === "billing_suspension") throw badRequest("This Linode is suspended.");
  }

  #mustHaveConfig(linode: Linode): void {
    if ((this.#world.configs.get(linode.id) ?? []).length === 0) {
      throw badRequest("This Linode has no configuration profile to boot.");
    }
  }
}
