export interface SimDevice {
  id: number;
  name: string;
  /** Default: `active`. */
  status?: string;
  /** Id of a tenant. */
  tenant?: number;
  customFields?: Readonly<Record<string, unknown>>;
}

export interface SimTenant {
  id: number;
  name: string;
  slug: string;
  /** Id of a group. */
  group?: number;
}

export interface SimTenantGroup {
  id: number;
  name: string;
  slug: string;
}

/** Everything that a simulated NetBox holds. */
export interface NetboxWorld {
  devices: readonly SimDevice[];
  tenants: readonly SimTenant[];
  groups: readonly SimTenantGroup[];
}
