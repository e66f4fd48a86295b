// biome-ignore-all format: made by another formatter
// Made from the JSON Schemas in this folder by `npm run docs`. Edit those.

/**
 * Settings of the whole fleet. One file, `fleet.yaml`, at the top of the repository.
 */
export interface FleetFields {
  /**
   * Always `Fleet`.
   */
  kind: "Fleet";
  /**
   * Tells this fleet's machines from those of any other fleet. It enters every owner mark, so it must never change once machines run.
   */
  id: string;
  /**
   * `required`: a person approves each preview. `auto`: a commit on the main line is executed at once, unless a guard refuses it.
   */
  approval: "required" | "auto";
  /**
   * Environment variables that credentials and user data name must begin with one of these, so that a file cannot reach for any other.
   *
   * @minItems 1
   */
  envPrefixes: string[];
  /**
   * What is refused until an approval overrides it.
   */
  guards: {
    /**
     * Removing more servers at once than the greater of `minimum` and `share` of an account's or an owner's servers is refused.
     */
    maxRemovals: {
      /**
       * So many removals are always let through.
       */
      minimum: number;
      /**
       * A part of the servers of one account or owner: 0.1 is a tenth.
       */
      share: number;
    };
  };
  /**
   * Executes a change that touches several servers in waves: the canary first, and the next ones only when it has converged. All at once when absent. An account may have its own.
   */
  rollout?: {
    /**
     * Servers in the first wave.
     */
    canary: number;
    /**
     * Servers in each later wave: so many, or a share of all that the change touches, rounded up.
     */
    step: number | string;
    /**
     * When a server of a wave fails, the waves behind it are not begun; the next `apply` goes on with what is left.
     */
    pauseOnFailure: boolean;
  };
  /**
   * What is told of servers before their `expires`; `fleetwright expire` records it.
   */
  expiry: {
    /**
     * So many days before `expires` a warning is due, each once for a server and date. Empty means none.
     */
    warnDays: number[];
  };
  /**
   * Settings by name for policies. Those that Fleetwright does not know belong to what an installation adds, and are kept as they are.
   */
  policies: {
    /**
     * Which changes are approved by themselves: any of these suffices. Only changes of server files can be, none that replaces a machine, and none that a guard refuses.
     *
     * @maxItems 100
     */
    changes?: {
      /**
       * Roles of whoever opens the change: each must be named, a higher one is not meant by a lower.
       *
       * @minItems 1
       */
      roles: ("viewer" | "requester" | "approver" | "operator" | "admin")[];
      /**
       * Where it is opened: `api`, `page`, `cli`, `pull-request`, or the name of a dialect. Anywhere unless said.
       *
       * @minItems 1
       */
      surfaces?: string[];
      /**
       * What it may do to machines.
       *
       * @minItems 1
       */
      operations: ("create" | "update" | "delete")[];
      /**
       * At most so many in one change. As many as there are unless said.
       */
      effects?: number;
      /**
       * It makes the fleet dearer by at most so much a month. A machine whose price is not known is not within it.
       */
      monthly?: {
        /**
         * In the currency's unit.
         */
        amount: number;
        /**
         * By its code of ISO 4217; prices in another are not within the limit.
         */
        currency: string;
      };
    }[];
    /**
     * What each account may cost in a month that does not say its own `spending`: every one by itself, and not all together.
     */
    spending?: {
      /**
       * What all machines of an account may cost in one month, as its provider asks for them.
       */
      monthly: {
        /**
         * In the currency's unit.
         */
        amount: number;
        /**
         * By its code of ISO 4217, as the provider's prices have it. Prices in another are in no sum, and are told.
         */
        currency: string;
      };
      /**
       * Shares of it at which whoever is notified of `spending` is told, each once a month.
       *
       * @maxItems 20
       */
      alertAt: number[];
      /**
       * Whether what would bring an account above it is refused; `--allow-spending` goes ahead. What makes it no dearer is never refused.
       */
      cap: boolean;
    };
    /**
     * Documented services that are answered beside the API, each only where it is named here, and what their callers may do without anybody else's approval. What a policy does not cover is refused at once.
     */
    dialects?: {
      /**
       * The multi-cloud VPS API: `/api/vps` and `/api/admin/providers`.
       */
      vps?: {
        /**
         * What its callers may do to their servers. All of these unless said.
         *
         * @minItems 1
         */
        operations?: ("create" | "power" | "restart" | "delete")[];
        /**
         * At most so many servers an owner. Without a limit unless said.
         */
        servers?: number;
        /**
         * The servers of an owner cost at most so much a month at the providers. One whose price is not known is not within it.
         */
        monthly?: {
          /**
           * In the currency's unit.
           */
          amount: number;
          /**
           * By its code of ISO 4217; prices in another are not within the limit.
           */
          currency: string;
        };
        /**
         * How many of an owner's servers its callers may delete within an hour: the larger of the two.
         */
        deletionsPerHour: {
          /**
           * So many in any case.
           */
          minimum: number;
          /**
           * This part of the owner's servers.
           */
          share: number;
        };
      };
      /**
       * Capsule, the library and its commands.
       */
      capsule?: {
        /**
         * What its callers may do to their servers. All unless said, but for `snapshot`, which takes and removes snapshots: what they cost is in no limit, so it must be named.
         *
         * @minItems 1
         */
        operations?: ("create" | "power" | "restart" | "delete" | "snapshot")[];
        /**
         * At most so many servers an owner. Without a limit unless said.
         */
        servers?: number;
        /**
         * The servers of an owner cost at most so much a month at the providers. One whose price is not known is not within it.
         */
        monthly?: {
          /**
           * In the currency's unit.
           */
          amount: number;
          /**
           * By its code of ISO 4217; prices in another are not within the limit.
           */
          currency: string;
        };
        /**
         * How many of an owner's servers its callers may delete within an hour: the larger of the two.
         */
        deletionsPerHour: {
          /**
           * So many in any case.
           */
          minimum: number;
          /**
           * This part of the owner's servers.
           */
          share: number;
        };
      };
      /**
       * The spot manager of GPU hosts: `/api/aggregates` and its kin.
       */
      spot?: {
        /**
         * Hosts may be moved, one a call.
         */
        moves: boolean;
        /**
         * At most so many servers that it has launched, all together.
         */
        launches: number;
        /**
         * Ports may be made and attached, and firewalls be given servers.
         */
        network: boolean;
        /**
         * An admin's token is needed also from this machine, where its document asks for none. At an address that others reach it always is.
         */
        gate?: "admin";
      };
    };
    /**
     * When drift is looked for, and what becomes of it, where an account does not say.
     */
    drift?: {
      /**
       * Between two looks for drift. Excludes `cron`; without both, as `serve --drift-seconds` says.
       */
      every?: string;
      /**
       * When drift is looked for, in the five fields of cron: minute, hour, day, month, day of the week. `H` is a value of the account's own, always the same. Excludes `every`.
       */
      cron?: string;
      /**
       * Whose clock `cron` is read on: an IANA name. UTC unless said.
       */
      timezone?: string;
      /**
       * How much earlier or later a look may come, by chance: so that accounts do not go in step. A tenth of `every` unless said; looks by `cron` come so much later at most, and on time unless said.
       */
      jitter?: string;
      /**
       * What becomes of drift. `report`: it is told. `revert`: it is brought back by itself, where that changes a machine in place and does not switch it off. `revert-safe`: the same, and only labels, host names and firewall rules. `report` unless said.
       */
      policy?: "report" | "revert" | "revert-safe";
    };
    [k: string]: unknown;
  };
  /**
   * Where the fleet repository's pull requests are: `fleetwright serve` previews them, says in a comment what they would do, and executes what was approved once they are merged. Nothing of a forge is asked when absent.
   */
  forge?: {
    /**
     * What runs there. `gitea` is Forgejo as well.
     */
    kind: "github" | "gitlab" | "gitea";
    /**
     * Address of the forge as people open it. https, except on this machine. github.com or gitlab.com unless said; gitea needs one. The token goes to another than these only once an operator has bound it.
     */
    url?: string;
    /**
     * The fleet repository there.
     */
    repository: string;
    /**
     * Where the access token is; never the token itself.
     */
    token: {
      /**
       * Name of the environment variable. It must begin with one of the fleet's `envPrefixes`.
       */
      env?: string;
      /**
       * A file of the controller's machine, outside the repository and the data folder.
       */
      file?: string;
      /**
       * `fleetwright credentials set @forge token` keeps it.
       */
      sealed?: true;
    };
    /**
     * Between two looks at the open pull requests; a webhook has them looked at once.
     */
    poll: string;
    /**
     * Whether comments such as `fleetwright approve HASH` are heeded.
     */
    commands: boolean;
    /**
     * When what was approved of a pull request is executed. `after-merge`: merging it does that. `before-merge`: `fleetwright execute` does that while it is open, and what it has changed is held for it until it is merged or closed. What the main line says counts, never what a pull request says of it; one that changes `accounts/` or `fleet.yaml` is always executed after its merge.
     */
    execute: "after-merge" | "before-merge";
    /**
     * Address of this controller as people open it, for links to a change's page.
     */
    page?: string;
  };
  /**
   * Where hosts are documented: the spot manager tells their tenants and groups of owners by it, and GPUs that the cloud does not tell. Only read.
   */
  netbox?: {
    /**
     * Its address without `/api`. https, except on this machine. The token goes there only once an operator has bound it.
     */
    url: string;
    /**
     * Where the API token is; never the token itself.
     */
    token: {
      /**
       * Name of the environment variable. It must begin with one of the fleet's `envPrefixes`.
       */
      env?: string;
      /**
       * A file of the controller's machine, outside the repository and the data folder.
       */
      file?: string;
      /**
       * `fleetwright credentials set @netbox token` keeps it.
       */
      sealed?: true;
    };
  };
  /**
   * Who is told by `fleetwright serve` of what has happened: by a signed webhook or by mail, each once.
   */
  notifications: {
    /**
     * Tells this target from the others: what was sent to it is remembered by its name.
     */
    name: string;
    /**
     * `change`: each step that a change takes. `drift`: it begins, it ends, or it is not reverted as its policy says. `expiry`: a server is about to expire, or was stopped. `failure`: a lane fails, comes through again, or a job is a dead letter. `inventory`: machines appear that no file names. `run`: a run of the engine ends. `server`: a server is made, changed or removed, or that failed. `spending`: an account has come to a share of what it may cost in a month.
     *
     * @minItems 1
     */
    on: ("change" | "drift" | "expiry" | "failure" | "inventory" | "run" | "server" | "spending")[];
    /**
     * A POST of JSON, signed as the Standard Webhooks specification says.
     */
    webhook?: {
      /**
       * Where to. https, except on this machine. Redirects are not followed.
       */
      url: string;
      /**
       * What it is signed with: `whsec_` and the base64 of 24 to 64 random bytes.
       */
      secret: {
        /**
         * Name of the environment variable. It must begin with one of the fleet's `envPrefixes`.
         */
        env?: string;
        /**
         * Name of a file in the folder that FLEETWRIGHT_SECRETS_DIR (or systemd's CREDENTIALS_DIRECTORY) names.
         */
        file?: string;
      };
    };
    /**
     * A mail of plain text.
     */
    mail?: {
      /**
       * Whom to.
       *
       * @minItems 1
       * @maxItems 50
       */
      to: string[];
      /**
       * Whom from.
       */
      from: string;
      /**
       * The mail server.
       */
      smtp: {
        /**
         * Its name or address.
         */
        host: string;
        /**
         * 465 speaks TLS from the beginning; on other ports the connection is encrypted where the server offers it (STARTTLS), and always where a password is sent to another machine.
         */
        port: number;
        /**
         * Whom to log in as. Nobody when absent.
         */
        user?: string;
        /**
         * The password. It goes only to the server that an operator allows it to: by the variable NAME_ENDPOINT beside NAME, or the file NAME.endpoint beside NAME, holding HOST:PORT; to this machine always.
         */
        password?: {
          /**
           * Name of the environment variable. It must begin with one of the fleet's `envPrefixes`.
           */
          env?: string;
          /**
           * Name of a file in the folder that FLEETWRIGHT_SECRETS_DIR (or systemd's CREDENTIALS_DIRECTORY) names.
           */
          file?: string;
        };
      };
    };
  }[];
}

