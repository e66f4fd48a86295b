import { readSale } from "../../../controller/catalog/cache.ts";
import { holderName } from "../../../controller/reconcile/leases.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Call } from "../../../resources/cloud.ts";
import { createMemoryCloud } from "../../memory/cloud.ts";
import { memoryController } from "../reconcile/controller.ts";

/** A process that reads one account's catalogue, slowly, some times at once, and prints how often its cloud was asked. */
const [dataDir = "", times = "1"] = process.argv.slice(2);
const store = await openStore({ dataDir });
const memory = createMemoryCloud();
const slow = {
  ...memory.cloud,
  catalog: async (call: Call) => {
    await new Promise((done) => setTimeout(done, 700));
    return await memory.cloud.catalog(call);
  },
};
const made = memoryController(memory, store);
const controller = {
  ...made,
  clouds: { memory: slow },
  holder: holderName(process.pid),
  now: Date.now,
  sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, ms)),
};
const { signal } = new AbortController();
const readings = await Promise.all(
  Array.from({ length: Number(times) }, () => readSale(controller, memory.account.spec, { signal })),
);
process.stdout.write(
  JSON.stringify({ asked: memory.calls.catalog ?? 0, sizes: readings.map(({ content }) => content.sizes.length) }),
);
await store.close();
