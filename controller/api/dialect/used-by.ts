import type { ServerSpec } from "../../../resources/spec.ts";
import type { CallObject } from "../../changes/call.ts";

/** What may go with the last server of its account that uses it. */
export const usedBy = ({ firewalls, createOnly }: Pick<ServerSpec, "firewalls" | "createOnly">): CallObject[] => [
  ...createOnly.keys.map(({ name }) => ({ kind: "SshKey" as const, name })),
  ...firewalls.map((name) => ({ kind: "Firewall" as const, name })),
];
