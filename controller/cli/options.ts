/** Options that every verb has. */
export interface GlobalOptions {
  json?: boolean;
  fleet: string;
  data?: string;
  /** Address of a controller elsewhere that the verb is asked of. */
  server?: string;
  token?: string;
  tokenFile?: string;
  /** Drive simulated clouds by stand-ins of the official plugins. */
  standIns?: boolean;
  /** Our own provider in this process, or as an executable that the engine starts. */
  provider?: "served" | "executable";
}

/** Exit codes of all verbs. */
export const EXIT = { ok: 0, error: 1, changes: 2, refused: 3 } as const;
