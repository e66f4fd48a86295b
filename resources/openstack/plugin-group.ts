import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { markWithin } from "../mark.ts";
import { diffInputs } from "../plugin/diff.ts";
import { PartialCreation, type PropertyMap, type ResourceHandler } from "../plugin/handler.ts";
import { makeOnce } from "../plugin/once.ts";
import { errorMessage } from "../plugin/status.ts";
import { isSecurityGroup, type SecurityGroup } from "./answers.ts";
import { lineOf } from "./firewall.ts";
import { groupsWithMark, readGroup, syncRules } from "./groups.ts";
import { invalidAnswer, openstack } from "./http.ts";
import { describe } from "./names.ts";
import type { HandlerOptions } from "./plugin.ts";
import { checkSorted, GROUP_FIELDS, typed } from "./plugin-fields.ts";
import { SECURITY_GROUP } from "./resource.ts";

interface Group {
  mark: string;
  name: string;
  rules: string[];
}

/** `fleetwright:openstack:SecurityGroup`: a group with exactly the declared rules, those that Neutron adds by itself among them. */
export function securityGroupHandler(options: Omit<HandlerOptions, "cloud">): ResourceHandler {
  const { journal } = options;

  async function findOurs(id: string, mark: unknown, call: Call): Promise<SecurityGroup | undefined> {
    const group = await readGroup(call, id);
    if (group && typeof mark === "string" && markWithin(group.description ?? "") !== mark) {
      const message = `security group ${id} does not carry our mark ${mark}: it may be another's, and is left alone`;
      throw new FleetError("CLOUD_REFUSED", message, { id, mark });
    }
    return group;
  }

  return {
    type: SECURITY_GROUP,

    check: async (inputs) => checkSorted(inputs, GROUP_FIELDS, ["rules"]),

    diff: async (_id, old, news) => diffInputs(old.inputs, news, { replaceOn: ["mark"] }),

    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: inputs };
      const wanted = typed<Group>(inputs, GROUP_FIELDS);
      const call = options.call(context.signal);
      const group = await makeOnce<SecurityGroup>({
        kind: "Firewall",
        key: wanted.mark,
        call,
        journal,
        find: () => groupsWithMark(call, wanted.mark),
        create: () => postGroup(wanted, call),
        idOf: (made) => made.id,
        exists: async (id) => (await readGroup(call, id)) !== undefined,
        log: context.log,
        ...(options.now ? { now: options.now } : {}),
        ...(options.sleep ? { sleep: options.sleep } : {}),
      });
      try {
        await syncRules(call, group, wanted.rules);
      } catch (error) {
        throw new PartialCreation(group.id, inputs, [errorMessage(error)], { cause: error });
      }
      return { id: group.id, outputs: inputs };
    },

    async read(id, known, context) {
      const group = await findOurs(id, known.inputs.mark, options.call(context.signal));
      if (!group) return undefined;
      const rules = [...new Set(group.security_group_rules.map(lineOf))].sort();
      const inputs: PropertyMap = { ...known.inputs, name: group.name, rules };
      return { id, inputs, outputs: inputs };
    },

    async update(id, old, news, context) {
      if (context.preview) return news;
      const wanted = typed<Group>(news, GROUP_FIELDS);
      const call = options.call(context.signal);
      const group = await findOurs(id, old.inputs.mark, call);
      if (!group) throw new FleetError("NOT_FOUND", `there is no security group ${id}`, { id });
      if (group.name !== wanted.name) {
        const json = { security_group: { name: wanted.name } };
        await openstack(call, "network", { method: "PUT", path: `/security-groups/${id}`, json });
      }
      await syncRules(call, group, wanted.rules);
      return news;
    },

    async delete(id, old, context) {
      const call = options.call(context.signal);
      if (!(await findOurs(id, old.inputs.mark, call))) return;
      const path = `/security-groups/${id}`;
      await openstack(call, "network", { method: "DELETE", path, answer: "none", ok: [404] });
      if (await readGroup(call, id)) {
        throw new FleetError("VERIFY_FAILED", `security group ${id} is still there after its removal`, { id });
      }
    },
  };
}

async function postGroup({ name, mark }: Group, call: Call): Promise<SecurityGroup> {
  const path = "/security-groups";
  const json = { security_group: { name, description: describe(mark) } };
  const { body } = await openstack<{ security_group?: unknown } | null>(call, "network", {
    method: "POST",
    path,
    json,
    idempotent: false,
  });
  const group = body?.security_group;
  if (!isSecurityGroup(group)) throw invalidAnswer(call, "POST", path, "it does not show the new group");
  return group;
}
