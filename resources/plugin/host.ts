import { Server, ServerCredentials } from "@grpc/grpc-js";
import { Aborts } from "./aborts.ts";
import { EngineLog } from "./engine-log.ts";
import type { ProviderPackage } from "./handler.ts";
import { service } from "./proto.ts";
import { type HostLog, providerService } from "./service.ts";

export type { HostLog } from "./service.ts";

/** Larger than any message of the engine: a resource's whole state is one. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

export interface ProviderHost {
  /** For `PULUMI_DEBUG_PROVIDERS=<package name>:<port>`, or to be printed by an executable. */
  readonly port: number;
  /** Calls taken so far, by method of the protocol: `Create`, `Diff`, … */
  readonly calls: ReadonlyMap<string, number>;
  /** Aborts the signals of all work under way and of all that comes later. */
  cancel(): void;
  /** Cancels, then closes every connection. */
  close(): Promise<void>;
}

/**
 * Serves a provider package to one engine run, on loopback.
 *
 * @param options.port 0, the default, picks a free one.
 * @param options.log takes what a developer needs: bugs of handlers with their stacks. Never property values.
 * @param options.engine address of the engine when it is known from the start; else the engine says it as it attaches.
 * @see https://www.pulumi.com/docs/iac/extending-pulumi/build-a-provider/
 */
export async function serve(
  pkg: ProviderPackage,
  options: { port?: number; log?: HostLog; engine?: string } = {},
): Promise<ProviderHost> {
  const aborts = new Aborts();
  const engine = new EngineLog();
  if (options.engine) engine.attach(options.engine);
  const calls = new Map<string, number>();
  const server = new Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  });
  server.addService(
    service.ResourceProviderService,
    providerService(pkg, { aborts, engine, calls, log: options.log ?? (() => {}) }),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${options.port ?? 0}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    calls,
    cancel: () => aborts.cancel({ final: true }),
    close: async () => {
      aborts.cancel({ final: true });
      server.forceShutdown();
      engine.close();
    },
  };
}
