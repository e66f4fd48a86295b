/** The states of a fleet's stacks where the engine keeps them, read without an engine process. */
export interface StateStore {
  /** Names of the stacks that have state. */
  stacks(): Promise<string[]>;
  /** The state file's text; undefined where the stack has none. @throws {FleetError} ENGINE_FAILED when it cannot be read. */
  read(stack: string): Promise<string | undefined>;
  /** Changes whenever the state does; `NO_STATE` where there is none. */
  version(stack: string): Promise<string>;
  /** Deletes all but the newest entries of a stack's history: each holds a full copy of the state, and the engine never deletes one. */
  prune(stack: string): Promise<void>;
  close(): Promise<void>;
}

/** The version of a state that does not exist. */
export const NO_STATE = "0:0";

/** History entries that are kept for each stack. */
export const HISTORY_KEPT = 10;
