import { cannotFill } from "../fill.ts";
import { Clock, serveSimulator } from "../kit.ts";
import type { SimulatedEntry, Simulator, SimulatorOptions } from "../simulator.ts";
import { awsApi } from "./api.ts";
import { AwsControl } from "./control.ts";
import { codeOf, errorAnswer } from "./errors.ts";
import { startMoto } from "./moto.ts";
import { scopeOf } from "./signature.ts";

/** What is accepted when the options name no secret key. */
export const AWS_CREDENTIALS = { accessKeyId: "AKIASIMULATED0000000", secretAccessKey: "aws-simulator-secret" };

/**
 * A simulated EC2 of all regions at one address: moto, with what it does not enforce before it. Faults and counts go by `/REGION/ACTION`, and
 * `/REGION/ACTION/ID` where an instance is named. Machines run at once; options about time have no effect.
 *
 * @throws {PackageMissing} where moto cannot be had.
 * @throws {FleetError} USAGE when it is to start with machines: moto makes some a second.
 */
export async function startAws(options: SimulatorOptions & { pageSize?: number } = {}): Promise<Simulator> {
  if (options.servers) throw cannotFill("aws");
  const moto = await startMoto();
  const clock = new Clock();
  const control = new AwsControl(moto.url);
  const app = awsApi({
    ...AWS_CREDENTIALS,
    ...(options.token === undefined ? {} : { secretAccessKey: options.token }),
    moto: moto.url,
    rateScale: options.rateScale,
    pageSize: options.pageSize,
    now: () => clock.now(),
    seen: (region) => void control.regions.add(region),
  });
  const cloud = {
    cloud: "aws",
    app,
    clock,
    servers: () => control.servers(),
    addForeign: (server) => control.addForeign(server),
    change: (id, patch) => control.change(id, patch),
    remove: (id) => control.remove(id),
    errorBody: (status, message) => errorAnswer(status, codeOf(status), message),
    pathOf,
    routeOf: (path) => path.replace(/\/[a-z]+-[0-9a-f]{8,17}$/, "/:id"),
  } satisfies Parameters<typeof serveSimulator>[0];
  try {
    const simulator = await serveSimulator(cloud, options);
    const close = async () => void (await Promise.all([simulator.close(), moto.close()]));
    return { ...simulator, close };
  } catch (error) {
    await moto.close();
    throw error;
  }
}

async function pathOf(request: Request): Promise<string> {
  const fields = new URLSearchParams(await request.text());
  const id = fields.get("InstanceId.1") ?? fields.get("InstanceId") ?? fields.get("GroupId.1");
  const action = fields.get("Action") ?? request.headers.get("x-amz-target")?.split(".").at(-1) ?? "";
  return `/${scopeOf(request)?.region ?? "nowhere"}/${action}${id ? `/${id}` : ""}`;
}

export const simulatedAws: SimulatedEntry = { start: startAws, credentials: AWS_CREDENTIALS };
