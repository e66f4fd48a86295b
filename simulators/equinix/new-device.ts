import { findMetro, findPlan, findSystem, METROS, type Metro, metroOfFacility, type Plan } from "./catalog.ts";
import { unprocessable } from "./errors.ts";
import { type Body, HOSTNAME, readBoolean, readString, readStrings, requireString } from "./fields.ts";
import type { NewDevice } from "./machines.ts";
import type { EquinixWorld, Reservation } from "./world.ts";

const BILLING_CYCLES = ["hourly", "daily", "monthly", "yearly"];
const EVERY_KIND = [
  { family: 4, public: true },
  { family: 4, public: false },
  { family: 6, public: true },
] as const;

/** The device that a request asks for. @throws {EquinixError} 422 with what is wrong, also when none is left */
export function readNewDevice(body: Body, world: EquinixWorld): NewDevice {
  const slug = requireString(body, "plan");
  const plan = findPlan(slug);
  if (!plan) throw unprocessable(`Plan ${slug} is not valid`);
  const system = findSystem(requireString(body, "operating_system"));
  if (!system) throw unprocessable("Operating system is not valid");
  if (!system.arch.includes(plan.arch))
    throw unprocessable(`Operating system ${system.slug} is not provisionable on ${plan.slug}`);
  const billingCycle = readString(body, "billing_cycle") ?? "hourly";
  if (!BILLING_CYCLES.includes(billingCycle)) throw unprocessable("billing_cycle is invalid");
  const keyIds = readStrings(body, "project_ssh_keys") ?? [];
  for (const id of keyIds)
    if (!world.keys.get(id)) throw unprocessable(`Project SSH key ${id} is not a key of this project`);
  const fields = {
    hostname: readString(body, "hostname", { pattern: HOSTNAME, max: 253 }) || `${plan.slug}-${world.ids.hex(4)}`,
    description: readString(body, "description") ?? "",
    plan,
    system,
    billingCycle,
    tags: readStrings(body, "tags") ?? [],
    userdata: readString(body, "userdata") ?? "",
    keyIds,
    alwaysPxe: readBoolean(body, "always_pxe") ?? false,
    ipxeScriptUrl: readString(body, "ipxe_script_url") ?? "",
    locked: readBoolean(body, "locked") ?? false,
    addresses: readAddresses(body),
  };
  if (system.slug === "custom_ipxe" && fields.ipxeScriptUrl === "" && !/^#!ipxe/.test(fields.userdata))
    throw unprocessable("ipxe_script_url can't be blank when the operating system is custom_ipxe");
  const metros = readMetros(body);
  const wanted = readString(body, "hardware_reservation_id") || undefined;
  if (wanted !== undefined) {
    const reservation = reservationFor(world, wanted, plan, metros);
    return { ...fields, metro: reservation.metro, reservation };
  }
  return { ...fields, metro: withRoom(world, plan, metros) };
}

/** The metros that will do, best first. */
function readMetros(body: Body): Metro[] {
  const everywhere = [...METROS.values()];
  const code = readString(body, "metro");
  if (code) {
    if (code === "any") return everywhere;
    const metro = findMetro(code);
    if (!metro) throw unprocessable(`Metro ${code} is not valid`);
    return [metro];
  }
  const sites = typeof body.facility === "string" ? [body.facility] : (readStrings(body, "facility") ?? []);
  if (sites.length === 0) throw unprocessable("Either metro or facility must be given");
  return sites.flatMap((site) => {
    if (site === "any") return everywhere;
    const metro = metroOfFacility(site);
    if (!metro) throw unprocessable(`Facility ${site} is not valid`);
    return [metro];
  });
}

function withRoom(world: EquinixWorld, plan: Plan, metros: Metro[]): Metro {
  const metro = metros.find((each) => (world.available(plan, each) ?? 0) > 0);
  if (metro) return metro;
  const where = metros.length === 1 ? `metro ${metros[0]!.code} has` : "metros have";
  throw unprocessable(`The ${where} no provisionable ${plan.slug} servers matching your criteria: out of stock`);
}

function reservationFor(world: EquinixWorld, wanted: string, plan: Plan, metros: Metro[]): Reservation {
  const fits = (each: Reservation) => each.device === undefined && each.plan === plan && metros.includes(each.metro);
  const reservation =
    wanted === "next-available"
      ? world.reservations.find(fits)
      : world.reservations.find(({ id, ...rest }) => id === wanted && fits({ id, ...rest }));
  if (!reservation) throw unprocessable("Server is not provisionable");
  return reservation;
}

function readAddresses(body: Body): NewDevice["addresses"] {
  const list = body.ip_addresses;
  if (list === undefined || list === null) return [...EVERY_KIND];
  if (!Array.isArray(list)) throw unprocessable("ip_addresses must be a list");
  const addresses = list.map((item: Body) => {
    const family = item?.address_family;
    if (family !== 4 && family !== 6) throw unprocessable("ip_addresses: address_family must be 4 or 6");
    return { family, public: readBoolean(item, "public") ?? true } as const;
  });
  if (!addresses.some((each) => each.family === 4 && !each.public))
    throw unprocessable("ip_addresses must hold a private IPv4 address");
  return addresses;
}
