/**
 * The operators' program: what `pulumi preview -s ACCOUNT.n` in the fleet repository runs. It joins the compiled document of HEAD with the
 * controller's records and declares the stack; `fleetwright run -- pulumi …` does the same under the stack's lease, the guards and the gateway.
 */
import * as pulumi from "@pulumi/pulumi";
import { openController } from "../controller/open.ts";
import { declareHead } from "../controller/reconcile/operator.ts";

const { FLEETWRIGHT_FLEET, FLEETWRIGHT_DATA } = process.env;
const controller = await openController({
  fleetDir: FLEETWRIGHT_FLEET ?? process.env.INIT_CWD ?? process.cwd(),
  ...(FLEETWRIGHT_DATA === undefined ? {} : { dataDir: FLEETWRIGHT_DATA }),
});
try {
  await declareHead(controller, pulumi.getStack(), AbortSignal.timeout(10 * 60 * 1000));
} finally {
  await controller.close();
}
