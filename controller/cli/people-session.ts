import { fleetIdOf } from "../fleet-id.ts";
import { openPeople, type People } from "../people/people.ts";
import type { CommandLine } from "../people/types.ts";
import type { Io } from "./io.ts";
import type { GlobalOptions } from "./options.ts";
import { whoIsAsking, withSession } from "./session.ts";

/** Opens what is known of people for one verb; `by` is whoever runs it. */
export async function withPeople<T>(
  options: GlobalOptions,
  io: Io,
  use: (people: People, by: CommandLine & { name: string }) => Promise<T>,
): Promise<T> {
  return await withSession(options, io, async ({ controller }) => {
    const people = await openPeople({ ...controller, fleetId: await fleetIdOf(controller) });
    const { name, email } = await whoIsAsking(controller);
    return await use(people, { name, email, via: "command-line" });
  });
}
