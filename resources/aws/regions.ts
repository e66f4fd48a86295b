import type { Call } from "../cloud.ts";
import { isRegion, type Region } from "./answers.ts";
import { ec2List } from "./http.ts";
import type { AwsAccountOptions } from "./schemas.ts";

export const HOME_REGION = "us-east-1";

/** Regions that the account's files name: what `list` walks. Undefined where they leave it open. */
export function namedRegions(call: Call): string[] | undefined {
  const { regions, options } = call.account.spec;
  const { regions: listed }: AwsAccountOptions = options;
  return listed ?? (regions.length > 0 ? regions : undefined);
}

/** Named ones, or every region that is enabled for the account. */
export async function regionsOf(call: Call): Promise<string[]> {
  return namedRegions(call) ?? (await enabledRegions(call)).map(({ regionName }) => regionName);
}

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html */
export async function enabledRegions(call: Call): Promise<Region[]> {
  const { homeRegion = HOME_REGION }: AwsAccountOptions = call.account.spec.options;
  const regions = await ec2List(call, homeRegion, "DescribeRegions", { list: "regionInfo", isItem: isRegion });
  return regions.filter(({ optInStatus }) => optInStatus !== "not-opted-in");
}
