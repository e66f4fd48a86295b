import * as pulumi from "@pulumi/pulumi";

export const VIRTUAL_MACHINE = "fleetwright:proxmox:VirtualMachine";

interface VirtualMachineArgs {
  /** The next free id when absent. */
  vmid?: pulumi.Input<number>;
  /** Owner mark; sent within the creating request, and one of the tags. */
  mark: pulumi.Input<string>;
  name: pulumi.Input<string>;
  node: pulumi.Input<string>;
  /** Name or id; a machine with an empty disk when absent. */
  template?: pulumi.Input<string>;
  linkedClone: pulumi.Input<boolean>;
  storage?: pulumi.Input<string>;
  pool?: pulumi.Input<string>;
  cores: pulumi.Input<number>;
  memoryMiB: pulumi.Input<number>;
  diskGiB?: pulumi.Input<number>;
  cpuType?: pulumi.Input<string>;
  balloonMiB?: pulumi.Input<number>;
  bridge: pulumi.Input<string>;
  vlan?: pulumi.Input<number>;
  /** All tags, with the mark. */
  tags: pulumi.Input<pulumi.Input<string>[]>;
  user?: pulumi.Input<string>;
  sshKeys: pulumi.Input<pulumi.Input<string>[]>;
  /** Default "ip=dhcp". */
  ipconfig?: pulumi.Input<string>;
  waitForAgent: pulumi.Input<boolean>;
  /** Exactly these rules, in this order, one a line as in Proxmox VE's own files; rules are left alone when absent. */
  firewallRules?: pulumi.Input<pulumi.Input<string>[]>;
  /** "ACCEPT" or "DROP". */
  firewallIn?: pulumi.Input<string>;
  firewallOut?: pulumi.Input<string>;
}

/** A virtual machine of a Proxmox VE cluster. Its id is `NODE/VMID`. */
export class VirtualMachine extends pulumi.CustomResource {
  declare readonly vmid: pulumi.Output<number>;
  declare readonly ipv4: pulumi.Output<string[]>;
  declare readonly ipv6: pulumi.Output<string[]>;
  declare readonly status: pulumi.Output<string>;
  declare readonly diskActualGiB: pulumi.Output<number>;

  constructor(name: string, args: VirtualMachineArgs, opts?: pulumi.CustomResourceOptions) {
    const outputs = { ipv4: undefined, ipv6: undefined, status: undefined, diskActualGiB: undefined };
    super(VIRTUAL_MACHINE, name, { vmid: undefined, ...outputs, ...args }, opts);
  }
}
