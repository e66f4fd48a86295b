import { type Instance, isInstance } from "../../../resources/aws/answers.ts";
import type { XmlElement } from "../../../resources/aws/xml.ts";
import { pluginError } from "../wire.ts";
import { type AwsClient, AwsError } from "./client.ts";

/** What the plugin waits before its first look at an instance, and at least between two. */
const FIRST_MS = 10_000;
const NEXT_MS = 3_000;
/** So many looks in a row may say "not there". */
const MOST_ABSENT = 20;

/** The instance, or undefined where the plugin takes it for gone: no such id, or terminated. */
export async function findInstance(
  client: AwsClient,
  region: string,
  id: string,
  signal: AbortSignal,
): Promise<(Instance & XmlElement) | undefined> {
  try {
    const { reservationSet } = await client.ec2(region, "DescribeInstances", { "InstanceId.1": id }, signal);
    const found = (reservationSet as XmlElement[]).flatMap((each) => each.instancesSet as XmlElement[]);
    const instance = found.find((each): each is Instance & XmlElement => isInstance(each) && each.instanceId === id);
    return instance?.instanceState.name === "terminated" ? undefined : instance;
  } catch (error) {
    if (error instanceof AwsError && error.word === "InvalidInstanceID.NotFound") return undefined;
    throw error;
  }
}

/** Waits for one state; any other than the pending ones ends it. @throws {StatusError} */
export async function untilState(
  client: AwsClient,
  region: string,
  id: string,
  target: "running" | "stopped" | "terminated",
  pending: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await client.waits.wait(FIRST_MS, signal);
  for (let absent = 0; ; ) {
    const instance = await findInstance(client, region, id, signal);
    const state = instance?.instanceState.name;
    if (state === target || (state === undefined && target === "terminated")) return;
    if (state === undefined && ++absent > MOST_ABSENT) throw pluginError(`couldn't find resource (${absent} retries)`);
    if (state !== undefined && !pending.includes(state))
      throw pluginError(`unexpected state '${state}', wanted target '${target}'. last error: %!s(<nil>)`);
    await client.waits.wait(NEXT_MS, signal);
  }
}
