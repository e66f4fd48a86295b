import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { diffInputs } from "../plugin/diff.ts";
import { PartialCreation, type ResourceHandler } from "../plugin/handler.ts";
import { makeOnce } from "../plugin/once.ts";
import { errorMessage } from "../plugin/status.ts";
import type { Firewall } from "./answers.ts";
import { findEnvironment } from "./environments.ts";
import { listFirewalls, readFirewall } from "./firewalls.ts";
import { fieldOf, hyperstack, hyperstackDelete, invalidAnswer } from "./http.ts";
import { FIREWALLS } from "./machines.ts";
import { describe, markInDescription } from "./names.ts";
import { checkSorted, FIREWALL_FIELDS, typedInputs } from "./plugin-fields.ts";
import type { Parts } from "./plugin-parts.ts";
import { FIREWALL } from "./resource.ts";
import { actualText, type RuleText, ruleRequest } from "./rules.ts";

interface Declared {
  mark: string;
  name: string;
  region: string;
  environment: string;
  rules: RuleText[];
}

/** Another one of these is another firewall; there is no request that renames one. */
const IDENTITY = ["mark", "name", "region"];
const MOST_ROUNDS = 3;

/** `fleetwright:hyperstack:Firewall`: made empty, then given its rules one by one, as they also change. */
export function firewallHandler(parts: Parts): ResourceHandler {
  async function findOurs(id: string, mark: unknown, call: Call): Promise<Firewall | undefined> {
    const firewall = await readFirewall(id, call);
    if (!firewall || typeof mark !== "string" || markInDescription(firewall.description) === mark) return firewall;
    const message = `firewall ${id} does not carry our mark ${mark}: it may be another's, and is left alone`;
    throw new FleetError("CLOUD_REFUSED", message, { id, mark });
  }

  return {
    type: FIREWALL,

    check: async (inputs) => checkSorted(inputs, FIREWALL_FIELDS, ["rules"]),

    async diff(_id, old, news) {
      const { changes } = diffInputs(old.inputs, news, { replaceOn: IDENTITY });
      delete changes.environment;
      return { changes, deleteBeforeReplace: true };
    },

    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: inputs };
      const call = parts.call(context.signal);
      const declared = typedInputs<Declared>(inputs, FIREWALL_FIELDS);
      const made = await makeOnce<{ id: number }>({
        ...parts.timing,
        kind: "Firewall",
        key: declared.mark,
        call,
        journal: parts.journal,
        find: async () =>
          (await listFirewalls(call)).filter((one) => markInDescription(one.description) === declared.mark),
        create: () => requestFirewall(declared, call),
        idOf: ({ id }) => String(id),
        exists: async (id) => (await readFirewall(id, call)) !== undefined,
        log: context.log,
      });
      const id = String(made.id);
      try {
        await setRules(id, declared.rules, call);
      } catch (error) {
        throw new PartialCreation(id, { ...inputs, rules: [] }, [errorMessage(error)], { cause: error });
      }
      return { id, outputs: inputs };
    },

    async read(id, known, context) {
      const firewall = await findOurs(id, known.inputs.mark, parts.call(context.signal));
      if (!firewall) return undefined;
      const { name, environment, rules } = firewall;
      const mark = markInDescription(firewall.description);
      const inputs = {
        ...(mark === undefined ? {} : { mark }),
        name,
        region: environment.region,
        environment: environment.name,
        rules: [...new Set(rules.map(actualText))].sort(),
      };
      return { id, inputs, outputs: inputs };
    },

    async update(id, old, news, context) {
      if (context.preview) return news;
      const call = parts.call(context.signal);
      if (!(await findOurs(id, old.inputs.mark, call))) {
        throw new FleetError("NOT_FOUND", `there is no firewall ${id}`, { id });
      }
      await setRules(id, typedInputs<Declared>(news, FIREWALL_FIELDS).rules, call);
      return news;
    },

    async delete(id, old, context) {
      const call = parts.call(context.signal);
      if (await findOurs(id, old.inputs.mark, call)) await hyperstackDelete(call, `${FIREWALLS}/${id}`);
    },
  };
}

async function requestFirewall({ name, mark, environment, region }: Declared, call: Call): Promise<{ id: number }> {
  const { id } = await findEnvironment(call, environment, region);
  const json = { name, environment_id: id, description: describe(mark) };
  const { body } = await hyperstack(call, { method: "POST", path: FIREWALLS, json });
  const made = fieldOf(body, "firewall");
  const madeId = fieldOf(made, "id");
  if (typeof madeId === "number") return { id: madeId };
  throw invalidAnswer(call, "POST", FIREWALLS, "it is no firewall");
}

/**
 * Adds what is missing, then takes away what is too much, so that nothing allowed before and after is cut off in between. An answer that is lost
 * tells nothing, so the firewall is read again.
 */
async function setRules(id: string, wanted: readonly RuleText[], call: Call): Promise<void> {
  for (let round = 1; ; round++) {
    const firewall = await readFirewall(id, call);
    if (!firewall) throw new FleetError("NOT_FOUND", `there is no firewall ${id}`, { id });
    const { missing, surplus } = compare(firewall, wanted);
    try {
      for (const rule of missing) {
        const path = `${FIREWALLS}/${id}/firewall-rules`;
        await hyperstack(call, { method: "POST", path, json: ruleRequest(rule), idempotent: false });
      }
      for (const rule of surplus) await hyperstackDelete(call, `${FIREWALLS}/${id}/firewall-rules/${rule}`);
      return;
    } catch (error) {
      const inDoubt = error instanceof FleetError && IN_DOUBT.has(error.code);
      if (!inDoubt || call.signal.aborted || round >= MOST_ROUNDS) throw error;
    }
  }
}

const IN_DOUBT = new Set(["CLOUD_UNAVAILABLE", "CLOUD_ANSWER_INVALID"]);

/** Of rules that are there twice, one is too much. */
function compare(firewall: Firewall, wanted: readonly RuleText[]): { missing: RuleText[]; surplus: number[] } {
  const present = new Set<RuleText>();
  const surplus: number[] = [];
  for (const rule of firewall.rules) {
    const text = actualText(rule);
    if (wanted.includes(text) && !present.has(text)) present.add(text);
    else surplus.push(rule.id);
  }
  return { missing: wanted.filter((text) => !present.has(text)), surplus };
}
