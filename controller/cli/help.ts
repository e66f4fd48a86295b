/** Below the list of verbs. */
export const OVERVIEW = `
Examples:
  fleetwright demo                            see all of it, on simulated clouds
  fleetwright init acme                       make a fleet repository in ./acme
  fleetwright validate                        check every file; errors as file:line:column
  fleetwright preview                         what HEAD would change, and what it costs
  fleetwright apply                           preview, ask, execute exactly that
  fleetwright drift --revert                  bring back what was changed by hand

fleetwright VERB --help has examples of each.
Exit codes: 0 done or nothing to do, 1 error, 2 changes or drift found, 3 refused by a guard or a stale preview.`;

const EXAMPLES: Readonly<Record<string, string[]>> = {
  init: [
    "fleetwright init acme                       a new fleet called acme in ./acme",
    "fleetwright init --id acme                  this folder becomes the fleet acme",
    "fleetwright init                            bring the schemas of this fleet up to date",
  ],
  validate: [
    "fleetwright validate                        the fleet in this folder",
    "fleetwright --fleet acme validate --json    problems as data, for another program",
  ],
  compile: [
    "fleetwright compile                         what HEAD means, an object a line",
    "fleetwright compile --commit v12 --json     whole documents at a tag",
  ],
  preview: [
    "fleetwright preview                         what applying HEAD would do; exit 2 when there is something",
    "fleetwright preview --commit topic          the same for a branch",
    "fleetwright preview --commit topic --base main   what the branch changes, whatever was applied",
    "fleetwright preview --stack linode-main.0   only this stack",
    "fleetwright preview --full                  let the engine compare everything: must be empty",
  ],
  apply: [
    "fleetwright apply                           preview, ask, execute exactly that",
    "fleetwright apply --yes                     without asking",
    "fleetwright apply --approve 3f2a…           what was shown under this hash, or refuse (exit 3)",
    "fleetwright apply --allow-replace web-1     web-1 may be deleted and made anew",
    "fleetwright apply --allow-delete 12         twelve removals at once are meant",
    "fleetwright apply --outside-window          an emergency: neither windows nor freezes hold it",
  ],
  serve: [
    "fleetwright serve                           follow the branch that is checked out, and its remote",
    "fleetwright serve --branch main --poll-seconds 30 --log-format json",
    "fleetwright serve --listen 127.0.0.1:0      a free port; the first lines say which",
  ],
  status: [
    "fleetwright status                          what is recorded; asks no cloud",
    "fleetwright --server https://fleet.example.org status --look   of a controller elsewhere, once it has looked at the repository",
  ],
  drift: [
    "fleetwright drift                           what differs on the clouds; exit 2 when something does",
    "fleetwright drift --revert                  bring it back to what the files say",
    "fleetwright drift --accept                  write it into the files, as a commit",
    "fleetwright --server https://fleet.example.org drift --revert   as its last passes have found it; revert opens a change there",
  ],
  runs: [
    "fleetwright runs                            what the engine did last",
    "fleetwright runs --follow 3f1c…             one as it goes; exit 1 when it does not succeed",
    "fleetwright --server https://fleet.example.org runs   the same of a controller elsewhere",
  ],
  changes: [
    "fleetwright changes                         what people have asked for and is not done",
    "fleetwright changes --state needs-approval  what waits for an approval",
  ],
  change: [
    "fleetwright change open --set Server/web-1 size=g6-standard-2   a change, and what it would do",
    "fleetwright change open --file wishes.yaml --approve --execute --wait   the whole way",
    "fleetwright change show c-3fa…              what it would do, and the steps it took",
    "fleetwright change approve c-3fa… --hash 9b1…   exactly what was shown",
    "fleetwright change execute c-3fa…           its commit goes to the main line, and is run",
  ],
  notify: [
    "fleetwright notify --test                   does each target of fleet.yaml take our messages?",
    "fleetwright notify                          send what waits, where no service runs",
    "fleetwright notify --list 20                the newest messages, sent and waiting, with their ids",
    "fleetwright notify --replay msg_3fa…        send this one once more: its receiver had lost it",
  ],
  backup: [
    "fleetwright backup fleet-2026-01-31.tar.gz  everything, as secret as the key of the state",
    "fleetwright backup x.tar.gz --without-key   without the key: keep that elsewhere",
  ],
  restore: [
    "fleetwright --fleet acme --data acme.data restore x.tar.gz   on an empty machine",
    "fleetwright restore x.tar.gz --over         what is in the way is put aside",
  ],
  inventory: [
    "fleetwright inventory                       what the clouds hold that no file names, and what it costs",
    "fleetwright inventory --account do-main --all   every machine of one account",
  ],
  adopt: [
    "fleetwright adopt --account do-main         what could be taken over",
    "fleetwright adopt --account do-main --id 4711   write its file, commit, ask, take it over",
    "fleetwright adopt --account do-main --match '^web-' --yes   all of these, without asking",
    "fleetwright adopt --account do-main --match . --write   only write and commit the files",
  ],
  credentials: [
    "fleetwright credentials set linode-main token          asks for it, without echo",
    "pass linode | fleetwright credentials set linode-main token    takes it from standard input",
    "fleetwright credentials validate linode-main           what the cloud says that it may do",
    "fleetwright credentials bind pve-lab                   it may be sent to the address in accounts/pve-lab.yaml",
    "fleetwright credentials list                           which, by whom, when, for which address",
    "fleetwright credentials rotate                         seal all with a new key",
  ],
  catalog: [
    "fleetwright catalog sizes --account linode-main       sizes with prices, and where they are in stock",
    "fleetwright catalog marketplace --account do-main     one-click applications",
    "fleetwright catalog images --account pve-lab --refresh  read anew",
  ],
  cheapest: [
    "fleetwright cheapest --min-cpu 2 --min-memory 4GiB    the cheapest of all accounts, and the next ones",
    "fleetwright cheapest --gpu H100 --region nyc2         with a GPU of this type, there",
  ],
  place: [
    "fleetwright place                                     every server with a placement that is not decided",
    "fleetwright place web-9 --dry-run                     what would be chosen for web-9, and the runners-up",
    "fleetwright place web-9 --again                       another size, if another is the cheapest now",
  ],
  expire: [
    "fleetwright expire                          stop what has expired, by a commit, and warn of what will",
    "fleetwright expire --dry-run                only show which",
  ],
  rehome: [
    "fleetwright rehome                                    what stands on something that has ended, and where to",
    "fleetwright rehome --account metal-main --to linode-main",
    "fleetwright rehome --plan old --commit                write it into the files",
  ],
  compare: [
    "fleetwright compare --max-price 0.05                  everything up to 0.05 an hour, across clouds",
    "fleetwright compare --max-price 0.05 --min-memory 4GiB --json",
  ],
  reshard: [
    "fleetwright reshard linode-main --cells 4   writes `cells: 4` into its file, and moves states; again goes on after a kill",
    "fleetwright reshard linode-main             as its file asks",
    "fleetwright reshard linode-main --cells 4 --dry-run   which servers would lie in which stack",
  ],
  run: ["fleetwright run -- pulumi preview -s linode-main.0", "fleetwright run -- pulumi up -s linode-main.0"],
  destroy: ["fleetwright destroy --confirm acme          remove every server of the fleet acme"],
  "init-admin": [
    "fleetwright init-admin                      you, as git knows you; asks for a password",
    "fleetwright init-admin --email ada@example.org --name Ada --password-file ./password",
  ],
  login: [
    "fleetwright --server https://fleet.example.org login --email ada@example.org   asks for the password",
    "fleetwright --server https://fleet.example.org --token-file key login   keeps this API key",
    "fleetwright --server https://fleet.example.org status   from then on",
  ],
  logout: ["fleetwright --server https://fleet.example.org logout"],
  users: [
    "fleetwright users list                      everybody, with role and last sign-in",
    "fleetwright users add bob@example.org --name Bob --role operator --account linode-main",
    "fleetwright users set bob@example.org --role approver --all-accounts",
    "fleetwright users set bob@example.org --password   another one, asked for",
    "fleetwright users disable bob@example.org   at once, wherever Bob is signed in",
  ],
  tokens: [
    "fleetwright tokens add ci --user bob@example.org --role requester --expires-days 90",
    "fleetwright tokens list                     with their last use",
    "fleetwright tokens revoke 0123456789abcdef0123",
    "fleetwright tokens rotate --in-minutes 60   another key for access tokens, in an hour",
  ],
  audit: [
    "fleetwright audit --email bob@example.org   what Bob did, the newest first",
    "fleetwright audit --export audit.ndjson     all of it, for another program",
  ],
  capsule: [
    "fleetwright capsule cheapest --min-cpu 4 --min-memory 8     of six providers, by list prices",
    "fleetwright capsule deploy digitalocean do-basic-2 --name my-xnode --region nyc1 --ssh-key 4711",
    "fleetwright capsule deploy vultr vultr-cloud-2 --name edge --region ewr,fra   one in each",
    "fleetwright capsule list                    machines of all providers with credentials, yours and others",
    "fleetwright capsule stop digitalocean 12345678",
  ],
  vps: [
    "fleetwright vps take-over --from postgres://panel@db/panel --dry-run   what would be taken over",
    "FLEETWRIGHT_KEY_LINODE=… fleetwright vps take-over --from postgres://panel@db/panel   ask, commit, take over",
    "fleetwright vps take-over --from postgres://panel@db/panel --migrate --dry-run   the SQL of migration 016",
    "fleetwright vps take-over --from postgres://panel@db/panel --deletion-policy delete   once all is well",
  ],
  doctor: ["fleetwright doctor                          what is missing here, and what mends it"],
  simulate: [
    "fleetwright simulate linode --port 9001     a simulated Linode on http://127.0.0.1:9001",
    "fleetwright simulate proxmox --provision-ms 200   machines are there quickly",
    "fleetwright simulate digitalocean --rate-scale 60  limits of an hour renew in a minute",
    "fleetwright simulate gpu-cloud --port 9001  an OpenStack, the Hyperstack above it and a NetBox, at 9001 to 9003",
    "fleetwright simulate linode --servers 10000 --rate-scale 0  a large account to try things on",
  ],
  demo: [
    "fleetwright demo                            the whole way, then up until Ctrl-C",
    "fleetwright demo --once --json              for a script: one JSON object as the last line",
  ],
};

/** Below the options of one verb. */
export function helpOf(verb: string): string {
  const lines = EXAMPLES[verb] ?? [];
  return lines.length === 0 ? "" : `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
