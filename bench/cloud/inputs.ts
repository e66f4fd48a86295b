import { ownerMark } from "../../resources/mark.ts";
import { serverName } from "../fleet.ts";
import type { ServerInputs } from "./server.ts";

/** What the product declares for the same server of the benchmark fleet. */
export function inputsOf(index: number, size: string): ServerInputs {
  const mark = ownerMark("bench", "Server", serverName(index), 0);
  return {
    mark,
    hostname: `${serverName(index)}.customers.example.net`,
    size,
    region: "here",
    image: "debian-12",
    sshKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC227hF/CBLnsuS/rAO8tbPFfWPA22zfDcPSpC1SBbeV bench@example.net"],
    tags: ["env:production", mark, "role:web", `team:platform-${index % 7}`],
    backups: index % 2 === 0,
    monitoring: true,
    ipv6: true,
    network: `customers-${index % 16}`,
    project: "hosting",
  };
}
