import { FleetError } from "../../resources/errors.ts";

/** Codes of PostgreSQL and of sockets that mean: the server is not there now, another may be started. */
const DOWN = new Set(["57P01", "57P02", "57P03", "ECONNREFUSED", "ECONNRESET", "ENOENT", "EPIPE"]);

const codeOf = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
};

/** What the driver says, without a code, of a connection that ended under a query, and of every later query on it. */
const BROKEN = /^(Connection terminated|Client has encountered a connection error)/;

/** Whether the server has stopped, is stopping or is starting. */
export function isDown(error: unknown): boolean {
  return DOWN.has(codeOf(error) ?? "") || (error instanceof Error && BROKEN.test(error.message));
}

/** Every error of the database, the driver and the file system below it, as one a user can act on. */
export function toStoreError(error: unknown, doing: string): FleetError {
  if (error instanceof FleetError) return error;
  const message = error instanceof Error && error.message !== "" ? error.message : String(codeOf(error) ?? error);
  return new FleetError(
    "STORE_FAILED",
    `the store could not ${doing}: ${message}`,
    { code: codeOf(error) },
    { cause: error },
  );
}

/** The same methods, whose errors are `FleetError`s with code STORE_FAILED. */
export function withStoreErrors<T extends object>(methods: T): T {
  const entries = Object.entries(methods).map(([name, method]) => {
    if (typeof method !== "function") return [name, withStoreErrors(method as object)];
    const doing = `run ${name}`;
    return [
      name,
      async (...args: unknown[]) => {
        try {
          return await method.apply(methods, args);
        } catch (error) {
          throw toStoreError(error, doing);
        }
      },
    ];
  });
  return Object.fromEntries(entries) as T;
}
