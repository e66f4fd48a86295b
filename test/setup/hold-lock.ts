/** Takes a lock and keeps it until killed, for tests: `hold-lock.ts FILE`. */
import { withLock } from "../../controller/engine/find/lock.ts";

await withLock(
  process.argv[2]!,
  () => undefined,
  async () => {
    console.log("held");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  },
);