/**
 * One account at one cloud. Files live below `accounts/`.
 */
export interface AccountFields {
  /**
   * Always `Account`.
   */
  kind: "Account";
  /**
   * What servers call it. Unique among accounts.
   */
  name: string;
  /**
   * Earlier names. An account is renamed by changing `name` and listing the old one here; no machine is touched.
   */
  formerly: string[];
  /**
   * A name for people.
   */
  title?: string;
  /**
   * What the multi-cloud VPS API calls it, where that was decided elsewhere, as for an installation that was taken over. Made from the fleet's id and the name unless said.
   */
  uuid?: string;
  /**
   * The cloud: `linode`, `digitalocean`, `vultr`, `aws`, `equinix`, `proxmox`, `hivelocity`, `openstack` or `hyperstack`.
   */
  provider: string;
  /**
   * Base address of the API without a version path. Needed where a cloud has no public address (Proxmox VE); the cloud's own elsewhere.
   */
  endpoint?: string;
  /**
   * How the cloud lets us in: each field says where its value is. Values never stand in a file of the fleet.
   */
  credentials: {
    /**
     * A credential by reference: `env`, `sealed` or `file`.
     */
    [k: string]: {
      /**
       * Name of the environment variable of the controller. It must begin with one of the fleet's `envPrefixes`.
       */
      env?: string;
      /**
       * It is what `fleetwright credentials set` has sealed for this account and field.
       */
      sealed?: true;
      /**
       * A file of the controller's machine, outside the fleet repository, that not everybody may read. One line break at its end is left out.
       */
      file?: string;
    };
  };
  /**
   * Stacks that this account's servers are spread over, at most about 500 servers each. The recorded count rules: another one here waits for `fleetwright reshard`.
   */
  cells: number;
  /**
   * Requests per second by scope of the cloud, where other limits than the cloud's public ones apply.
   */
  budgets: {
    [k: string]: {
      /**
       * Requests a second over a long time.
       */
      perSecond: number;
      /**
       * Requests that may go at once after a pause.
       */
      burst: number;
    };
  };
  /**
   * What this account may cost in a month, who is told on the way there, and whether more is refused. In place of the fleet's `policies.spending`; without either there is no limit. Not `budgets`, which is about requests.
   */
  spending?: {
    /**
     * What all machines of an account may cost in one month, as its provider asks for them.
     */
    monthly: {
      /**
       * In the currency's unit.
       */
      amount: number;
      /**
       * By its code of ISO 4217, as the provider's prices have it. Prices in another are in no sum, and are told.
       */
      currency: string;
    };
    /**
     * Shares of it at which whoever is notified of `spending` is told, each once a month.
     *
     * @maxItems 20
     */
    alertAt: number[];
    /**
     * Whether what would bring an account above it is refused; `--allow-spending` goes ahead. What makes it no dearer is never refused.
     */
    cap: boolean;
  };
  /**
   * Regions that servers of this account may use. Empty means all.
   */
  regions: string[];
  /**
   * Where the multi-cloud VPS API makes a server whose request names no region.
   */
  defaultRegion?: string;
  /**
   * Whether it takes new servers. Switched off, every way of asking for one is refused, and servers that are there go on and can be changed.
   */
  active: boolean;
  /**
   * It is used no more: nothing of it is run, listed or looked at, and its cloud is not called. Its file stays as long as servers name it, which are left as they are.
   */
  retired: boolean;
  /**
   * What admins of the multi-cloud VPS API keep with it in `configuration`, besides the region. Nothing reads it, and no credential belongs in it.
   */
  settings: {
    [k: string]: unknown;
  };
  /**
   * No new servers on this account from a day on. Those that are there go on; `fleetwright rehome` proposes where to move them.
   */
  ended?: {
    /**
     * The day, in UTC, from which on.
     */
    on: string;
    /**
     * What to tell whoever asks for something new.
     */
    note: string;
  };
  /**
   * Regions that take no new servers of this account from a day on, by name.
   */
  endedRegions: {
    /**
     * No new servers in this region from a day on.
     */
    [k: string]: {
      /**
       * The day, in UTC, from which on.
       */
      on: string;
      /**
       * What to tell whoever asks for something new.
       */
      note: string;
    };
  };
  /**
   * Holds all changes of this account: they are shown and not executed, and drift is shown and not reverted. Take it out to go on. No machine is touched by it.
   */
  suspend?: {
    /**
     * Why, for whoever wonders what is held.
     */
    reason: string;
  };
  /**
   * The same for single stacks of this account, by what stands behind the account's name: `base`, or the number of a cell.
   */
  suspendStacks: {
    /**
     * Holds all changes of this stack.
     */
    [k: string]: {
      /**
       * Why, for whoever wonders what is held.
       */
      reason: string;
    };
  };
  /**
   * When changes of this account may be executed. Outside they are shown and held; `apply --outside-window` goes ahead in an emergency. Empty means always.
   */
  windows: {
    /**
     * Days on which it opens.
     *
     * @minItems 1
     */
    days: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
    /**
     * Time of day at which it opens.
     */
    from: string;
    /**
     * Time of day at which it closes; on the next day where that is not later than `from`.
     */
    to: string;
    /**
     * Whose clock `days`, `from` and `to` are read on: an IANA name. Changes of that clock are followed.
     */
    timezone: string;
  }[];
  /**
   * Holds all changes of this account until then; `apply --outside-window` goes ahead in an emergency.
   */
  freeze?: {
    /**
     * When it ends: an instant, or a day as whose beginning in UTC it ends.
     */
    until: string;
    /**
     * Why, for whoever wonders what is held.
     */
    reason: string;
  };
  /**
   * This account's own waves, in place of the fleet's `rollout`.
   */
  rollout?: {
    /**
     * Servers in the first wave.
     */
    canary: number;
    /**
     * Servers in each later wave: so many, or a share of all that the change touches, rounded up.
     */
    step: number | string;
    /**
     * When a server of a wave fails, the waves behind it are not begun; the next `apply` goes on with what is left.
     */
    pauseOnFailure: boolean;
  };
  /**
   * How long this account's cloud may take.
   */
  deadlines: {
    /**
     * A create may take this long.
     */
    createSeconds: number;
    /**
     * A machine that was asked for is on the cloud's lists after this long, at the latest.
     */
    settleSeconds: number;
  };
  /**
   * When drift of this account is looked for, and what becomes of it. What it does not say, the fleet's `policies.drift` says.
   */
  drift?: {
    /**
     * Between two looks for drift. Excludes `cron`; without both, as `serve --drift-seconds` says.
     */
    every?: string;
    /**
     * When drift is looked for, in the five fields of cron: minute, hour, day, month, day of the week. `H` is a value of the account's own, always the same. Excludes `every`.
     */
    cron?: string;
    /**
     * Whose clock `cron` is read on: an IANA name. UTC unless said.
     */
    timezone?: string;
    /**
     * How much earlier or later a look may come, by chance: so that accounts do not go in step. A tenth of `every` unless said; looks by `cron` come so much later at most, and on time unless said.
     */
    jitter?: string;
    /**
     * What becomes of drift. `report`: it is told. `revert`: it is brought back by itself, where that changes a machine in place and does not switch it off. `revert-safe`: the same, and only labels, host names and firewall rules. `report` unless said.
     */
    policy?: "report" | "revert" | "revert-safe";
  };
  /**
   * What only this cloud has, checked against the cloud's own schema.
   */
  options: {
    [k: string]: unknown;
  };
}

