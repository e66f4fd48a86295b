import type { Catalog } from "../../../resources/catalog.ts";
import type { Capabilities } from "../../../resources/cloud.ts";
import type { AccountSpec } from "../../../resources/spec.ts";
import { KINDS, type Kind } from "../../../schemas/index.ts";
import type { FleetView } from "../../api/fleet/view.ts";
import { priceIn } from "../../catalog/offers.ts";
import { cloudOf } from "../../reconcile/context.ts";
import { notThere } from "../gate.ts";
import type { Choice, FieldSchema } from "../parts/schema-form.ts";
import { money } from "../parts/words.ts";
import type { Visit } from "../visit.ts";

/** Fields of a new server, as the form has them together. */
export const GROUPS: Readonly<Record<string, readonly string[]>> = {
  Machine: ["name", "region", "plan", "size", "resources", "image"],
  Access: ["keys", "firewalls"],
  "Whose it is": ["owner", "labels", "expires"],
  "User data": ["userData"],
  "Options of the cloud": ["provider"],
  More: ["title", "hostname", "power", "ipv6", "monitoring", "backups", "protect", "deletionPolicy"],
};

/**
 * Not of a new server, or not of one whose account is chosen: what a placement needs is written into files, ids and secrets come from the services
 * that make servers, and ports have files of their own.
 */
export const LEFT_OUT: readonly string[] = [
  ...[
    "kind",
    "account",
    "formerly",
    "placement",
    "needs",
    "restarts",
    "rebuild",
    "expired",
    "suspend",
    "drift",
    "adopt",
    "uuid",
    "secrets",
    "stop",
    "ports",
  ],
];

/** Groups that are folded until something of them is given. */
export const FOLDED: ReadonlySet<string> = new Set(["User data", "Options of the cloud", "More"]);

export const SCHEMA = KINDS.Server.schema.properties as unknown as Readonly<Record<string, FieldSchema>>;

/** What the chosen account can be asked for. */
export interface Offer {
  account: AccountSpec;
  /** Fields that the form has. */
  fields: readonly string[];
  /** Of a server of this cloud. */
  schema: Readonly<Record<string, FieldSchema>>;
  choices: Readonly<Record<string, readonly Choice[]>>;
  required: ReadonlySet<string>;
}

/** Accounts on which this person may have servers. */
export async function accountsToChoose(visit: Visit): Promise<AccountSpec[]> {
  const view = await visit.view();
  const { accounts, owners } = visit.who;
  const isOpen = ({ name }: AccountSpec) =>
    owners === undefined || accounts === undefined ? view.isAccountWithin(visit.who, name) : accounts.includes(name);
  return [...view.desired.accounts.values()]
    .map(({ spec }) => spec)
    .filter((spec) => spec.active !== false && !spec.retired && isOpen(spec))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws {FleetError} NOT_FOUND also for an account that this person may not see */
export async function offerOf(visit: Visit, name: string): Promise<Offer> {
  const view = await visit.view();
  const account = (await accountsToChoose(visit)).find((one) => one.name === name);
  if (account === undefined) throw notThere(`account ${name.slice(0, 100)}`);
  const { capabilities, schemas } = cloudOf(visit.parts.controller, account.provider);
  const catalog = view.desired.catalogs[name];
  const owners = visit.who.owners;
  const plans = view.desired.plans.filter(
    ({ sizes, ended }) => sizes[account.provider] !== undefined && ended === undefined,
  );
  const choices: Record<string, readonly Choice[]> = {
    ...(catalog && fromCatalog(account, catalog)),
    keys: namesOf(visit, view, "SshKey"),
    firewalls: capabilities.firewalls ? namesOf(visit, view, "Firewall") : [],
    plan: plans.map(({ name: plan, vcpus, memoryMiB, diskGiB }) => ({
      value: plan,
      words: `${plan} — ${vcpus} vCPU, ${memory(memoryMiB)}, ${diskGiB} GiB`,
    })),
    ...(owners && { owner: owners.map((owner) => ({ value: owner, words: owner })) }),
  };
  const provider: FieldSchema = { ...schemas.server, description: SCHEMA.provider!.description! };
  const isLeftOut = (field: string) => !isFor(field, capabilities, plans.length > 0);
  return {
    account,
    fields: Object.values(GROUPS)
      .flat()
      .filter((field) => !isLeftOut(field)),
    schema: { ...SCHEMA, provider },
    choices,
    required: new Set(["name", "region", "image", ...(owners ? ["owner"] : [])]),
  };
}

/** What a cloud cannot do is not asked. */
function isFor(field: string, capabilities: Capabilities, hasPlans: boolean): boolean {
  if (field === "ipv6" || field === "monitoring" || field === "backups" || field === "firewalls")
    return capabilities[field];
  if (field === "size") return capabilities.sizes;
  if (field === "resources") return !capabilities.sizes;
  return field === "plan" ? hasPlans : true;
}

function fromCatalog({ regions }: AccountSpec, catalog: Catalog): Record<string, readonly Choice[]> {
  const open = catalog.regions.filter(
    ({ name, available }) => available && (regions.length === 0 || regions.includes(name)),
  );
  const places = open.map(({ name, title }) => ({ value: name, words: title === name ? name : `${name} — ${title}` }));
  const sizes = catalog.sizes
    .filter(({ ended, regions: sold }) => ended === undefined && sold?.length !== 0)
    .map((size) => {
      const price = money(priceIn(size, ""));
      const what = [`${size.vcpus} vCPU`, memory(size.memoryMiB), `${size.diskGiB} GiB`, price && `${price} a month`];
      return {
        value: size.name,
        words: `${size.name} — ${what.filter(Boolean).join(", ")}`,
        monthly: size.pricePerMonthMicro ?? Number.MAX_SAFE_INTEGER,
      };
    })
    .sort((a, b) => a.monthly - b.monthly);
  const images = catalog.images.map(({ name, title }) => ({
    value: name,
    words: title === name ? name : `${title} — ${name}`,
  }));
  return { region: places, ...(sizes.length > 0 && { size: sizes }), image: images };
}

const memory = (memoryMiB: number): string => (memoryMiB % 1024 === 0 ? `${memoryMiB / 1024} GiB` : `${memoryMiB} MiB`);

const namesOf = (visit: Visit, view: FleetView, kind: Kind): Choice[] =>
  [...view.objects(kind)]
    .filter((object) => view.isWithin(visit.who, object))
    .map(({ name }) => ({ value: name, words: name }))
    .sort((a, b) => (a.value < b.value ? -1 : 1));
