/**
 * Tries to have new servers approved, all at once, in a process of its own: the arguments are the data folder, all names of the fleet and those that it
 * is to try, both as JSON, and what the account may cost. Prints those that were approved.
 */
import { openStore } from "../../../controller/store/open.ts";
import { approveOne, controllerOn, spendingFleet } from "./approvers.ts";

const [dataDir = "", all = "", own = "", amount = ""] = process.argv.slice(2);
const store = await openStore({ dataDir, keepRunning: true });
const limit = { monthly: { amount: Number(amount), currency: "USD" }, alertAt: [], cap: true };
const desired = spendingFleet(JSON.parse(all) as string[], limit);
const controller = controllerOn(store);
const names = JSON.parse(own) as string[];
const passed = await Promise.all(names.map(async (name) => await approveOne(controller, desired, name)));
console.log(JSON.stringify(names.filter((_, index) => passed[index])));
await store.close();
