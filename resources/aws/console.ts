import type { ConsoleReader } from "../insight.ts";
import { ec2 } from "./http.ts";
import { partsOf } from "./instances.ts";

/** What the machine has written since its start; nothing for some minutes after it. @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html */
export const console: ConsoleReader = {
  async open(id, call) {
    const { region, instance } = partsOf(id);
    const answer = await ec2(call, region, "GetConsoleOutput", { InstanceId: instance }, { idempotent: true });
    const [output, timestamp] = [answer.output, answer.timestamp].map((part) =>
      typeof part === "string" ? part.trim() : "",
    ) as [string, string];
    const at = !Number.isNaN(Date.parse(timestamp)) ? new Date(timestamp).toISOString() : undefined;
    const text = Buffer.from(output, "base64").toString("utf8");
    return { text, ...(at !== undefined && { at }) };
  },
};
