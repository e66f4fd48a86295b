import type { Machines } from "./machines.ts";
import { FACILITIES, type Product } from "./products.ts";
import { orderStatusOf, powerStatusOf, statusOf } from "./stages.ts";
import type { AccountKey, Cancellation, Device, HivelocityWorld, Order, Vlan } from "./world.ts";

export function computeView(world: HivelocityWorld, device: Device) {
  return {
    deviceId: device.id,
    orderId: device.orderId,
    serviceId: device.serviceId,
    hostname: device.orderedHostname,
    osName: device.osName,
    locationName: device.location,
    productId: device.productId,
    productName: world.products.get(device.productId)?.name ?? "",
    powerStatus: powerStatusOf(world, device),
    primaryIp: device.ip,
    tags: device.tags,
    period: device.period,
    script: device.script,
    ...(device.publicSshKeyId === undefined ? {} : { publicSshKeyId: device.publicSshKeyId }),
    ...(device.vlanId === undefined ? {} : { vlanId: device.vlanId }),
  };
}

export function deviceView(world: HivelocityWorld, machines: Machines, device: Device) {
  const status = statusOf(world, device);
  const cancellation = machines.cancellationOf(device);
  const facility = FACILITIES.find(({ code }) => code === device.location);
  return {
    deviceId: device.id,
    name: device.hostname,
    hostname: device.hostname,
    status: "active",
    deviceType: "1U Server",
    deviceTypeGroup: "server",
    hasCancellation: cancellation !== undefined,
    ...(cancellation ? { billingCancelDate: Math.floor(cancellation.endMs / 1000) } : {}),
    billingStatus: "active",
    isManaged: false,
    isReload: status === "RELOADING",
    ipmiEnabled: true,
    tags: device.tags,
    displayedTags: [],
    location: { business: "Hivelocity", facility: facility?.code ?? "", rack: "1" },
    primaryIp: device.ip,
    servicePlan: device.serviceId,
    selfProvisioning: true,
    metadata: { sps_status: statusWord(status) },
    spsStatus: status,
    ports: portsView(device),
  };
}

/** The metadata write `IN_USE` as `InUse`. */
function statusWord(status: string): string {
  return status
    .split("_")
    .map((word) => word[0] + word.slice(1).toLowerCase())
    .join("");
}

export function portsView(device: Device) {
  return [
    {
      portId: device.id * 10 + 1,
      deviceId: device.id,
      name: "eth0",
      type: "1000",
      status: "ENABLED",
      private: false,
      mtu: 1500,
      ips: [ipView(device)],
    },
  ];
}

export function ipView(device: Device) {
  return {
    assignmentId: device.id * 10 + 2,
    version: 4,
    deviceId: device.id,
    subnet: `${device.ip}/32`,
    netmask: "255.255.255.255",
    firstUsableIp: device.ip,
    lastUsableIp: device.ip,
    usableIps: [device.ip],
    facilityCode: device.location,
    description: "",
    portId: device.id * 10 + 1,
  };
}

export function orderView(world: HivelocityWorld, order: Order) {
  return {
    orderId: order.id,
    status: orderStatusOf(world, order),
    total: order.total,
    owner: "simulated@example.com",
    info: {},
  };
}

export const keyView = ({ id, name, publicKey }: AccountKey) => ({ sshKeyId: id, name, publicKey });

export const vlanView = ({ id, facilityCode, type, tag }: Vlan) => ({
  vlanId: id,
  facilityCode,
  type,
  vlanTag: tag,
  automated: true,
  qInQ: false,
  portIds: [],
  ipIds: [],
});

export const cancellationView = ({ id, deviceId, serviceId, startMs, endMs, reason, done }: Cancellation) => ({
  id,
  deviceId,
  serviceId,
  startDate: new Date(startMs).toISOString(),
  cancelDate: new Date(endMs).toISOString(),
  reason,
  comments: "",
  cancelled: done,
});

export function stockView(product: Product, code: string) {
  const left = product.stock[code] ?? 0;
  const { hourly = 0, monthly = 0 } = product.premiums[code] ?? {};
  return {
    product_id: product.id,
    product_name: product.name,
    data_center: code,
    stock: left < 1 ? "unavailable" : left <= 2 ? "limited" : "available",
    is_sps: true,
    is_vps: product.isVps,
    core: true,
    edge: FACILITIES.find((facility) => facility.code === code)?.edge ?? false,
    product_hourly_price: product.hourly,
    product_monthly_price: product.monthly,
    product_quarterly_price: product.monthly * 3,
    product_annually_price: product.monthly * 12,
    product_disabled_billing_periods: product.disabled,
    hourly_location_premium: hourly,
    monthly_location_premium: monthly,
    product_cpu: product.cpu,
    product_cpu_cores: `${product.cores} cores / ${product.threads} threads`,
    processor_info: { cores: product.cores, threads: product.threads, sockets: 1 },
    product_memory: product.memory,
    product_drive: product.drive,
    product_gpu: product.gpu,
    product_bandwidth: product.bandwidth,
    product_on_sale: false,
  };
}
