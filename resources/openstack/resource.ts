import * as pulumi from "@pulumi/pulumi";

export const SERVER = "fleetwright:openstack:Server";
export const SECURITY_GROUP = "fleetwright:openstack:SecurityGroup";
export const KEY_PAIR = "fleetwright:openstack:KeyPair";
export const AGGREGATE = "fleetwright:openstack:Aggregate";
export const AGGREGATE_HOST = "fleetwright:openstack:AggregateHost";
export const PORT = "fleetwright:openstack:Port";
export const SNAPSHOT = "fleetwright:openstack:Snapshot";
export const PORT_ATTACHMENT = "fleetwright:openstack:PortAttachment";

interface ServerArgs {
  /** Owner mark; in the metadata of the creating request. */
  mark: pulumi.Input<string>;
  name: pulumi.Input<string>;
  /** Name of the flavor. */
  flavor: pulumi.Input<string>;
  /** Name or id. */
  image: pulumi.Input<string>;
  availabilityZone: pulumi.Input<string>;
  /** Metadata as `key:value`, with the mark. */
  tags: pulumi.Input<pulumi.Input<string>[]>;
  keyName?: pulumi.Input<string>;
  userData?: pulumi.Input<string>;
  networks: pulumi.Input<pulumi.Input<string>[]>;
  ports: pulumi.Input<pulumi.Input<string>[]>;
  /** Ids. */
  securityGroups: pulumi.Input<pulumi.Input<string>[]>;
  configDrive: pulumi.Input<boolean>;
  bootVolumeGiB?: pulumi.Input<number>;
}

/** A server of nova. Its id is nova's. */
export class Server extends pulumi.CustomResource {
  declare readonly ipv4: pulumi.Output<string[]>;
  declare readonly ipv6: pulumi.Output<string[]>;
  declare readonly status: pulumi.Output<string>;

  constructor(name: string, args: ServerArgs, opts?: pulumi.CustomResourceOptions) {
    super(SERVER, name, { ipv4: undefined, ipv6: undefined, status: undefined, ...args }, opts);
  }
}

interface SecurityGroupArgs {
  /** Owner mark; in the description. */
  mark: pulumi.Input<string>;
  name: pulumi.Input<string>;
  /** As `linesOf` makes them. */
  rules: pulumi.Input<pulumi.Input<string>[]>;
}

/** A security group of Neutron. */
export class SecurityGroup extends pulumi.CustomResource {
  constructor(name: string, args: SecurityGroupArgs, opts?: pulumi.CustomResourceOptions) {
    super(SECURITY_GROUP, name, { ...args }, opts);
  }
}

/** A public key in nova. Its id is its name, which ends in the owner mark. */
export class KeyPair extends pulumi.CustomResource {
  constructor(
    name: string,
    args: { name: pulumi.Input<string>; publicKey: pulumi.Input<string> },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(KEY_PAIR, name, { ...args }, opts);
  }
}

interface AggregateArgs {
  /** Owner mark; in the metadata. */
  mark: pulumi.Input<string>;
  name: pulumi.Input<string>;
  /** What is ours of the metadata, as `key:value`, with the mark. */
  metadata: pulumi.Input<pulumi.Input<string>[]>;
  availabilityZone?: pulumi.Input<string>;
  /** Nova's id of an aggregate that is there already and is taken over. */
  adopt?: pulumi.Input<string>;
}

/** A host aggregate of nova. Its hosts are not part of it: each is an `AggregateHost`. */
export class Aggregate extends pulumi.CustomResource {
  constructor(name: string, args: AggregateArgs, opts?: pulumi.CustomResourceOptions) {
    super(AGGREGATE, name, { ...args }, opts);
  }
}

/** A host's place in one aggregate. Its id is the host's name; another `aggregate` is a move. */
export class AggregateHost extends pulumi.CustomResource {
  constructor(
    name: string,
    args: { host: pulumi.Input<string>; aggregate: pulumi.Input<string>; takenFrom?: pulumi.Input<string> },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(AGGREGATE_HOST, name, { ...args }, opts);
  }
}

interface PortArgs {
  /** Owner mark; in the description. */
  mark: pulumi.Input<string>;
  name: pulumi.Input<string>;
  /** Name or id. */
  network: pulumi.Input<string>;
  description?: pulumi.Input<string>;
  /** Name of a server of any tenant that it is plugged into while one runs. */
  machine?: pulumi.Input<string>;
  /** Neutron's id of a port that is there already and is taken over. */
  adopt?: pulumi.Input<string>;
}

/** A port of Neutron. */
export class Port extends pulumi.CustomResource {
  constructor(name: string, args: PortArgs, opts?: pulumi.CustomResourceOptions) {
    super(PORT, name, { ...args }, opts);
  }
}

interface PortAttachmentArgs {
  server: pulumi.Input<string>;
  /** Ids. */
  port: pulumi.Input<string>;
  securityGroups: pulumi.Input<pulumi.Input<string>[]>;
}

/** A server's place on a port that was made before. Its id is `SERVER/PORT`. */
export class PortAttachment extends pulumi.CustomResource {
  constructor(name: string, args: PortAttachmentArgs, opts?: pulumi.CustomResourceOptions) {
    super(PORT_ATTACHMENT, name, { ...args }, opts);
  }
}

interface SnapshotArgs {
  /** Owner mark; among the image's properties. */
  mark: pulumi.Input<string>;
  name: pulumi.Input<string>;
  /** Nova's id of the server that it is taken of. */
  server: pulumi.Input<string>;
  /** As `key:value`. */
  labels: pulumi.Input<pulumi.Input<string>[]>;
}

/** An image that Nova makes of a server. Its id is Glance's. */
export class Snapshot extends pulumi.CustomResource {
  constructor(name: string, args: SnapshotArgs, opts?: pulumi.CustomResourceOptions) {
    super(SNAPSHOT, name, { ...args }, opts);
  }
}