/**
 * A product that customers buy: what a server has, which size that is on each cloud, and what it costs. Files live below `plans/`.
 */
export interface PlanFields {
  /**
   * Always `Plan`.
   */
  kind: "Plan";
  /**
   * What servers call it. Unique among plans.
   */
  name: string;
  /**
   * What the tables of the multi-cloud VPS API call it, where that was decided elsewhere, as for an installation that was taken over. It is the id of the plan's row where one provider sells the plan; made from the names unless said.
   */
  uuid?: string;
  /**
   * Virtual processors.
   */
  vcpus: number;
  /**
   * Memory in MiB.
   */
  memoryMiB: number;
  /**
   * Disk in GiB.
   */
  diskGiB: number;
  /**
   * Outgoing traffic a month in GiB that the price includes.
   */
  transferGiB?: number;
  /**
   * The size that this plan is, by cloud. A cloud that is not listed cannot be ordered with this plan, except one without sizes, which gives the numbers above.
   */
  sizes: {
    [k: string]: string;
  };
  /**
   * Price a month before markup, in whole units of `currency`, with at most 6 decimals.
   */
  basePrice: number;
  /**
   * What is added to `basePrice`, a month, in whole units of `currency`, with at most 6 decimals.
   */
  markup: number;
  /**
   * ISO 4217 code.
   */
  currency: string;
  /**
   * A server ordered with this plan expires after so many days unless its order says otherwise.
   */
  defaultExpireDays?: number;
  /**
   * Not sold any more from a day on: no new servers with this plan. Those that have it keep it.
   */
  ended?: {
    /**
     * The day, in UTC, from which on.
     */
    on: string;
    /**
     * What to tell whoever asks for something new.
     */
    note: string;
  };
}

