/**
 * The files in which the engine keeps state, wherever `PULUMI_BACKEND_URL` says that they are: read and written without an engine process. Keys are
 * names with slashes, below the place that the URL names. Whatever fails is ENGINE_FAILED; only "not there" is `undefined`, or nothing in a list.
 */
export interface Blobs {
  read(key: string): Promise<string | undefined>;
  /** Changes whenever the file does. */
  version(key: string): Promise<string | undefined>;
  /** What lies directly in a folder (`a/b/`): its version by its key. */
  list(folder: string): Promise<Map<string, string>>;
  /** All of it or nothing: nobody ever sees half. */
  write(key: string, text: string): Promise<void>;
  /** As it is, byte for byte. False when there is nothing to copy. */
  copy(from: string, to: string): Promise<boolean>;
  remove(keys: readonly string[]): Promise<void>;
  /** Where a person finds it; no secrets in it. */
  place(key: string): string;
  close(): Promise<void>;
}
