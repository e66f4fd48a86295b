import * as pulumi from "@pulumi/pulumi";
import type { Declarations, ServerContext } from "../../resources/cloud.ts";
import type { FirewallSpec, KeySpec, ServerSpec } from "../../resources/spec.ts";

export interface DeclaredResource {
  type: string;
  name: string;
  /** As the engine gets them: plain, outputs resolved. */
  inputs: Record<string, unknown>;
  /** Names of inputs that are secret as a whole. */
  secrets: string[];
  opts: pulumi.CustomResourceOptions;
}

/** Runs declarations without an engine; ids are 1001, 1002, … in the order of declaring. */
export async function declaredBy(run: (opts: pulumi.CustomResourceOptions) => unknown): Promise<DeclaredResource[]> {
  const inputs = new Map<string, Record<string, unknown>>();
  let lastId = 1000;
  await pulumi.runtime.setMocks({
    newResource: (args) => {
      inputs.set(`${args.type}::${args.name}`, args.inputs);
      return { id: String(++lastId), state: args.inputs };
    },
    call: () => ({}),
  });
  const seen: Pick<DeclaredResource, "type" | "name" | "opts">[] = [];
  const transformations: pulumi.ResourceTransformation[] = [
    ({ type, name, opts }) => {
      seen.push({ type, name, opts });
      return undefined;
    },
  ];
  run({ transformations });
  await new Promise((resolve) => setTimeout(resolve, 20));
  return seen.map(({ type, name, opts }) => {
    const sent = Object.entries(inputs.get(`${type}::${name}`) ?? {});
    const unwrapped = sent.map(([key, value]) => [key, isWrapped(value) ? value.value : value] as const);
    const secrets = sent.filter(([, value]) => isWrapped(value)).map(([key]) => key);
    return { type, name, inputs: Object.fromEntries(unwrapped), secrets, opts };
  });
}

/** A secret as it goes over the wire to the engine. */
function isWrapped(value: unknown): value is { value: unknown } {
  const signature = (value as Record<string, unknown> | null)?.["4dabf18193072939515e22adb298388d"];
  return signature === "1b47061264138c4ac30d75fd1eb44270";
}

export function declareServer(
  declarations: Declarations,
  server: ServerSpec,
  context: Partial<ServerContext> = {},
): Promise<DeclaredResource[]> {
  return declaredBy((opts) =>
    declarations.declareServer(server, {
      identity: "web-1",
      mark: MARK,
      rebuild: 0,
      firewallIds: {},
      keyIds: {},
      ...context,
      opts,
    }),
  );
}

export function declareShared(declarations: Declarations, object: FirewallSpec | KeySpec): Promise<DeclaredResource[]> {
  return declaredBy((opts) => declarations.declareShared(object, { identity: "web", mark: MARK, opts }));
}

export const MARK = "fw-abcdefghijklmnopqrst";
export const PUBLIC_KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";

export function firewallSpec(partial: Partial<FirewallSpec> = {}): FirewallSpec {
  return {
    kind: "Firewall",
    name: "web",
    account: "main",
    provider: "linode",
    rules: [
      {
        direction: "inbound",
        action: "accept",
        protocol: "tcp",
        ports: "80,8000-8080",
        addresses: ["0.0.0.0/0", "::/0"],
      },
      { direction: "inbound", action: "accept", protocol: "icmp", addresses: ["192.0.2.1", "2001:db8::1"] },
    ],
    inboundPolicy: "drop",
    outboundPolicy: "accept",
    protect: false,
    ...partial,
  };
}

export function keySpec(): KeySpec {
  return { kind: "SshKey", name: "ops", account: "main", provider: "linode", publicKey: `${PUBLIC_KEY}\n` };
}