/**
 * One machine. Files live below `servers/`, in any folders; moving or renaming a file changes nothing.
 */
export interface ServerFields {
  /**
   * Always `Server`.
   */
  kind: "Server";
  /**
   * What the machine is known by, for good. Unique among servers. To rename, see `formerly`.
   */
  name: string;
  /**
   * The machine's label at the cloud and its first host name. Free to change. The name when absent.
   */
  hostname?: string;
  /**
   * A name for people. What whoever made it by the multi-cloud VPS API has called it.
   */
  title?: string;
  /**
   * What the multi-cloud VPS API calls it. Made from the fleet's id and the name unless said.
   */
  uuid?: string;
  /**
   * Earlier names. A server is renamed by changing `name` and listing the old one here; the machine stays.
   */
  formerly: string[];
  /**
   * The account that it is bought on; `placement` may leave it open. Another one later means a new machine and the loss of this one's data.
   */
  account?: string;
  /**
   * The plan it is ordered with. Give exactly one of `plan`, `size`, `resources` and `placement`.
   */
  plan?: string;
  /**
   * The cloud's own size, instead of a plan.
   */
  size?: string;
  /**
   * What the machine has, on clouds without sizes, instead of a plan.
   */
  resources?: {
    /**
     * Virtual processors.
     */
    vcpus?: number;
    /**
     * Memory in MiB.
     */
    memoryMiB?: number;
    /**
     * Disk in GiB. It can grow and never shrinks.
     */
    diskGiB?: number;
  };
  /**
   * Leaves the size, and the account and region where they are not given, to `fleetwright place`: it writes the cheapest that meets `needs` into this file, by a commit. Once written, the choice stays until `place --again`.
   */
  placement?: "cheapest";
  /**
   * With `placement`: what the machine must have at least, and where it may be.
   */
  needs?: {
    /**
     * Virtual processors.
     */
    vcpus?: number;
    /**
     * Memory in MiB, or with its unit: `4GiB`.
     */
    memoryMiB?: number | string;
    /**
     * Disk in GiB.
     */
    diskGiB?: number;
    /**
     * GPUs.
     */
    gpus?: number;
    /**
     * Part of what the cloud calls the GPU, in any case.
     */
    gpuType?: string;
    /**
     * Only sizes of this kind.
     */
    kind?: "shared" | "dedicated" | "gpu" | "metal";
    /**
     * Accounts that it may be bought on, where `account` is open. All when absent.
     *
     * @minItems 1
     */
    accounts?: string[];
    /**
     * Regions that it may be in, where `region` is open, those liked most first. All when absent.
     *
     * @minItems 1
     */
    regions?: string[];
    /**
     * The image to install, by cloud: a cloud that is not listed is left out. In place of `image`, which is written.
     */
    images?: {
      [k: string]: string;
    };
  };
  /**
   * Where it stands, in the cloud's own word: a region, or a node of a Proxmox VE cluster. `placement` may leave it open.
   */
  region?: string;
  /**
   * What is installed on a new machine; with `placement` it may stand by cloud in `needs.images`. A change waits for `rebuild`.
   */
  image?: string;
  /**
   * Names of SshKey objects let in on a new machine. A change waits for `rebuild`.
   */
  keys: string[];
  /**
   * Names of Firewall objects in front of it.
   */
  firewalls: string[];
  /**
   * Names of Port objects of its account that it is plugged into once it is there, and out of when they leave the list. A port is one server's. Only on OpenStack.
   */
  ports: string[];
  /**
   * Whom it belongs to: a team or a customer. Guards count removals per owner.
   */
  owner?: string;
  /**
   * Words of your own, written on the machine as the cloud's tags `key:value`. One without a value is a plain tag.
   */
  labels: {
    [k: string]: string | null;
  };
  /**
   * The state the machine is kept in.
   */
  power: "running" | "stopped" | "suspended";
  /**
   * How a machine that runs and is to be `stopped` comes there. `graceful`: its system is asked to shut down, and after a minute it is switched off. `forced`: it is switched off at once.
   */
  stop: "graceful" | "forced";
  /**
   * Counters. Raising one restarts the machine once; lowering one does nothing.
   */
  restarts: {
    /**
     * Restart by asking the operating system.
     */
    reboot: number;
    /**
     * Restart by the power switch.
     */
    reset: number;
  };
  /**
   * Counter. Raising it deletes the machine with its data and makes a new one with the image, keys and user data of this file.
   */
  rebuild: number;
  /**
   * Day or instant from which on it is no longer wanted.
   */
  expires?: string;
  /**
   * Written by `fleetwright expire` when it has stopped the server: the `expires` that had passed. It is not stopped again for the same one; another `expires` renews it.
   */
  expired?: string;
  /**
   * Holds all changes of this server: they are shown and not executed, also its removal, and drift is shown and not reverted. Take it out to go on. The machine is not touched by it; to stop a machine see `power`.
   */
  suspend?: {
    /**
     * Why, for whoever wonders what is held.
     */
    reason: string;
  };
  /**
   * What becomes of this server's drift, in place of what its account says.
   */
  drift?: {
    /**
     * What becomes of drift. `report`: it is told. `revert`: it is brought back by itself, where that changes a machine in place and does not switch it off. `revert-safe`: the same, and only labels, host names and firewall rules. `report` unless said.
     */
    policy?: "report" | "revert" | "revert-safe";
  };
  /**
   * Refuses to remove or replace the machine, also when this file goes.
   */
  protect: boolean;
  /**
   * What happens to the machine when this file goes: `delete` it, or leave it running as an `orphan`.
   */
  deletionPolicy: "delete" | "orphan";
  /**
   * The cloud's id of a running machine that this file takes over instead of making one.
   */
  adopt?: string | number;
  /**
   * Has an IPv6 address.
   */
  ipv6: boolean;
  /**
   * The cloud's own monitoring.
   */
  monitoring: boolean;
  /**
   * The cloud's own backups, which it charges for.
   */
  backups: boolean;
  /**
   * What cloud-init runs on a new machine: exactly one of `text`, `env` and `file`. A change waits for `rebuild`.
   */
  userData?: {
    /**
     * The user data itself. Everyone who reads the repository can read it.
     */
    text?: string;
    /**
     * Name of an environment variable of the controller that holds it. It must begin with one of the fleet's `envPrefixes`.
     */
    env?: string;
    /**
     * Path of a file of this repository, from its top.
     */
    file?: string;
  };
  /**
   * That a new machine is given secrets with the request that makes it. Written by whatever has sealed them: a fingerprint each, by which the controller finds the value until the machine is there; then it is erased. To make the machine anew, take this out.
   */
  secrets?: {
    /**
     * The password of root.
     */
    rootPassword?: string;
    /**
     * Answers to the StackScript's questions, by their names.
     */
    stackscriptData?: {
      [k: string]: string;
    };
  };
  /**
   * What only this cloud has, checked against the cloud's own schema.
   */
  provider: {
    [k: string]: unknown;
  };
}

