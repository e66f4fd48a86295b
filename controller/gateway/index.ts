export { startGateway } from "./server.ts";
export type { Gateway, GatewayLog, GatewayOptions, GatewayStats } from "./types.ts";
