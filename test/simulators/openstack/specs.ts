import { loadSpec, type Spec } from "../spec.ts";

type Json = Record<string, unknown>;

/** Where the services of the simulated cloud are, and what their descriptions are called. */
const SERVICES = [
  { prefix: "/compute", name: "openstack-compute" },
  { prefix: "/network", name: "openstack-network" },
  { prefix: "/image", name: "openstack-image" },
  { prefix: "/identity", name: "openstack-identity" },
  { prefix: "", name: "openstack-identity" },
] as const;

/** What the descriptions say and the services do otherwise. */
const DEFECTS = [
  // A password that never expires has null there.
  /\/token\/user\/password_expires_at must be string/,
  // Lists of Keystone's have an object there.
  /\/links must be array/,
  // Neutron has null where something is not limited, or not to be had.
  /\/(protocol|remote_address_group_id|remote_group_id|remote_ip_prefix|ipv[46]_address_scope|ipv6_address_mode|ipv6_ra_mode) must be (string|equal)/,
];
const SUCCESSES = [200, 201, 202, 204];

/** The descriptions of all services as one, by the paths of the simulated cloud; nova's for one microversion. Undefined where they are absent. */
export function openstackSpec(minor: number): Spec | undefined {
  const specs = new Map<string, Spec | undefined>();
  for (const { name } of SERVICES) {
    if (!specs.has(name))
      specs.set(
        name,
        loadSpec(name, (document) => forVersion(document, minor)),
      );
  }
  if ([...specs.values()].includes(undefined)) return undefined;
  const find = (path: string) => {
    const service = SERVICES.find(({ prefix }) => path.startsWith(`${prefix}/`)) ?? SERVICES[4];
    return { spec: specs.get(service.name)!, own: path.slice(service.prefix.length) };
  };
  return {
    checkRequest(method, path, body) {
      const { spec, own } = find(path);
      return spec.checkRequest(method, own, body);
    },
    checkResponse(method, path, status, body) {
      const { spec, own } = find(path);
      const check = (as: number) =>
        spec
          .checkResponse(method, own, as, body)
          .filter((complaint) => !DEFECTS.some((defect) => defect.test(complaint)));
      const complaints = check(status);
      if (status >= 300 || !complaints[0]?.endsWith("is not described")) return complaints;
      // The descriptions were read from the code and often have another success than the one that is sent.
      const others = SUCCESSES.map(check);
      return others.find((other) => !other[0]?.endsWith("is not described")) ?? complaints;
    },
  };
}

/** Of alternatives that differ by microversion only those of this one; and whichever fits then, as some cannot be told apart. */
function forVersion(document: Json, minor: number): Json {
  const schemas = ((document.components as Json | undefined)?.schemas ?? {}) as Record<string, Json>;
  const versionsOf = (schema: Json): { min: number; max: number } => {
    const target = typeof schema.$ref === "string" ? (schemas[schema.$ref.split("/").at(-1) ?? ""] ?? schema) : schema;
    const { "min-ver": min, "max-ver": max } = (target["x-openstack"] ?? {}) as Json;
    return { min: minorOf(min) ?? 0, max: minorOf(max) ?? Number.POSITIVE_INFINITY };
  };
  const walk = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node !== "object" || node === null) return node;
    const { oneOf, ...rest } = node as Json;
    const walked = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, walk(value)]));
    if (!Array.isArray(oneOf)) return oneOf === undefined ? walked : { ...walked, oneOf: walk(oneOf) };
    const fitting = (oneOf as Json[]).filter((schema) => {
      const { min, max } = versionsOf(schema);
      return min <= minor && minor <= max;
    });
    return { ...walked, anyOf: (fitting.length > 0 ? fitting : oneOf).map(walk) };
  };
  return walk(document) as Json;
}

function minorOf(version: unknown): number | undefined {
  const minor = /^2\.(\d+)$/.exec(String(version ?? ""))?.[1];
  return minor === undefined ? undefined : Number(minor);
}