/**
 * Rules in front of servers. It is made once on each account whose servers name it, or written at each machine where a cloud has rules only there. Files live below `firewalls/`.
 */
export interface FirewallFields {
  /**
   * Always `Firewall`.
   */
  kind: "Firewall";
  /**
   * What servers call it. Unique among firewalls.
   */
  name: string;
  /**
   * In the order that they are tried.
   */
  rules: {
    /**
     * Whether it is about what comes in or what goes out.
     */
    direction: "inbound" | "outbound";
    /**
     * What happens to traffic that matches.
     */
    action: "accept" | "drop";
    /**
     * The protocol it is about; `any` is all of them, and `icmp` is that of IPv4 and of IPv6. Not every cloud can tell all apart.
     */
    protocol: "tcp" | "udp" | "icmp" | "any" | "esp" | "gre" | "ah";
    /**
     * A port, a range or a list of them, of tcp or udp. All when absent.
     */
    ports?: string | number;
    /**
     * CIDR blocks that traffic comes from. Of an inbound rule the others', of an outbound rule the machine's own. Everywhere when absent.
     *
     * @minItems 1
     */
    sources?: string[];
    /**
     * CIDR blocks that traffic goes to. Of an outbound rule the others', of an inbound rule the machine's own. Everywhere when absent.
     *
     * @minItems 1
     */
    destinations?: string[];
    /**
     * A shorter word for the other side: `sources` of an inbound rule, `destinations` of an outbound one.
     *
     * @minItems 1
     */
    addresses?: string[];
    /**
     * What it is for.
     */
    description?: string;
  }[];
  /**
   * What happens to what comes in and matches no rule.
   */
  inboundPolicy: "accept" | "drop";
  /**
   * What happens to what goes out and matches no rule.
   */
  outboundPolicy: "accept" | "drop";
  /**
   * Refuses to remove it.
   */
  protect: boolean;
}

