import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROXMOX_PASSWORD, startProxmox } from "../../../simulators/proxmox/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { type PveClient, pveClient } from "./client.ts";

describe("logging in to the simulated Proxmox VE", () => {
  let simulator: Simulator;
  let bare: PveClient;
  const login = (client: PveClient, password = PROXMOX_PASSWORD) =>
    client.send("POST", "/access/ticket", { username: "root@pam", password });

  beforeAll(async () => {
    simulator = await startProxmox({ provisionMs: 20, actionMs: 5 });
    bare = pveClient(simulator.url, {});
  });
  afterAll(() => simulator.close());

  it("refuses a request without a credential", async () => {
    expect(await bare.send("GET", "/version")).toMatchObject({ status: 401, words: "No ticket" });
  });

  it("refuses a wrong token and a wrong password", async () => {
    const wrong = pveClient(simulator.url, { authorization: "PVEAPIToken=root@pam!fleetwright=no" });

    expect(await wrong.send("GET", "/version")).toMatchObject({ status: 401, words: "Authentication failed!" });
    expect(await login(bare, "no")).toMatchObject({ status: 401, words: "authentication failure" });
  });

  it("lets a ticket read, and write only with its CSRF token", async () => {
    const { ticket, CSRFPreventionToken: csrf } = (await login(bare)).body.data;
    const user = pveClient(simulator.url, { cookie: `PVEAuthCookie=${encodeURIComponent(ticket)}` });
    const write = { description: "x" };

    expect(await user.send("GET", "/version")).toMatchObject({ status: 200 });
    const path = "/nodes/pve1/qemu/9001/config";
    expect(await user.send("PUT", path, write)).toMatchObject({
      status: 401,
      words: "Permission denied - invalid csrf token",
    });
    expect(await user.send("PUT", path, write, { csrfpreventiontoken: `${csrf}x` })).toMatchObject({ status: 401 });
    expect(await user.send("PUT", path, write, { csrfpreventiontoken: csrf })).toMatchObject({ status: 200 });
  });

  it("renews a ticket with the ticket as password", async () => {
    const { ticket } = (await login(bare)).body.data;

    expect(await login(bare, ticket)).toMatchObject({ status: 200, body: { data: { username: "root@pam" } } });
  });

  it("lets tickets expire, and forged ones never in", async () => {
    const short = await startProxmox({ ticketLifetimeMs: 1 });
    const { ticket } = (await login(pveClient(short.url, {}))).body.data;
    const words = "permission denied - invalid PVE ticket";

    // Tickets count whole seconds, so one of the last second is older than a millisecond.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const late = await pveClient(short.url, { cookie: `PVEAuthCookie=${ticket}` }).send("GET", "/version");
    const forged = await pveClient(simulator.url, { cookie: `PVEAuthCookie=${ticket}` }).send("GET", "/version");
    await short.close();

    expect(late).toMatchObject({ status: 401, words });
    expect(forged).toMatchObject({ status: 401, words });
  });

  it("takes JSON bodies as well, and refuses others", async () => {
    const send = (type: string, body: string) =>
      fetch(`${simulator.url}/api2/json/access/ticket`, { method: "POST", headers: { "content-type": type }, body });
    const body = JSON.stringify({ username: "root@pam", password: PROXMOX_PASSWORD });

    expect((await send("application/json", body)).status).toBe(200);
    expect((await send("text/xml", "<a/>")).status).toBe(501);
  });
});
