import type { PowerState } from "../spec.ts";

/** EC2's words for a machine that stays as it is. @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html */
const STEADY: Readonly<Record<string, PowerState>> = { running: "running", stopped: "stopped" };

export function powerOf(state: string): PowerState | "changing" {
  return STEADY[state] ?? "changing";
}