/**
 * A public key that new machines let in. Files live below `keys/`.
 */
export interface SshKeyFields {
  /**
   * Always `SshKey`.
   */
  kind: "SshKey";
  /**
   * What servers call it. Unique among keys.
   */
  name: string;
  /**
   * One line as in `authorized_keys`.
   */
  publicKey: string;
}

/**
 * Hosts of a private cloud that serve one class of customers. A host stands in one aggregate only. Files live below `aggregates/`.
 */
export interface AggregateFields {
  /**
   * Always `Aggregate`.
   */
  kind: "Aggregate";
  /**
   * The aggregate's name at the cloud. Unique among aggregates.
   */
  name: string;
  /**
   * The account whose cloud has the hosts.
   */
  account: string;
  /**
   * The graphics processor its hosts have.
   */
  gpuType?: string;
  /**
   * Who is served by its hosts.
   */
  class: "ondemand" | "spot" | "runpod" | "contract";
  /**
   * Host names as the cloud has them. Moving a host is taking its line from one list to another.
   */
  hosts: string[];
  /**
   * Of hosts in `hosts` that no file had before: the aggregate that each stands in and is taken out of when it is first put here. Means nothing afterwards.
   */
  takenFrom: {
    [k: string]: string;
  };
  /**
   * Whose hosts they are, as for a contract. Kept in the aggregate's metadata as `tenant`.
   */
  tenant?: string;
  /**
   * Availability zone of its hosts. The cloud moves no host with instances into another zone.
   */
  availabilityZone?: string;
  /**
   * Further metadata of the aggregate, such as what flavors ask for.
   */
  metadata: {
    [k: string]: string;
  };
  /**
   * The cloud's id of an aggregate that is there already: it is taken over as it is, and gets our mark.
   */
  adopt?: string | number;
  /**
   * How the spot manager launches machines on hosts of class `runpod`.
   */
  runpod?: {
    /**
     * The account that machines are launched on.
     */
    account: string;
    /**
     * The region of that account's cloud.
     */
    region: string;
    /**
     * The environment there, with the key and the firewall in it. The account's for the region when absent.
     */
    environment?: string;
    /**
     * Name of the SshKey object that is let in.
     */
    key: string;
    /**
     * The size of a machine that takes a whole host.
     */
    flavor: string;
    /**
     * The network (name or id) of the hosts' own account that each machine gets a port on.
     */
    network: string;
    /**
     * Name of the Firewall object in front of machines.
     */
    firewall: string;
  };
  /**
   * Further aggregates of the same hosts' kind, each with a name and hosts of its own. With `class`, one file can hold all classes of a processor, and a move is one edited file.
   */
  variants: {
    /**
     * The aggregate's name at the cloud.
     */
    name: string;
    /**
     * Where it is another one than the file's.
     */
    class?: "ondemand" | "spot" | "runpod" | "contract";
    /**
     * Its hosts.
     */
    hosts: string[];
    /**
     * As in the file.
     */
    takenFrom: {
      [k: string]: string;
    };
    /**
     * Where it is another one than the file's.
     */
    tenant?: string;
    /**
     * Where it is another one than the file's.
     */
    availabilityZone?: string;
    /**
     * Besides the file's.
     */
    metadata: {
      [k: string]: string;
    };
    /**
     * As in the file.
     */
    adopt?: string | number;
    /**
     * As in the file, where the variant's is another one.
     */
    runpod?: {
      /**
       * The account that machines are launched on.
       */
      account: string;
      /**
       * The region of that account's cloud.
       */
      region: string;
      /**
       * The environment there, with the key and the firewall in it. The account's for the region when absent.
       */
      environment?: string;
      /**
       * Name of the SshKey object that is let in.
       */
      key: string;
      /**
       * The size of a machine that takes a whole host.
       */
      flavor: string;
      /**
       * The network (name or id) of the hosts' own account that each machine gets a port on.
       */
      network: string;
      /**
       * Name of the Firewall object in front of machines.
       */
      firewall: string;
    };
  }[];
}

