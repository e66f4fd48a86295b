import type { Changed, Instance, Snapshot, Template } from "../../capsule/index.ts";
import { perHour, someOf } from "../../words/sizes.ts";
import type { Io } from "../io.ts";
import { aligned } from "./text.ts";

type Shown = Instance & Partial<Changed>;

/** Machines as a table, with the change that did something to each. */
export function renderInstances(instances: readonly Shown[], { color }: Pick<Io, "color">): string[] {
  const header = ["provider", "id", "name", "status", "address", "region", "fleet"];
  const isChanged = instances.some(({ change }) => change);
  const [first, ...rows] = aligned([
    isChanged ? [...header, "change"] : header,
    ...instances.map((one) => (isChanged ? [...cells(one), one.change ?? ""] : cells(one))),
  ]);
  return [color.dim(first!), ...rows.map((row, index) => (instances[index]!.managed ? row : color.dim(row)))];
}

const cells = ({ provider, id, name, status, ip_address, region, server, managed }: Shown): string[] => [
  provider,
  id || "-",
  name,
  status,
  ip_address || "-",
  region,
  managed ? (server ?? "") : "not of this fleet",
];

/** All that is known of one machine, a line each. */
export function renderInstance(instance: Shown, { color }: Pick<Io, "color">): string[] {
  const { id, name, status, ip_address, ipv6_address, provider, region, size, image, created_at, server, change } =
    instance;
  const known = [
    ["name", name],
    ["id", id],
    ["provider", provider],
    ["status", status],
    ["address", [ip_address, ipv6_address].filter(Boolean).join(", ")],
    ["region", region],
    ["size", size],
    ["image", image],
    ["created", created_at],
    ["fleet", server ?? "not of this fleet: `fleetwright adopt` takes it over"],
    ["change", change ?? ""],
  ].filter(([, value]) => value !== "") as [string, string][];
  const width = Math.max(...known.map(([word]) => word.length));
  return known.map(([word, value]) => `${color.dim(word.padEnd(width))}  ${value}`);
}

/** Templates as a table: what one costs, has, and where it is sold. */
export function renderTemplates(templates: readonly Template[], { color }: Pick<Io, "color">): string[] {
  const [first, ...rows] = aligned([
    ["provider", "template", "name", "vCPU", "memory", "USD/hour", "regions"],
    ...templates.map(({ provider, id, name, vcpus, memory_gb, price_hourly, regions }) => [
      provider,
      id,
      name,
      String(vcpus),
      `${memory_gb} GiB`,
      perHour(Math.round(price_hourly * 1e6)),
      someOf(regions),
    ]),
  ]);
  return [color.dim(first!), ...rows];
}

/** Snapshots as a table, with the change that took or removed each. */
export function renderSnapshots(
  snapshots: readonly (Snapshot & { change?: string })[],
  { color }: Pick<Io, "color">,
): string[] {
  const [first, ...rows] = aligned([
    ["provider", "id", "name", "status", "machine", "size", "fleet"],
    ...snapshots.map(({ provider, id, name, status, instance_id, size_gb, managed, change }) => [
      provider,
      id,
      name,
      status,
      instance_id || "-",
      size_gb === undefined ? "-" : `${size_gb} GiB`,
      managed ? (change ?? "yes") : "not of this fleet",
    ]),
  ]);
  return [color.dim(first!), ...rows.map((row, index) => (snapshots[index]!.managed ? row : color.dim(row)))];
}
