import type { ProviderPackage } from "../../resources/plugin/handler.ts";
import { AwsClient } from "./aws/client.ts";
import { instance } from "./aws/instance.ts";
import { keyPair } from "./aws/key-pair.ts";
import { securityGroup } from "./aws/security-group.ts";
import { standinHandler } from "./resource.ts";
import { pluginError } from "./wire.ts";

/** Stand-in for the official `aws` plugin 7.48.0, for the resource types that a fleet declares. One package serves one engine run. */
export function awsStandin(env: Readonly<Record<string, string | undefined>>): ProviderPackage {
  let client: AwsClient | undefined;
  const connected = () => {
    if (!client) throw pluginError("the provider is not configured");
    return client;
  };
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  return {
    name: "aws",
    version: "7.48.0",
    handlers: [
      standinHandler(instance, connected),
      standinHandler(securityGroup, connected),
      standinHandler(keyPair, connected),
    ],

    configDefaults: () => ({
      ...(region ? { region } : {}),
      skipCredentialsValidation: "false",
      skipRegionValidation: "true",
    }),

    async configure(variables) {
      const accessKeyId = variables.accessKey || env.AWS_ACCESS_KEY_ID;
      const secretAccessKey = variables.secretKey || env.AWS_SECRET_ACCESS_KEY;
      if (!accessKeyId || !secretAccessKey) throw pluginError("No valid credential sources found.");
      const home = variables.region || region;
      if (!home) throw pluginError("Missing region configuration");
      const credentials = { accessKeyId, secretAccessKey };
      const token = variables.token || env.AWS_SESSION_TOKEN;
      const made = new AwsClient({
        env,
        region: home,
        credentials: token ? { ...credentials, sessionToken: token } : credentials,
      });
      await made.whoAmI(AbortSignal.timeout(60_000));
      client = made;
    },
  };
}
