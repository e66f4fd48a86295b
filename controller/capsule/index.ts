export type { DeployConfig } from "./config.ts";
export { APIError, AuthenticationError, RateLimitError, ResourceNotFoundError } from "./errors.ts";
export type { Changed, Instance } from "./instances.ts";
export type { Logger } from "./log.ts";
export { type ManagerOptions, ProviderManager } from "./manager.ts";
export type { DeployOptions, Provider } from "./provider.ts";
export type { Snapshot } from "./snapshots.ts";
export type { Template } from "./templates.ts";
