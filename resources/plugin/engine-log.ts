import { type ChannelCredentials, credentials } from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import enginePb from "@pulumi/pulumi/proto/engine_pb.js";

/** Lines shown beside a resource by the engine that serves at `attach`ed address; without one they are dropped. */
export class EngineLog {
  #client: InstanceType<typeof engineGrpc.EngineClient> | undefined;

  attach(address: string): void {
    this.close();
    const insecure: ChannelCredentials = credentials.createInsecure();
    if (address !== "") this.#client = new engineGrpc.EngineClient(address, insecure);
  }

  /** Ephemeral: shown while the resource is at work, not kept among the diagnostics. Never waits, never fails. */
  status(urn: string, message: string): void {
    const request = new enginePb.LogRequest();
    request.setSeverity(enginePb.LogSeverity.INFO);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(true);
    this.#client?.log(request, () => {});
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}
