import { PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { REACHABLE } from "./install.ts";

const [root, version] = process.argv.slice(2);
const archive = `https://get.pulumi.com/releases/sdk/pulumi-v${version}-${process.platform}-${process.arch}.tar.gz`;

try {
  const answer = await fetch(archive, { method: "HEAD", signal: AbortSignal.timeout(15_000) });
  if (!answer.ok) throw new Error(`${archive} answers ${answer.status}`);
  console.log(REACHABLE);
  // It installs the version of the package it comes with, which is the one that is wanted.
  await PulumiCommand.install({ root });
} catch (error) {
  const { message, cause } = error as Error;
  console.error(
    cause instanceof Error ? `${message} (${cause.message || (cause as NodeJS.ErrnoException).code})` : message,
  );
  process.exitCode = 1;
}
process.exit();
