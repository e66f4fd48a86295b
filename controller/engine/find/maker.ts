/** What a way of making the engine is given: it leaves `bin/pulumi` in `home`, whole or not at all. */
export interface MakeOptions {
  home: string;
  version: string;
  env: NodeJS.ProcessEnv;
  progress: (line: string) => void;
}

/** A way that did not work, with what mends it. */
export class MakeError extends Error {
  readonly mend: string;

  constructor(message: string, mend: string) {
    super(message);
    this.name = "MakeError";
    this.mend = mend;
  }
}
