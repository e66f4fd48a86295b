import { MOTO } from "../../simulators/aws/moto.ts";
import { installedPackage, PackageMissing } from "../../simulators/python-package.ts";
import { serverSpec } from "../resources/fixtures.ts";

/** Why moto cannot be had here, for `skipIf`; undefined when it is in the cache (it is put there first, which takes a minute once). */
export async function motoMissing(): Promise<string | undefined> {
  try {
    await installedPackage(MOTO);
    return undefined;
  } catch (error) {
    if (error instanceof PackageMissing) return `skipped: ${error.message}`;
    throw error;
  }
}

export const REGION = "us-east-1";
export const DEBIAN = "ami-0de00000000000121";
export const PUBLIC_KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";

/** A server that EC2 can have. */
export const awsServer = (partial: Parameters<typeof serverSpec>[0] = {}) =>
  serverSpec({
    provider: "aws",
    size: "t3.micro",
    region: REGION,
    createOnly: { image: DEBIAN, keys: [] },
    ...partial,
  });
