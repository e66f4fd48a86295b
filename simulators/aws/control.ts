import { isInstance } from "../../resources/aws/answers.ts";
import type { ServerPatch } from "../kit.ts";
import { markIn } from "../mark.ts";
import type { SimulatedServer } from "../simulator.ts";
import { askMoto } from "./client.ts";

const REGION = "us-east-1";
const IMAGE = "ami-0de00000000000121";
const MARK_TAG = "fleetwright-mark";

/** What can be seen and done behind the fleet's back. Ids are `REGION/i-…`. Tags without a key of their own have an empty value. */
export class AwsControl {
  readonly #moto: string;
  readonly regions = new Set<string>([REGION]);

  constructor(moto: string) {
    this.#moto = moto;
  }

  async servers(): Promise<SimulatedServer[]> {
    const found = await Promise.all([...this.regions].map((region) => this.#read(region)));
    return found.flat();
  }

  async addForeign({
    name = "foreign",
    tags = [],
    size,
    region = REGION,
    image,
    power,
  }: ServerPatch): Promise<SimulatedServer> {
    this.regions.add(region);
    const answer = await askMoto(this.#moto, region, "RunInstances", {
      ImageId: image ?? IMAGE,
      InstanceType: size ?? "t3.micro",
      MinCount: "1",
      MaxCount: "1",
      // As EC2 does where none is named; moto leaves such a machine without one.
      "SecurityGroup.1": "default",
      "TagSpecification.1.ResourceType": "instance",
      ...tagFields("TagSpecification.1.Tag", name, tags),
    });
    const [made] = answer.instancesSet as { instanceId: string }[];
    const id = `${region}/${made!.instanceId}`;
    return power === "stopped" ? (await this.change(id, { power }))! : (await this.#one(id))!;
  }

  async change(id: string, { name, tags, size, power }: ServerPatch): Promise<SimulatedServer | undefined> {
    const before = await this.#one(id);
    if (!before) return undefined;
    const [region, instance] = partsOf(id);
    const one = { "InstanceId.1": instance };
    const state = power ?? before.power;
    if (size !== undefined || power === "stopped") await askMoto(this.#moto, region, "StopInstances", one);
    if (size !== undefined)
      await askMoto(this.#moto, region, "ModifyInstanceAttribute", {
        InstanceId: instance,
        "InstanceType.Value": size,
      });
    if (state === "running" && (size !== undefined || before.power !== "running"))
      await askMoto(this.#moto, region, "StartInstances", one);
    if (tags !== undefined) {
      const old = Object.fromEntries(
        before.tags.map((text, index) => [`Tag.${index + 1}.Key`, pairOf(text)[0]] as const),
      );
      if (before.tags.length > 0) await askMoto(this.#moto, region, "DeleteTags", { "ResourceId.1": instance, ...old });
    }
    if (tags !== undefined || name !== undefined) {
      const fields = tagFields("Tag", name ?? before.name, tags ?? []);
      await askMoto(this.#moto, region, "CreateTags", { "ResourceId.1": instance, ...fields });
    }
    return this.#one(id);
  }

  async remove(id: string): Promise<boolean> {
    if (!(await this.#one(id))) return false;
    const [region, instance] = partsOf(id);
    await askMoto(this.#moto, region, "TerminateInstances", { "InstanceId.1": instance });
    return true;
  }

  async #one(id: string): Promise<SimulatedServer | undefined> {
    return (await this.#read(partsOf(id)[0])).find((server) => server.id === id);
  }

  async #read(region: string): Promise<SimulatedServer[]> {
    const { reservationSet } = await askMoto(this.#moto, region, "DescribeInstances", {});
    const instances = (reservationSet as { instancesSet: unknown[] }[]).flatMap(({ instancesSet }) => instancesSet);
    return instances.filter(isInstance).flatMap((instance) => {
      const { instanceId, instanceState, instanceType = "", imageId, tagSet = [] } = instance;
      if (["terminated", "shutting-down"].includes(instanceState.name)) return [];
      const texts = tagSet.filter(({ key }) => key !== "Name").map(({ key, value }) => textOf(key, value));
      const mark = markIn(texts);
      const server: SimulatedServer = {
        id: `${region}/${instanceId}`,
        name: tagSet.find(({ key }) => key === "Name")?.value ?? "",
        tags: texts.sort(),
        size: instanceType,
        region,
        power: instanceState.name === "stopped" ? "stopped" : "running",
        status: instanceState.name,
        ...(imageId ? { image: imageId } : {}),
        ...(mark ? { mark } : {}),
      };
      return [server];
    });
  }
}

function partsOf(id: string): [region: string, instance: string] {
  const [region = REGION, instance = ""] = id.split("/");
  return [region, instance];
}

/** The words of `ActualServer.tags`, written anew: this is the other side. */
function pairOf(text: string): [key: string, value: string] {
  if (markIn([text])) return [MARK_TAG, text];
  const colon = text.indexOf(":");
  const key = colon < 0 ? text : text.slice(0, colon);
  return [key.replaceAll("%3A", ":").replaceAll("%25", "%"), colon < 0 ? "" : text.slice(colon + 1)];
}

function textOf(key: string, value: string): string {
  if (key === MARK_TAG) return value;
  const name = key.replaceAll("%", "%25").replaceAll(":", "%3A");
  return value === "" ? name : `${name}:${value}`;
}

function tagFields(prefix: string, name: string, texts: readonly string[]): Record<string, string> {
  const pairs = [["Name", name], ...texts.map(pairOf)];
  return Object.fromEntries(
    pairs.flatMap(([key = "", value = ""], index) => [
      [`${prefix}.${index + 1}.Key`, key],
      [`${prefix}.${index + 1}.Value`, value],
    ]),
  );
}
