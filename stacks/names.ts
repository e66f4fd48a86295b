/** The type of the resource that holds a server's power, and its name in the stack. */
export const POWER_TYPE = "fleetwright:index:Power";
export const powerName = (identity: string): string => `power.${identity}`;
