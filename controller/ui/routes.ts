import type { Role } from "../people/principal.ts";
import { accountsPage } from "./pages/accounts.ts";
import { adoptPage, askAdoption } from "./pages/adopt.ts";
import { catalogPage } from "./pages/catalog.ts";
import { changeEvents, changePage } from "./pages/change.ts";
import { ACTION_ROLES, act, type ChangeAction } from "./pages/change-actions.ts";
import { changesPage } from "./pages/changes.ts";
import { consolePage } from "./pages/console.ts";
import { costsPage } from "./pages/costs.ts";
import { driftPage } from "./pages/drift.ts";
import { askAccept, askRevert } from "./pages/drift-actions.ts";
import { fleetPage } from "./pages/fleet.ts";
import { inventoryPage } from "./pages/inventory.ts";
import { metricsPage } from "./pages/metrics.ts";
import { askServer, newServerPage } from "./pages/new-server.ts";
import { changeProvider, doWithProvider, PROVIDER_ACTIONS, providerPage } from "./pages/provider.ts";
import { addProvider, newProviderPage, providersPage } from "./pages/providers.ts";
import { runEvents, runPage, runsPage } from "./pages/runs.ts";
import { askPower, serverPage } from "./pages/server.ts";
import { signOut } from "./pages/sign-out.ts";
import { spotPage } from "./pages/spot.ts";
import { askMove } from "./pages/spot-move.ts";
import { stacksPage } from "./pages/stacks.ts";
import { PEOPLE_ROUTES } from "./people-routes.ts";
import type { Page, Visit } from "./visit.ts";

/** A page or a form, and who may have it. What a role may not do is not offered to it, and refused. */
export interface Route {
  method: "GET" | "POST";
  /** Below `/ui`. */
  path: string;
  role: Role;
  answer(visit: Visit): Promise<Page | Response> | Page;
}

const actions = (Object.keys(ACTION_ROLES) as ChangeAction[]).map(
  (action): Route => ({
    method: "POST",
    path: `/changes/:id/${action}`,
    role: ACTION_ROLES[action],
    answer: act(action),
  }),
);

/** Everything but signing in. */
export const ROUTES: readonly Route[] = [
  { method: "GET", path: "/fleet", role: "viewer", answer: fleetPage },
  { method: "GET", path: "/servers/:name", role: "viewer", answer: serverPage },
  { method: "POST", path: "/servers/:name/power", role: "requester", answer: askPower },
  { method: "GET", path: "/servers/:name/metrics", role: "viewer", answer: metricsPage },
  { method: "POST", path: "/servers/:name/console", role: "operator", answer: consolePage },
  { method: "GET", path: "/new-server", role: "requester", answer: newServerPage },
  { method: "POST", path: "/new-server", role: "requester", answer: askServer },
  { method: "GET", path: "/changes", role: "viewer", answer: changesPage },
  { method: "GET", path: "/changes/:id", role: "viewer", answer: changePage },
  { method: "GET", path: "/changes/:id/events", role: "viewer", answer: changeEvents },
  ...actions,
  { method: "GET", path: "/drift", role: "viewer", answer: driftPage },
  { method: "POST", path: "/drift/revert", role: "requester", answer: askRevert },
  { method: "POST", path: "/drift/accept", role: "requester", answer: askAccept },
  { method: "GET", path: "/inventory", role: "viewer", answer: inventoryPage },
  { method: "GET", path: "/adopt", role: "requester", answer: adoptPage },
  { method: "POST", path: "/adopt", role: "requester", answer: askAdoption },
  { method: "GET", path: "/catalog", role: "viewer", answer: catalogPage },
  { method: "GET", path: "/costs", role: "viewer", answer: costsPage },
  { method: "GET", path: "/stacks", role: "viewer", answer: stacksPage },
  { method: "GET", path: "/runs", role: "viewer", answer: runsPage },
  { method: "GET", path: "/runs/:id", role: "viewer", answer: runPage },
  { method: "GET", path: "/runs/:id/events", role: "viewer", answer: runEvents },
  { method: "GET", path: "/spot", role: "viewer", answer: spotPage },
  { method: "POST", path: "/spot/move", role: "requester", answer: askMove },
  { method: "GET", path: "/accounts", role: "viewer", answer: accountsPage },
  { method: "GET", path: "/providers", role: "admin", answer: providersPage },
  { method: "GET", path: "/new-provider", role: "admin", answer: newProviderPage },
  { method: "POST", path: "/new-provider", role: "admin", answer: addProvider },
  { method: "GET", path: "/providers/:id", role: "admin", answer: providerPage },
  { method: "POST", path: "/providers/:id", role: "admin", answer: changeProvider },
  ...PROVIDER_ACTIONS.map(
    (action): Route => ({
      method: "POST",
      path: `/providers/:id/${action}`,
      role: "admin",
      answer: doWithProvider(action),
    }),
  ),
  ...PEOPLE_ROUTES,
  { method: "POST", path: "/sign-out", role: "viewer", answer: signOut },
];
