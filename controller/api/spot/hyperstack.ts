import { plainName } from "../../../resources/spec.ts";
import { Refusal } from "../dialect/refusal.ts";
import { actOn } from "./acting.ts";
import type { SpotApi } from "./api.ts";
import { bodyOf, listOf, NAME, objectOf, type SpotRoute, spotRoute, TEXT } from "./route.ts";
import { type LaunchPlace, launchPlaces } from "./services.ts";

const ATTACHMENTS = objectOf({ firewall_id: TEXT, vm_ids: listOf(TEXT) });

/** Firewalls and images of Hyperstack. Ids are texts here. */
export const hyperstackRoutes: readonly SpotRoute[] = [
  spotRoute<unknown, { firewall_id: string }>({
    id: "hyperstack.firewall.get-attachments",
    method: "post",
    path: "/api/hyperstack/firewall/get-attachments",
    summary: "The machines behind a firewall",
    body: bodyOf({ firewall_id: NAME }),
    data: ATTACHMENTS,
    run: async (api, { body: { firewall_id: id }, signal }) => {
      const { attached } = await findFirewall(api, id, signal);
      return { data: { firewall_id: id, vm_ids: attached } };
    },
  }),
  spotRoute<unknown, { firewall_id: string; vm_ids: string[] }>({
    id: "hyperstack.firewall.update-attachments",
    method: "post",
    path: "/api/hyperstack/firewall/update-attachments",
    summary: "Put exactly these machines behind a firewall",
    description:
      "Each machine that comes or goes is an edit of its server's file, all in one change. A firewall or a machine that is not the fleet's is refused by its id, and nothing is changed.",
    body: bodyOf({ firewall_id: NAME, vm_ids: { type: "array", items: NAME, uniqueItems: true, maxItems: 500 } }),
    data: ATTACHMENTS,
    run: async (api, { by, body, signal }) => {
      const { firewall_id: id, vm_ids: wanted } = body;
      const { place, attached } = await findFirewall(api, id, signal);
      const name = await firewallName(api, place, id);
      const differing = [
        ...wanted.filter((vm) => !attached.includes(vm)),
        ...attached.filter((vm) => !wanted.includes(vm)),
      ];
      const servers = await serversOf(api, place, differing);
      const wishes = servers.map(({ vm, server, firewalls }) => {
        const others = firewalls.filter((one) => one !== name);
        const patch = { firewalls: wanted.includes(vm) ? [...others, name] : others };
        return { kind: "Server", name: server, patch } as const;
      });
      const [first, ...more] = servers.map(({ server }) => ({ kind: "Server", name: server }) as const);
      if (first === undefined) return { data: { firewall_id: id, vm_ids: attached } };
      const change = await actOn(
        api,
        { op: "firewall", by, asked: ["firewall", body], signal },
        { title: `Put ${wanted.length} machines behind ${name}`, objects: [first, ...more], wishes },
      );
      const now = await place.launching.attachments(id, place.call);
      return { data: { firewall_id: id, vm_ids: now ?? [] }, ...change };
    },
  }),
  spotRoute<{ region?: string }>({
    id: "hyperstack.images",
    method: "get",
    path: "/api/hyperstack/images",
    summary: "Images that machines are launched from",
    parameters: [{ name: "region", in: "query", description: "Of this region only, such as canada-1.", schema: NAME }],
    data: listOf(objectOf({ id: TEXT, name: TEXT, region: TEXT, size: TEXT, type: TEXT })),
    run: async (api, { parameters: { region }, signal }) => {
      const all = await Promise.all(launchPlaces(api, signal).map(({ launching, call }) => launching.images(call)));
      const images = all.flat().map((image) => ({ ...image, region: image.region.toLowerCase() }));
      const byId = new Map(images.map((image) => [image.id, image]));
      return { data: [...byId.values()].filter((one) => !region || one.region === region.toLowerCase()) };
    },
  }),
];

/** @throws {Refusal} not-found */
async function findFirewall(
  api: SpotApi,
  id: string,
  signal: AbortSignal,
): Promise<{ place: LaunchPlace; attached: string[] }> {
  for (const place of launchPlaces(api, signal)) {
    const attached = await place.launching.attachments(id, place.call);
    if (attached !== undefined) return { place, attached };
  }
  throw new Refusal("not-found", `there is no firewall ${id}`, { field: "firewall_id" });
}

/** What servers call it. @throws {Refusal} action for one that is not the fleet's */
async function firewallName({ controller }: SpotApi, { account }: LaunchPlace, id: string): Promise<string> {
  const records = await controller.store.objects({ account: account.identity, kind: "Firewall" });
  const found = records.find(({ cloudId }) => cloudId === id);
  if (found !== undefined) return plainName(found.name);
  throw new Refusal("action", `the firewall ${id} is not the fleet's, and is left alone`, { field: "firewall_id" });
}

/** The servers that these machines are, with their firewalls. @throws {Refusal} action naming those that are not the fleet's */
async function serversOf({ controller, desired }: SpotApi, { account }: LaunchPlace, vms: readonly string[]) {
  const records = await controller.store.objects({ account: account.identity, kind: "Server" });
  const names = new Map(records.flatMap(({ cloudId, name }) => (cloudId === undefined ? [] : [[cloudId, name]])));
  const specs = new Map(
    desired.objects.flatMap(({ spec }) => (spec.kind === "Server" ? [[spec.name, spec.firewalls] as const] : [])),
  );
  const found = vms.map((vm) => {
    const server = names.get(vm);
    return { vm, server, firewalls: server === undefined ? undefined : specs.get(server) };
  });
  const strange = found.filter(({ firewalls }) => firewalls === undefined).map(({ vm }) => vm);
  if (strange.length > 0)
    throw new Refusal("action", `not the fleet's, and left alone: ${strange.join(", ")}`, {
      field: "vm_ids",
      details: { vm_ids: strange },
    });
  return found.flatMap(({ vm, server, firewalls }) =>
    server === undefined || firewalls === undefined ? [] : [{ vm, server, firewalls }],
  );
}
