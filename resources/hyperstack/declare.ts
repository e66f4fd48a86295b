import * as pulumi from "@pulumi/pulumi";
import type { Declarations, ServerContext } from "../cloud.ts";
import { idIfMade, machineOptions, requiredId } from "../declaring.ts";
import { FleetError } from "../errors.ts";
import type { ServerSpec } from "../spec.ts";
import { environmentOf } from "./environments.ts";
import { machineInputs } from "./inputs.ts";
import { firewallName, keyPairName } from "./names.ts";
import { Firewall, KeyPair, VirtualMachine } from "./resource.ts";
import { firewallProblems, ruleTexts } from "./rules.ts";

/** What applies when a machine is made. */
const CREATE_ONLY = ["environment", "image", "key", "keyName", "userData", "portRandomization", "bootableVolume"];

export const declarations: Declarations = {
  declareServer(server, context) {
    const { userData, ...inputs } = machineInputs(server, context);
    const machine = new VirtualMachine(
      context.identity,
      {
        ...inputs,
        ...keyOf(server, context, inputs.keyName),
        ...(userData === undefined ? {} : { userData: pulumi.secret(userData) }),
        firewalls: server.firewalls.map((name) => requiredId(server, "firewall", name, context)),
      },
      machineOptions(context, CREATE_ONLY),
    );
    return { id: machine.id };
  },

  declareShared(object, { identity, mark, accountOptions = {}, opts }) {
    if (object.kind !== "Firewall" && object.kind !== "SshKey") {
      throw new FleetError("CLOUD_UNSUPPORTED", `Hyperstack has no ${object.kind}`, { cloud: "hyperstack" });
    }
    const { region } = object;
    if (region === undefined) {
      throw new FleetError("FLEET_INVALID", `${object.name}: on Hyperstack it lives in a region`, {
        cloud: "hyperstack",
      });
    }
    const place = { mark, region, environment: environmentOf(accountOptions, region) };
    // It stays where it was made, whatever the account says later.
    const own = { ...opts, deleteBeforeReplace: true, ignoreChanges: ["environment"] };
    if (object.kind === "SshKey") {
      const { name, publicKey } = object;
      new KeyPair(`key.${identity}`, { ...place, name: keyPairName(name, mark), publicKey: publicKey.trim() }, own);
      return;
    }
    const [problem] = firewallProblems(object);
    if (problem) {
      const message = `${object.name}: ${problem.path.join(".")}: ${problem.message}`;
      throw new FleetError("FLEET_INVALID", message, { cloud: "hyperstack", firewall: object.name });
    }
    new Firewall(`firewall.${identity}`, { ...place, name: firewallName(object.name), rules: ruleTexts(object) }, own);
  },
};

/** A machine that is there needs its key no more, so a missing one is told only when a machine is made. */
function keyOf(
  server: ServerSpec,
  { keyIds }: ServerContext,
  keyName: string | undefined,
): { key?: pulumi.Input<string> } {
  const first = server.createOnly.keys[0];
  if (keyName !== undefined || first === undefined) return {};
  const key = idIfMade(keyIds, first.name);
  return key === undefined ? {} : { key };
}
