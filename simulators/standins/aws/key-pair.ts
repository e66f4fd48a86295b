import type { KeyPairArgs } from "@pulumi/aws/ec2/keyPair.js";
import type { XmlElement } from "../../../resources/aws/xml.ts";
import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import type { Field } from "../fields.ts";
import type { StandinType } from "../resource.ts";
import { pluginError } from "../wire.ts";
import { type AwsClient, AwsError, step, tagSpecification } from "./client.ts";
import { text } from "./instance-state.ts";
import { retag, tagsIn, tagsOf } from "./tags.ts";

const FIELDS = {
  keyName: { type: "string", computed: true, required: true, replace: true },
  publicKey: {
    type: "string",
    required: true,
    replace: true,
    matches: (state, input) => text(state) === text(input).trim(),
  },
  region: { type: "string", computed: true, replace: true },
  tags: { type: "stringMap" },
} as const satisfies Partial<Record<keyof KeyPairArgs, Field>>;

export const keyPair: StandinType<AwsClient> = {
  type: "aws:ec2/keyPair:KeyPair",
  fields: FIELDS,
  computed: ["arn", "fingerprint", "keyNamePrefix", "keyPairId", "keyType", "tagsAll"],
  marksDefaults: true,
  timeouts: { create: 1200, update: 1200, delete: 1200 },
  metaTimeouts: [],
  schemaVersion: "1",

  async create(client, inputs, { signal }) {
    const region = text(inputs.region) || client.region;
    const name = text(inputs.keyName);
    const form = {
      KeyName: name,
      PublicKeyMaterial: Buffer.from(text(inputs.publicKey)).toString("base64"),
      ...tagSpecification("key-pair", tagsOf(inputs.tags)),
    };
    const made = await step(`importing EC2 Key Pair (${name})`, client.ec2(region, "ImportKeyPair", form, signal));
    const id = text(made.keyName);
    const outputs = await find(client, region, id, inputs, signal);
    if (!outputs) throw pluginError(`reading EC2 Key Pair (${id}): couldn't find resource`);
    return { id, outputs };
  },

  read: (client, id, state, signal) =>
    step(`reading EC2 Key Pair (${id})`, find(client, text(state.region) || client.region, id, state, signal)),

  async update(client, id, state, news, { signal }) {
    const region = text(state.region) || client.region;
    await retag(client, region, text(state.keyPairId), tagsOf(state.tags), tagsOf(news.tags), signal);
    const outputs = await find(client, region, id, news, signal);
    if (!outputs) throw pluginError(`reading EC2 Key Pair (${id}): couldn't find resource`);
    return outputs;
  },

  async delete(client, id, state, signal) {
    const removal = client.ec2(text(state.region) || client.region, "DeleteKeyPair", { KeyName: id }, signal);
    await step(`deleting EC2 Key Pair (${id})`, removal);
  },
};

/** The API does not give the key itself back. */
async function find(
  client: AwsClient,
  region: string,
  name: string,
  known: PropertyMap,
  signal: AbortSignal,
): Promise<PropertyMap | undefined> {
  let pair: XmlElement | undefined;
  try {
    const { keySet } = await client.ec2(region, "DescribeKeyPairs", { "KeyName.1": name }, signal);
    [pair] = keySet as XmlElement[];
  } catch (error) {
    if (!(error instanceof AwsError && error.word === "InvalidKeyPair.NotFound")) throw error;
  }
  if (!pair) return undefined;
  const tags = tagsIn(pair);
  return {
    arn: `arn:aws:ec2:${region}:${client.accountId}:key-pair/${name}`,
    fingerprint: text(pair.keyFingerprint),
    keyName: text(pair.keyName),
    keyNamePrefix: "",
    keyPairId: text(pair.keyPairId),
    keyType: text(pair.keyType),
    publicKey: typeof known.publicKey === "string" ? known.publicKey.trim() : null,
    region,
    tags,
    tagsAll: tags,
  };
}
