import * as pulumi from "@pulumi/pulumi";
import type { PowerState } from "../spec.ts";

export interface PowerArgs {
  /** The cloud's id of the server. Another server is another Power. */
  server: pulumi.Input<string>;
  state: pulumi.Input<PowerState>;
  /** Raising it reboots gracefully; lowering it does nothing. */
  reboot: pulumi.Input<number>;
  /** Raising it resets hard; lowering it does nothing. */
  reset: pulumi.Input<number>;
  /** Any text that changes with the machine's size: a change makes sure of the state again, as clouds power machines off to resize them. */
  ensure?: pulumi.Input<string>;
  /** To be stopped, it is switched off without being asked. */
  forced?: pulumi.Input<boolean>;
}

/** The power of a server, and the reboots asked for, as a resource of their own: so they show in previews and live in state. */
export class Power extends pulumi.CustomResource {
  static readonly type = "fleetwright:index:Power";

  declare readonly server: pulumi.Output<string>;
  declare readonly state: pulumi.Output<PowerState>;
  declare readonly reboot: pulumi.Output<number>;
  declare readonly reset: pulumi.Output<number>;

  constructor(name: string, args: PowerArgs, opts?: pulumi.CustomResourceOptions) {
    super(Power.type, name, { ...args }, opts);
  }
}
