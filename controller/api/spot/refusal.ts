/** The rows of the table of errors that all dialects share. */
export type RefusalKind =
  | "malformed"
  | "invalid"
  | "action"
  | "unauthenticated"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "inactive"
  | "limited"
  | "credentials"
  | "missing-credentials"
  | "capacity"
  | "provider"
  | "internal";

/** What a caller is told, in the core's words. */
export class Refusal extends Error {
  readonly kind: RefusalKind;
  /** Of the request. */
  readonly field?: string;
  /** Id of the change that goes on, or that was closed. */
  readonly change?: string;
  readonly details?: Readonly<Record<string, unknown>>;

  constructor(
    kind: RefusalKind,
    message: string,
    more: Pick<Refusal, "field" | "change" | "details"> = {},
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
    this.name = "Refusal";
    this.kind = kind;
    Object.assign(this, more);
  }
}
