/** What the API answers as `{"error", "status"}`. */
export class VultrError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 429 | 500;

  constructor(status: VultrError["status"], message: string) {
    super(message);
    this.name = "VultrError";
    this.status = status;
  }
}

export const invalid = (message: string): VultrError => new VultrError(400, message);

/** The official plugin tells that something is gone by these very words. */
export const GONE = {
  instance: "invalid instance ID",
  metal: "Invalid server",
  group: "Invalid firewall group ID",
  rule: "Firewall rule ID not found",
  key: "Invalid ssh key",
  script: "Invalid script",
  snapshot: "Invalid snapshot",
} as const;

export const gone = (what: keyof typeof GONE): VultrError => new VultrError(404, GONE[what]);