/**
 * A place on a network of a private cloud, which a server is plugged into after it was made. Files live below `ports/`.
 */
export interface PortFields {
  /**
   * Always `Port`.
   */
  kind: "Port";
  /**
   * The port's name at the cloud, and what servers call it in `ports`. Unique among ports; another name is another port.
   */
  name: string;
  /**
   * The account whose cloud has the network.
   */
  account: string;
  /**
   * The network (name or id). On another one the port is made anew.
   */
  network: string;
  /**
   * What it is for. Our mark stands behind it in the port's description at the cloud.
   */
  description?: string;
  /**
   * Name of a machine at this cloud, of any tenant, that no file has under this account: the port is plugged into it as soon as one of the name runs. For a file's own server, its `ports` say so instead.
   */
  machine?: string;
  /**
   * The cloud's id of a port that is there already: it is taken over as it is, and gets our mark.
   */
  adopt?: string;
}

/**
 * An image of a server's disk as it is when the snapshot is taken. It outlives its server. Files live below `snapshots/`.
 */
export interface SnapshotFields {
  /**
   * Always `Snapshot`.
   */
  kind: "Snapshot";
  /**
   * The snapshot's name at the cloud, where our mark stands behind it unless the cloud has a better place. Unique among snapshots; another name is another snapshot.
   */
  name: string;
  /**
   * The account that the server is on, and that keeps the snapshot when the server has gone.
   */
  account: string;
  /**
   * Name of the server that it is taken of, once. Later edits of this change nothing, and the server may go.
   */
  server: string;
  /**
   * What it is kept for. For readers of this file; no cloud is told.
   */
  description?: string;
  /**
   * Words of your own, written on the snapshot where the cloud has room for some: only on OpenStack.
   */
  labels: {
    [k: string]: string;
  };
  /**
   * Refuses to remove the snapshot, also when this file goes.
   */
  protect: boolean;
}

/** Any fleet file. */
export type AnyFields = FleetFields | AccountFields | PlanFields | ServerFields | FirewallFields | SshKeyFields | AggregateFields | PortFields | SnapshotFields;
