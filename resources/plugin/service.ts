import {
  type handleUnaryCall,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb.js";
import type {
  CheckRequest,
  CheckResponse,
  ConfigureRequest,
  ConfigureResponse,
  CreateRequest,
  CreateResponse,
  DeleteRequest,
  DiffRequest,
  DiffResponse,
  GetMappingResponse,
  GetMappingsResponse,
  GetSchemaResponse,
  ProviderHandshakeRequest,
  ProviderHandshakeResponse,
  ReadRequest,
  ReadResponse,
  UpdateRequest,
  UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb.js";
import type { Empty as EmptyMessage } from "google-protobuf/google/protobuf/empty_pb.js";
import type { Aborts } from "./aborts.ts";
import { diffInputs, ignoreChanges, withoutIgnored } from "./diff.ts";
import type { EngineLog } from "./engine-log.ts";
import type { HandlerContext, ProviderPackage, ResourceHandler } from "./handler.ts";
import { checkResponse, decodeOrRefuse, diffResponse, outputSecrets, wrapPartial } from "./messages.ts";
import { Empty, fromStruct, provider, toStruct } from "./proto.ts";
import { errorMessage, isBug, StatusError } from "./status.ts";
import { decode, encode } from "./values.ts";

export type HostLog = (level: "info" | "error", message: string) => void;

interface Host {
  aborts: Aborts;
  engine: EngineLog;
  calls: Map<string, number>;
  log: HostLog;
}

/** The `ResourceProvider` service: each method translates a request to a handler's call and the answer back. */
export function providerService(pkg: ProviderPackage, host: Host): UntypedServiceImplementation {
  const handlers = new Map(pkg.handlers.map((handler) => [handler.type, handler]));

  function handlerOf(request: { getType(): string; getUrn(): string }): ResourceHandler {
    const type = request.getType() || typeOfUrn(request.getUrn());
    const handler = handlers.get(type);
    if (!handler)
      throw new StatusError(status.UNIMPLEMENTED, `package ${pkg.name} ${pkg.version} has no resource ${type}`);
    return handler;
  }

  /** Runs a handler with a context that lives as long as the call. */
  async function within<T>(
    call: ServerUnaryCall<{ getUrn(): string }, unknown>,
    options: { preview: boolean; timeoutSeconds: number },
    work: (context: HandlerContext) => Promise<T>,
  ): Promise<T> {
    const urn = call.request.getUrn();
    const { signal, close } = host.aborts.open(call, options.timeoutSeconds);
    try {
      return await work({ urn, preview: options.preview, signal, log: (message) => host.engine.status(urn, message) });
    } catch (error) {
      // What a client throws because of our abort says less than why we aborted.
      throw signal.aborted && isBug(error) ? signal.reason : error;
    } finally {
      close();
    }
  }

  async function check({ request }: ServerUnaryCall<CheckRequest, CheckResponse>): Promise<CheckResponse> {
    const news = decode(fromStruct(request.getNews()));
    const olds = request.hasOlds() ? decode(fromStruct(request.getOlds())).values : undefined;
    if (news.refused.length > 0) return checkResponse(news, { inputs: news.values, failures: news.refused });
    return checkResponse(news, await handlerOf(request).check(news.values, olds));
  }

  async function diff({ request }: ServerUnaryCall<DiffRequest, DiffResponse>): Promise<DiffResponse> {
    const outputs = decodeOrRefuse(request.getOlds()).values;
    const inputs = request.hasOldInputs() ? decodeOrRefuse(request.getOldInputs()).values : outputs;
    const ignored = request.getIgnorechangesList();
    const news = ignoreChanges(inputs, decodeOrRefuse(request.getNews()).values, ignored);
    return diffResponse(
      withoutIgnored(await handlerOf(request).diff(request.getId(), { inputs, outputs }, news), ignored),
    );
  }

  async function create(call: ServerUnaryCall<CreateRequest, CreateResponse>): Promise<CreateResponse> {
    const { request } = call;
    const handler = handlerOf(request);
    const inputs = decodeOrRefuse(request.getProperties());
    const secrets = outputSecrets(handler, inputs);
    const options = { preview: request.getPreview(), timeoutSeconds: request.getTimeout() };
    const made = await within(call, options, (context) => handler.create(inputs.values, context)).catch(
      wrapPartial("", secrets),
    );
    const response = new provider.CreateResponse();
    response.setId(made.id);
    response.setProperties(toStruct(encode(made.outputs, secrets)));
    return response;
  }

  async function read(call: ServerUnaryCall<ReadRequest, ReadResponse>): Promise<ReadResponse> {
    const { request } = call;
    const handler = handlerOf(request);
    const outputs = decodeOrRefuse(request.getProperties());
    const inputs = decodeOrRefuse(request.getInputs());
    const known = { inputs: inputs.values, outputs: outputs.values };
    const options = { preview: false, timeoutSeconds: request.getTimeout() };
    const found = await within(call, options, (context) => handler.read(request.getId(), known, context));
    const response = new provider.ReadResponse();
    // An answer without an id is how the engine is told that the resource is gone.
    if (!found) return response;
    response.setId(found.id);
    response.setProperties(toStruct(encode(found.outputs, outputSecrets(handler, inputs, outputs))));
    response.setInputs(toStruct(encode(found.inputs, inputs.secrets)));
    return response;
  }

  async function update(call: ServerUnaryCall<UpdateRequest, UpdateResponse>): Promise<UpdateResponse> {
    const { request } = call;
    const handler = handlerOf(request);
    const outputs = decodeOrRefuse(request.getOlds()).values;
    const inputs = request.hasOldInputs() ? decodeOrRefuse(request.getOldInputs()).values : outputs;
    const news = decodeOrRefuse(request.getNews());
    const wanted = ignoreChanges(inputs, news.values, request.getIgnorechangesList());
    const secrets = outputSecrets(handler, news);
    const options = { preview: request.getPreview(), timeoutSeconds: request.getTimeout() };
    const updated = await within(call, options, (context) =>
      handler.update(request.getId(), { inputs, outputs }, wanted, context),
    ).catch(wrapPartial(request.getId(), secrets));
    const response = new provider.UpdateResponse();
    response.setProperties(toStruct(encode(updated, secrets)));
    return response;
  }

  async function remove(call: ServerUnaryCall<DeleteRequest, EmptyMessage>): Promise<EmptyMessage> {
    const { request } = call;
    const handler = handlerOf(request);
    const outputs = decodeOrRefuse(request.getProperties()).values;
    const inputs = request.hasOldInputs() ? decodeOrRefuse(request.getOldInputs()).values : outputs;
    await within(call, { preview: false, timeoutSeconds: request.getTimeout() }, (context) =>
      handler.delete(request.getId(), { inputs, outputs }, context),
    );
    return new Empty();
  }

  async function configure({
    request,
  }: ServerUnaryCall<ConfigureRequest, ConfigureResponse>): Promise<ConfigureResponse> {
    const variables: Record<string, string> = {};
    request.getVariablesMap().forEach((value, key) => {
      variables[key.slice(key.lastIndexOf(":") + 1)] = value;
    });
    await pkg.configure?.(variables);
    const response = new provider.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setSupportspreview(true);
    return response;
  }

  async function handshake({
    request,
  }: ServerUnaryCall<ProviderHandshakeRequest, ProviderHandshakeResponse>): Promise<ProviderHandshakeResponse> {
    host.engine.attach(request.getEngineAddress());
    const response = new provider.ProviderHandshakeResponse();
    response.setAcceptSecrets(true);
    return response;
  }

  const unary = <Q, A>(name: string, work: (call: ServerUnaryCall<Q, A>) => Promise<A>): handleUnaryCall<Q, A> => {
    return (call: ServerUnaryCall<Q, A>, callback: sendUnaryData<A>) => {
      host.calls.set(name, (host.calls.get(name) ?? 0) + 1);
      work(call).then(
        (answer) => callback(null, answer),
        (error) => callback(toStatus(name, error)),
      );
    };
  };

  function toStatus(name: string, error: unknown): StatusError {
    if (error instanceof StatusError) return error;
    if (isBug(error)) host.log("error", `${name}: ${error instanceof Error ? error.stack : error}`);
    return new StatusError(status.UNKNOWN, errorMessage(error));
  }

  const unimplemented = (name: string, what: string) =>
    unary(name, async () => {
      throw new StatusError(status.UNIMPLEMENTED, `package ${pkg.name} has no ${what}`);
    });

  return {
    handshake: unary("Handshake", handshake),
    attach: unary("Attach", async ({ request }: ServerUnaryCall<{ getAddress(): string }, EmptyMessage>) => {
      host.engine.attach(request.getAddress());
      return new Empty();
    }),
    getPluginInfo: unary("GetPluginInfo", async () => {
      const info = new pluginPb.PluginInfo();
      info.setVersion(pkg.version);
      return info;
    }),
    getSchema: unary("GetSchema", async (): Promise<GetSchemaResponse> => {
      const response = new provider.GetSchemaResponse();
      response.setSchema(pkg.schema?.() ?? JSON.stringify({ name: pkg.name, version: pkg.version }));
      return response;
    }),
    checkConfig: unary("CheckConfig", async ({ request }: ServerUnaryCall<CheckRequest, CheckResponse>) => {
      const response = new provider.CheckResponse();
      const given = fromStruct(request.getNews());
      response.setInputs(toStruct({ ...pkg.configDefaults?.(), ...given }));
      return response;
    }),
    // Another version or setting of the provider never replaces what it made.
    diffConfig: unary("DiffConfig", async ({ request }: ServerUnaryCall<DiffRequest, DiffResponse>) => {
      const old = decode(fromStruct(request.hasOldInputs() ? request.getOldInputs() : request.getOlds())).values;
      return diffResponse(diffInputs(old, decode(fromStruct(request.getNews())).values));
    }),
    configure: unary("Configure", configure),
    check: unary("Check", check),
    diff: unary("Diff", diff),
    create: unary("Create", create),
    read: unary("Read", read),
    update: unary("Update", update),
    delete: unary("Delete", remove),
    cancel: unary("Cancel", async () => {
      // The engine sends this at the end of each operation too, and the next operation may use the same host.
      host.aborts.cancel({ final: false });
      return new Empty();
    }),
    getMapping: unary("GetMapping", async (): Promise<GetMappingResponse> => new provider.GetMappingResponse()),
    getMappings: unary("GetMappings", async (): Promise<GetMappingsResponse> => new provider.GetMappingsResponse()),
    parameterize: unimplemented("Parameterize", "parameters"),
    invoke: unimplemented("Invoke", "functions"),
    call: unimplemented("Call", "methods"),
    construct: unimplemented("Construct", "component resources"),
    list: (call: ServerWritableStream<unknown, unknown>) => {
      call.destroy(new StatusError(status.UNIMPLEMENTED, `package ${pkg.name} lists no resources`));
    },
  };
}

/** `urn:pulumi:stack::project::parentType$type::name`. */
function typeOfUrn(urn: string): string {
  const qualified = urn.split("::")[2] ?? "";
  return qualified.slice(qualified.lastIndexOf("$") + 1);
}
