import * as pulumi from "@pulumi/pulumi";

export const VIRTUAL_MACHINE = "fleetwright:hyperstack:VirtualMachine";
export const FIREWALL = "fleetwright:hyperstack:Firewall";
export const KEY_PAIR = "fleetwright:hyperstack:KeyPair";

interface VirtualMachineArgs {
  /** Owner mark; one of the labels, and so sent within the creating request. */
  mark: pulumi.Input<string>;
  name: pulumi.Input<string>;
  region: pulumi.Input<string>;
  environment: pulumi.Input<string>;
  flavor: pulumi.Input<string>;
  image: pulumi.Input<string>;
  /** Id of a KeyPair; or else `keyName`. */
  key?: pulumi.Input<string>;
  keyName?: pulumi.Input<string>;
  userData?: pulumi.Input<string>;
  publicIp: pulumi.Input<boolean>;
  portRandomization: pulumi.Input<boolean>;
  bootableVolume: pulumi.Input<boolean>;
  /** All labels, with the mark. */
  labels: pulumi.Input<pulumi.Input<string>[]>;
  /** Ids of all its firewalls. */
  firewalls: pulumi.Input<pulumi.Input<string>[]>;
}

/** A virtual machine on Hyperstack. Its id is Hyperstack's number. */
export class VirtualMachine extends pulumi.CustomResource {
  declare readonly ipv4: pulumi.Output<string[]>;
  declare readonly status: pulumi.Output<string>;

  constructor(name: string, args: VirtualMachineArgs, opts?: pulumi.CustomResourceOptions) {
    super(VIRTUAL_MACHINE, name, { ipv4: undefined, status: undefined, ...args }, opts);
  }
}

interface FirewallArgs {
  /** Owner mark; stands in the description. */
  mark: pulumi.Input<string>;
  name: pulumi.Input<string>;
  region: pulumi.Input<string>;
  environment: pulumi.Input<string>;
  /** Each as one text, `ingress IPv4 tcp 80-80 0.0.0.0/0`. */
  rules: pulumi.Input<pulumi.Input<string>[]>;
}

/** A firewall of one environment. Machines say which ones they have; it knows none. */
export class Firewall extends pulumi.CustomResource {
  constructor(name: string, args: FirewallArgs, opts?: pulumi.CustomResourceOptions) {
    super(FIREWALL, name, { ...args }, opts);
  }
}

interface KeyPairArgs {
  /** Owner mark; ends the name. */
  mark: pulumi.Input<string>;
  name: pulumi.Input<string>;
  region: pulumi.Input<string>;
  environment: pulumi.Input<string>;
  publicKey: pulumi.Input<string>;
}

/** A public key of one environment. */
export class KeyPair extends pulumi.CustomResource {
  constructor(name: string, args: KeyPairArgs, opts?: pulumi.CustomResourceOptions) {
    super(KEY_PAIR, name, { ...args }, opts);
  }
}
