import path from "node:path";
import { goBuild } from "./go.ts";
import type { MakeOptions } from "./maker.ts";

/** Compiles the engine from the Go module `tools/engine`: about four minutes on two cores, and 1.5 GB of downloads and caches. */
export async function buildEngine({ home, version, env, progress }: MakeOptions): Promise<void> {
  await goBuild(
    {
      title: `the Pulumi engine ${version}`,
      module: path.resolve(import.meta.dirname, "../../../tools/engine"),
      package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": version },
      file: path.join(home, "bin/pulumi"),
    },
    { env, progress },
  );
}
