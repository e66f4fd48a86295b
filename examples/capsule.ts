// Deploys one droplet and lists what there is: node examples/capsule.ts NAME SSH_KEY_ID, with DIGITALOCEAN_API_KEY set.
// It goes on running, and costs money, until `fleetwright capsule delete digitalocean ID`.
import { APIError, ProviderManager } from "fleetwright/capsule";

const [name = "my-xnode", key] = process.argv.slice(2);

await using manager = new ProviderManager();
for (const { provider, id, price_hourly } of await manager.compare_templates(2, 4, 0.05))
  console.log(`${provider.padEnd(15)} ${id.padEnd(20)} $${price_hourly.toFixed(3)}/hr`);

try {
  const config = { name, region: "nyc1", ...(key !== undefined && { ssh_keys: [key] }) };
  const result = await manager.deploy_to_provider("digitalocean", "do-basic-2", config);

  const provider = await manager.get_provider("digitalocean");
  for (const instance of await provider.list_instances())
    console.log(`${instance.name}: ${instance.status} - ${instance.ip_address}`);
  console.log(JSON.stringify({ id: result.id, change: result.change }));
} catch (error) {
  if (!(error instanceof APIError)) throw error;
  console.error(`${error.name} (${error.status_code}): ${error.message}`);
  process.exitCode = 1;
}
