export { startGateway } from "./server.ts";
export type { Gateway, GatewayOptions } from "./types.ts";
