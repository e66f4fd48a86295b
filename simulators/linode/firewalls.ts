import { type Context, Hono } from "hono";
import { badRequest, notFound } from "./errors.ts";
import { type Body, Fields, LABEL, LABEL_HELP, readBody } from "./fields.ts";
import { answerList } from "./paging.ts";
import { readRules } from "./rules.ts";
import { deviceView, firewallView } from "./views.ts";
import { deviceKey, type Firewall, type FirewallDevice, type Linode, type LinodeWorld, labelKey } from "./world.ts";

/** Firewalls with their rules and devices. A Linode is behind one firewall at most. */
export class Firewalls {
  readonly routes = new Hono();
  #world: LinodeWorld;

  constructor(world: LinodeWorld) {
    this.#world = world;
    this.#addRoutes();
  }

  /** @throws {LinodeError} 400 when the Linode is behind a firewall already */
  attach(firewallId: number, linode: Linode): FirewallDevice {
    const world = this.#world;
    const firewall = world.firewalls.get(firewallId) as Firewall;
    const [other] = world.firewalls.withKey(deviceKey(linode.id));
    if (other) throw badRequest(`Linode ${linode.id} is already behind firewall ${other.id}.`, "id");
    const device = { id: world.ids.integer(), linodeId: linode.id, createdMs: world.clock.now() };
    firewall.devices.push(device);
    this.#touch(firewall, "firewall_device_add");
    return device;
  }

  #addRoutes(): void {
    const app = this.routes;
    const world = this.#world;

    app.get("/", (c) =>
      answerList(c, world.firewalls.listed(), {
        filterable: ["created", "id", "label", "tags", "updated"],
        view: firewallView,
      }),
    );
    app.post("/", async (c) => c.json(firewallView(this.#create(await readBody(c)))));
    app.get("/:id", (c) => c.json(firewallView(this.#of(c))));
    app.put("/:id", async (c) => {
      const firewall = this.#of(c);
      this.#change(firewall, await readBody(c));
      return c.json(firewallView(firewall));
    });
    app.delete("/:id", (c) => {
      const firewall = this.#of(c);
      world.firewalls.delete(firewall.id);
      world.events.notify("firewall_delete", { id: firewall.id, label: firewall.label, type: "firewall" });
      return c.json({});
    });

    app.get("/:id/rules", (c) => c.json(this.#of(c).rules));
    app.put("/:id/rules", async (c) => {
      const firewall = this.#of(c);
      const fields = new Fields({});
      const rules = readRules(await readBody(c), fields, "", firewall.rules);
      fields.done();
      firewall.rules = rules;
      this.#touch(firewall, "firewall_update");
      return c.json(rules);
    });

    app.get("/:id/devices", (c) => answerList(c, this.#of(c).devices, { view: (device) => deviceView(device, world) }));
    app.post("/:id/devices", async (c) => {
      const firewall = this.#of(c);
      const linode = this.#readEntity(await readBody(c));
      return c.json(deviceView(this.attach(firewall.id, linode), world));
    });
    app.get("/:id/devices/:deviceId", (c) => c.json(deviceView(this.#deviceOf(c), world)));
    app.delete("/:id/devices/:deviceId", (c) => {
      const firewall = this.#of(c);
      const device = this.#deviceOf(c);
      firewall.devices = firewall.devices.filter((other) => other !== device);
      this.#touch(firewall, "firewall_device_remove");
      return c.json({});
    });
  }

  #create(body: Body): Firewall {
    const world = this.#world;
    const fields = new Fields(body);
    fields.require("label");
    fields.require("rules");
    const label = this.#readLabel(fields);
    const tags = fields.tags() ?? [];
    const rules = readRules(fields.object("rules") ?? {}, fields, "rules.");
    const linodes = new Fields(fields.object("devices") ?? {}).integers("linodes") ?? [];
    for (const id of linodes) {
      if (!world.linodes.get(id)) fields.fail("devices.linodes", `Linode ${id} not found`);
      else if (world.firewalls.withKey(deviceKey(id)).length > 0) {
        fields.fail("devices.linodes", `Linode ${id} is already behind a firewall`);
      }
    }
    fields.done();

    const now = world.clock.now();
    const firewall: Firewall = world.firewalls.add({
      id: world.ids.integer(),
      label: label as string,
      status: "enabled",
      tags,
      rules,
      devices: linodes.map((linodeId) => ({ id: world.ids.integer(), linodeId, createdMs: now })),
      createdMs: now,
      updatedMs: now,
    });
    world.knowTags(tags);
    world.events.notify("firewall_create", { id: firewall.id, label: firewall.label, type: "firewall" });
    return firewall;
  }

  #change(firewall: Firewall, body: Body): void {
    const fields = new Fields(body);
    const label = this.#readLabel(fields, firewall);
    const tags = fields.tags();
    const status = fields.string("status", {
      pattern: /^(enabled|disabled)$/,
      help: "Must be enabled or disabled",
    }) as Firewall["status"] | undefined;
    fields.done();
    if (label !== undefined) firewall.label = label;
    if (status !== undefined) firewall.status = status;
    if (tags !== undefined) {
      firewall.tags = tags;
      this.#world.knowTags(tags);
    }
    this.#touch(firewall, "firewall_update");
  }

  #readLabel(fields: Fields, own?: Firewall): string | undefined {
    const label = fields.string("label", { min: 3, max: 32, pattern: LABEL, help: LABEL_HELP });
    if (label !== undefined && this.#world.firewalls.withKey(labelKey(label)).some((other) => other !== own)) {
      fields.fail("label", "Label must be unique");
    }
    return label;
  }

  #readEntity(body: Body): Linode {
    const fields = new Fields(body);
    fields.require("id");
    fields.require("type");
    const id = fields.integer("id");
    const type = fields.string("type");
    if (type !== undefined && type !== "linode") fields.fail("type", "Only devices of type linode are simulated");
    const linode = id === undefined ? undefined : this.#world.linodes.get(id);
    if (id !== undefined && !linode) fields.fail("id", `Linode ${id} not found`);
    fields.done();
    return linode as Linode;
  }

  #of(c: Context): Firewall {
    const firewall = this.#world.firewalls.get(c.req.param("id") ?? "");
    if (!firewall) throw notFound();
    return firewall;
  }

  #deviceOf(c: Context): FirewallDevice {
    const device = this.#of(c).devices.find(({ id }) => String(id) === c.req.param("deviceId"));
    if (!device) throw notFound();
    return device;
  }

  #touch(firewall: Firewall, action: string): void {
    firewall.updatedMs = this.#world.clock.now();
    this.#world.firewalls.changed(firewall);
    this.#world.events.notify(action, { id: firewall.id, label: firewall.label, type: "firewall" });
  }
}
