import { loadAt, samplesSince } from "../load.ts";
import { badRequest } from "./errors.ts";
import type { Linode } from "./world.ts";

const STEP_MS = 300_000;
const SAMPLES = 288;
const BITS = 8;
const BLOCK_BYTES = 4096;

/** The last 24 hours, every five minutes. @throws {LinodeError} 400 of one that has not started yet */
export function statsOf({ id, label, status, createdMs }: Linode, now: number): object {
  if (status === "provisioning") throw badRequest("Stats are unavailable at this time.");
  const isOn = status !== "offline";
  const samples = samplesSince(createdMs, now, STEP_MS, SAMPLES).map((ms) => ({ ms, load: loadAt(id, ms) }));
  const of = (read: (load: ReturnType<typeof loadAt>) => number) =>
    samples.map(({ ms, load }) => [ms, isOn ? Number(read(load).toFixed(2)) : 0]);
  const none = samples.map(({ ms }) => [ms, 0]);
  return {
    title: `linode.com - ${label} (linode${id}) - day (5 min avg)`,
    cpu: of(({ cpu }) => cpu * 100),
    io: { io: of(({ diskRead, diskWrite }) => (diskRead + diskWrite) / BLOCK_BYTES), swap: none },
    netv4: {
      in: of(({ netIn }) => netIn * BITS),
      out: of(({ netOut }) => netOut * BITS),
      private_in: none,
      private_out: none,
    },
    netv6: { in: none, out: none, private_in: none, private_out: none },
  };
}
