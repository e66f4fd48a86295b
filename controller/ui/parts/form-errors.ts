import { FleetError } from "../../../resources/errors.ts";
import { parseFleetFile } from "../../fleet/file.ts";
import { FleetInvalid } from "../../reconcile/desired.ts";

/** What is wrong, by the field of the file that it is wrong at; "" for the file as a whole. */
export type FormErrors = Map<string, string>;

/** What the schema says of the text of a file. Pure. */
export function schemaErrors(text: string): FormErrors {
  return collected(
    parseFleetFile(text).faults.map(({ path, message, nearest }) => [path, withGuess(message, nearest)]),
  );
}

/**
 * What the fleet as a whole says of one of its files.
 * @throws what is no fault of the file
 */
export function compileErrors(error: unknown, file: string): FormErrors {
  if (error instanceof FleetInvalid)
    return collected(
      error.problems.map((problem) => [
        problem.file === file ? problem.path : "",
        problem.file === file ? withGuess(problem.message, problem.nearest) : `${problem.file}: ${problem.message}`,
      ]),
    );
  if (!(error instanceof FleetError)) throw error;
  if (error.code === "COMMIT_CONFLICT") return new Map([["name", error.message]]);
  if (error.code === "FLEET_INVALID") return collected(error.message.split("\n").map((line) => ofLine(line, file)));
  if (error.code === "CLOUD_UNSUPPORTED" || error.code === "CLOUD_OUT_OF_STOCK") return new Map([["", error.message]]);
  throw error;
}

/** `servers/web-1.yaml:7:9: region: is not sold`, also behind words of whoever tells it */
function ofLine(line: string, file: string): [string, string] {
  const [, path, , field, message] = /^(?:[^:]*: )?(\S+):(\d+):\d+: (?:([\w.[\]-]+): )?(.*)$/.exec(line) ?? [];
  return path === file && message !== undefined ? [field ?? "", message] : ["", line];
}

const withGuess = (message: string, nearest: string | undefined): string =>
  nearest === undefined ? message : `${message}; did you mean "${nearest}"?`;

function collected(all: readonly (readonly [string, string])[]): FormErrors {
  const errors: FormErrors = new Map();
  for (const [field, message] of all) errors.set(field, [errors.get(field), message].filter(Boolean).join("; "));
  return errors;
}
