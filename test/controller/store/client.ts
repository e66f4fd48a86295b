/** Another process at the same store, for tests: `client.ts DATA_DIR KEY [hold]` begins an intent, says so, and stays when asked to. */
import { openStore } from "../../../controller/store/open.ts";

const [dataDir, key, hold] = process.argv.slice(2);
const store = await openStore({ dataDir: dataDir! });
await store.journal.begin({ account: "a", kind: "Server", key: key! });
console.log("begun");
if (hold === "hold") setInterval(() => undefined, 1_000);
else await store.close();
