import * as pulumi from "@pulumi/pulumi";
import { OUTPUT_NAMES, SERVER_TYPE, type ServerInputs } from "./server.ts";

/** A server of the benchmark cloud, as a Pulumi resource. */
export class BenchServer extends pulumi.CustomResource {
  constructor(name: string, args: ServerInputs, opts?: pulumi.CustomResourceOptions) {
    super(
      SERVER_TYPE,
      name,
      { ...Object.fromEntries(OUTPUT_NAMES.map((output) => [output, undefined])), ...args },
      opts,
    );
  }
}
