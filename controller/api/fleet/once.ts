import { createHmac } from "node:crypto";
import { canonicalJson } from "../../fleet/canonical.ts";
import { readKey, stateKeyFile } from "../../keys.ts";
import type { Controller } from "../../reconcile/context.ts";
import { ApiError } from "./problems.ts";
import type { Answer } from "./route.ts";

/** What a request asks for, whoever sends it again. */
export interface Asked {
  route: string;
  path: string;
  query: string;
  body: unknown;
}

/**
 * Does what no commit keeps once under a key; whoever asks again gets the first answer, without what is told only once. A request that fails has done
 * nothing, and may come again.
 * @throws {ApiError} USAGE for a key that another request has used; REQUEST_BUSY while the first is under way
 */
export async function once(
  { store, dataDir, environment }: Pick<Controller, "store" | "dataDir" | "environment">,
  key: string,
  asked: Asked,
  run: () => Promise<Answer>,
): Promise<Answer> {
  // Passwords and credentials are in it: without the key nobody can try what they were.
  const secret = await readKey(await stateKeyFile(dataDir, environment));
  const fingerprint = createHmac("sha256", secret).update(canonicalJson(asked)).digest("hex");
  const begun = await store.beginRequest(key, fingerprint);
  if (begun === "another")
    throw new ApiError("USAGE", "the Idempotency-Key was used for another request: take a new one");
  if (begun === "busy")
    throw new ApiError("REQUEST_BUSY", "the same request is under way: ask again for its answer", {
      headers: { "retry-after": "1" },
    });
  if (begun !== "begun") return begun.answer as Answer;
  try {
    const { kept, ...answer } = await run();
    await store.answerRequest(key, { ...answer, ...(kept !== undefined && { body: kept }) });
    return answer;
  } catch (error) {
    await store.dropRequest(key);
    throw error;
  }
}
