import "../resources/lean-sdk.ts";
import { main } from "../controller/cli/main.ts";

process.exitCode = await main(process.argv.slice(2));
