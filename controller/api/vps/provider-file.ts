import type { AccountSpec } from "../../../resources/spec.ts";
import { validateFields } from "../../fleet/validate.ts";
import type { FileEdit } from "../../repo/edits.ts";
import { Refusal } from "../dialect/refusal.ts";
import { PROVIDER_TYPES } from "./provider-types.ts";
import type { Provider } from "./providers.ts";

/** What an admin keeps with a provider. `default_region` is heeded; the rest is only kept. */
export type Configuration = Readonly<Record<string, unknown>>;

export interface ProviderWish {
  name?: string;
  api_key?: string;
  active?: boolean;
  configuration?: Configuration;
}

/** Names of members that hold a secret, in any spelling: what is kept in git must have none. */
const SECRET = /(password|passphrase|secret|token|credential|api_?key|private_?key)s?$/i;
const LONGEST_NAME = 50;

/** The name in the files that a title gives: the same for the same title. @param suffix where another account has it already */
export function nameOf(title: string, isTaken: (name: string) => boolean, suffix: string): string {
  const word = title
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, LONGEST_NAME)
    .replace(/^-+|-+$/g, "");
  const name = word === "" ? "provider" : word;
  return isTaken(name) ? `${name}-${suffix}` : name;
}

/** Fields of a new account's file. */
export function newFields(
  type: string,
  { name, configuration = {} }: { name: string; configuration?: Configuration },
  values: Readonly<Record<string, string>>,
  endpoint: string | undefined,
): Record<string, unknown> {
  const { region, settings } = configured(configuration);
  const { budgets } = PROVIDER_TYPES[type]!;
  return {
    title: name,
    provider: type,
    ...(endpoint !== undefined && { endpoint }),
    credentials: sealedFields(values),
    ...(budgets && { budgets }),
    ...(region !== undefined && { defaultRegion: region }),
    ...(Object.keys(settings).length > 0 && { settings }),
  };
}

/** An account as its file is going to be. @throws {Refusal} invalid */
export function candidate(name: string, fields: Readonly<Record<string, unknown>>): AccountSpec {
  const value = { kind: "Account", name, ...structuredClone(fields) };
  const [fault] = validateFields("Account", value);
  // The check has filled in what is left out.
  if (fault === undefined) return value as unknown as AccountSpec;
  throw new Refusal("invalid", `${fault.path.join(".")} ${fault.message}`, { field: requestField(fault.path[0]) });
}

/** What the request calls a field of the file. */
const requestField = (field: string | number | undefined): string =>
  field === "title" || field === "name" ? "name" : field === "provider" ? "type" : "configuration";

/** The edits of a provider's file that bring a wish about; none where it is so already. */
export function editsFor(
  { name, spec }: Pick<Provider, "name" | "spec">,
  wish: ProviderWish,
  values: Readonly<Record<string, string>> | undefined,
): FileEdit[] {
  const at = { kind: "Account", name } as const;
  const put = (field: string, value: unknown): FileEdit => ({ ...at, set: [field], value });
  const drop = (field: string, isThere: boolean): FileEdit[] => (isThere ? [{ ...at, remove: [field] }] : []);
  const { configuration, active } = wish;
  const kept = configuration === undefined ? undefined : configured(configuration);
  const isSealed = values === undefined || Object.keys(values).every((field) => spec.credentials[field]?.sealed);
  return [
    ...(wish.name === undefined ? [] : [put("title", wish.name)]),
    ...(active === undefined ? [] : active ? drop("active", spec.active === false) : [put("active", false)]),
    ...(isSealed ? [] : [put("credentials", sealedFields(values))]),
    ...(kept === undefined
      ? []
      : [
          ...(kept.region === undefined
            ? drop("defaultRegion", spec.defaultRegion !== undefined)
            : [put("defaultRegion", kept.region)]),
          ...(Object.keys(kept.settings).length === 0
            ? drop("settings", spec.settings !== undefined)
            : [put("settings", kept.settings)]),
        ]),
  ];
}

const sealedFields = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.keys(values).map((field) => [field, { sealed: true }]));

/** The configuration as an account's file has it. */
export const configurationOf = ({ defaultRegion, settings }: AccountSpec): Configuration => ({
  ...settings,
  ...(defaultRegion !== undefined && { default_region: defaultRegion }),
});

/** Whether something of a member of the configuration is named like a secret: it may not be kept in git. */
export const isSecret = (member: string, value: unknown): boolean =>
  [member, ...membersOf(value)].some((one) => SECRET.test(one));

/** @throws {Refusal} invalid for what may not be kept in git */
function configured(configuration: Configuration): { region?: string; settings: Configuration } {
  const { default_region: region, ...settings } = configuration;
  const secret = membersOf(settings).find((member) => SECRET.test(member));
  if (secret !== undefined)
    throw new Refusal("invalid", `configuration is kept in git: give ${secret} as api_key`, {
      field: `configuration.${secret}`,
    });
  return { ...(typeof region === "string" && region !== "" && { region }), settings };
}

function membersOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap(membersOf)];
}
