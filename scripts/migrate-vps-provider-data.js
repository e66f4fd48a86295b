// node scripts/migrate-vps-provider-data.js --fleet DIR --from postgres://… [--migrate] [--dry-run]: `fleetwright vps take-over`, by the name that the
// document of the multi-cloud VPS API has for it.
import { launch } from "./launch.mjs";

await launch("bin/fleetwright.ts", ["vps", "take-over", ...process.argv.slice(2)], { production: true });
