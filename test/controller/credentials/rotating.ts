import { KeyRing, type SealKey } from "../../../controller/credentials/keys.ts";
import { rotateKeys } from "../../../controller/credentials/rotate.ts";
import { openStore } from "../../../controller/store/open.ts";

/** Changes the keys, and ends at one of its steps as `kill -9` does. */
const [dataDir = "", step = ""] = process.argv.slice(2);
const dieAt = (here: string) => {
  if (step === here) process.kill(process.pid, "SIGKILL");
};

class Killing extends KeyRing {
  override async add(): Promise<SealKey> {
    const key = await super.add();
    dieAt("with a new key");
    return key;
  }

  override async remove(ids: ReadonlySet<string>): Promise<string[]> {
    dieAt("with all sealed anew");
    return await super.remove(ids);
  }
}

const store = await openStore({ dataDir });
const { changeCredentials } = store;
const killing: typeof changeCredentials = (change) =>
  changeCredentials(async (now) => {
    const made = await change(now);
    dieAt("before it is stored");
    return made;
  });
await rotateKeys({ ring: new Killing(dataDir, {}), store: { ...store, changeCredentials: killing } }, "Ada");
