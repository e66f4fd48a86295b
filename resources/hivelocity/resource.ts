import * as pulumi from "@pulumi/pulumi";

export const DEVICE = "fleetwright:hivelocity:Device";
export const SSH_KEY = "fleetwright:hivelocity:SshKey";

export interface DeviceArgs {
  /** Owner mark; sent within the creating request as one of the tags. */
  mark: pulumi.Input<string>;
  productId: pulumi.Input<number>;
  /** Facility code. */
  location: pulumi.Input<string>;
  osName: pulumi.Input<string>;
  /** A full domain name. */
  hostname: pulumi.Input<string>;
  /** All tags, with the mark. */
  tags: pulumi.Input<pulumi.Input<string>[]>;
  period: pulumi.Input<string>;
  publicKeyId?: pulumi.Input<number>;
  /** User data: cloud-init, or a script that runs after the installation. */
  script?: pulumi.Input<string>;
  vlanId?: pulumi.Input<number>;
  ignitionId?: pulumi.Input<number>;
  /** A device that is reserved for the account. */
  reservedDeviceId?: pulumi.Input<number>;
  ipxeUrl?: pulumi.Input<string>;
  bonding?: pulumi.Input<boolean>;
}

/** A device of Hivelocity. Its id is `DEVICE/ORDER`; it is there when its order is accepted, long before it is ready. */
export class Device extends pulumi.CustomResource {
  declare readonly deviceId: pulumi.Output<number>;
  declare readonly ipv4: pulumi.Output<string[]>;
  declare readonly ipv6: pulumi.Output<string[]>;
  declare readonly status: pulumi.Output<string>;

  constructor(name: string, args: DeviceArgs, opts?: pulumi.CustomResourceOptions) {
    super(DEVICE, name, { deviceId: undefined, ipv4: undefined, ipv6: undefined, status: undefined, ...args }, opts);
  }
}

export interface SshKeyArgs {
  mark: pulumi.Input<string>;
  /** Ends in the mark. */
  name: pulumi.Input<string>;
  publicKey: pulumi.Input<string>;
}

/** A public key of the account. */
export class SshKey extends pulumi.CustomResource {
  constructor(name: string, args: SshKeyArgs, opts?: pulumi.CustomResourceOptions) {
    super(SSH_KEY, name, { ...args }, opts);
  }
}
