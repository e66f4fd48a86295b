import type { LaunchedMachine, LaunchImage, Launching } from "../cloud.ts";
import { type Firewall, isFirewall } from "./answers.ts";
import { listImages } from "./catalog.ts";
import { environmentOf } from "./environments.ts";
import { ENDPOINT, hyperstackObject } from "./http.ts";
import { FIREWALLS, MACHINES } from "./machines.ts";

const GB = 1024 ** 3;
/** As the document of the spot manager shows it. */
const MASKED = "-H 'api-key: ****'";

/** What the launch of a partner's machines reads and tells. Ids are numbers here, and texts to whoever reads them. */
export const launching: Launching = {
  async images(call, region) {
    const images = await listImages(call, region);
    return images.flatMap(({ id, name, region_name: where, size, type }): LaunchImage[] => {
      // An image that cannot be named cannot be launched.
      if (id === undefined || (region !== undefined && where !== region)) return [];
      return [{ id: String(id), name, region: where, size: `${Math.round((size ?? 0) / GB)}GB`, type: type ?? "" }];
    });
  },

  async attachments(firewall, call) {
    if (!/^\d{1,15}$/.test(firewall)) return undefined;
    const found = await hyperstackObject<Firewall>(call, `${FIREWALLS}/${firewall}`, "firewall", isFirewall);
    return found?.attachments.map(({ vm }) => String(vm.id)).sort();
  },

  environment: environmentOf,

  attach(machine, firewalls) {
    const body = JSON.stringify({ firewalls: firewalls.map(Number) });
    return `curl -X POST '${ENDPOINT}/v1${MACHINES}/${machine}/attach-firewalls' ${MASKED} ${JSON_TYPE} -d ${quoted(body)}`;
  },

  commands(machine) {
    const post = `curl -X POST '${ENDPOINT}/v1${MACHINES}'`;
    const rest = `${JSON_TYPE} -d ${quoted(JSON.stringify(bodyOf(machine)))}`;
    return {
      // The header's real name; the variable is read by the shell of whoever runs it.
      command: `${post} -H "api_key: $HYPERSTACK_API_KEY" ${rest}`,
      masked: `${post} ${MASKED} ${rest}`,
    };
  },
};

const JSON_TYPE = "-H 'Content-Type: application/json'";

const bodyOf = ({ name, environment, flavor, image, key }: LaunchedMachine) => ({
  name,
  environment_name: environment,
  flavor_name: flavor,
  image_name: image,
  key_name: key,
  count: 1,
});

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
