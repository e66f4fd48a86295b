import { FleetError } from "../../resources/errors.ts";

/** The receiver is there and does not take this message; it may take the next one. */
export class Refused extends FleetError {
  constructor(reason: string, at: { status: number }) {
    super("NOTIFY_FAILED", reason, at);
  }
}
