/** What people may do, each all that the ones before may: read; open changes; approve them; execute, revert and adopt; see to people, credentials and accounts. */
export const ROLES = ["viewer", "requester", "approver", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Whoever asks for something, once it is known who it is. */
export interface Principal {
  /** UUID of the user. */
  id: string;
  /** As the author of commits. */
  name: string;
  email: string;
  role: Role;
  /** Names of the accounts that it is about; absent: all. */
  accounts?: readonly string[];
  /** Owners whose servers it is about; absent: all. */
  owners?: readonly string[];
  via: "session" | "token" | "api-key" | "pull-request";
  /** Id of the API key, where it came with one. */
  key?: string;
}

export const mayAs = ({ role }: Pick<Principal, "role">, needed: Role): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(needed);

/** Whether somebody's role is about all of the fleet. */
export const isAboutAll = ({ accounts, owners }: Pick<Principal, "accounts" | "owners">): boolean =>
  accounts === undefined && owners === undefined;

/** Whether an object is within what somebody's role is about. What belongs to nobody is for those who are about every owner. */
export function concerns(
  { accounts, owners }: Pick<Principal, "accounts" | "owners">,
  object: { account?: string; owner?: string },
): boolean {
  const isOfAccount = accounts === undefined || (object.account !== undefined && accounts.includes(object.account));
  return isOfAccount && (owners === undefined || (object.owner !== undefined && owners.includes(object.owner)));
}
