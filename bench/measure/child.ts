import type { Told } from "./job.ts";

/** One job in a process of its own: `child.ts NAME INPUT`. */
export interface Job {
  /** Ends a stretch that is counted by itself; goes on once it is. */
  mark(name: string): Promise<void>;
}

type Work = (input: never, job: Job) => Promise<{ result: unknown; close?(): Promise<void> }>;

async function tell(told: Told): Promise<void> {
  const answered = new Promise((resolve) => process.once("message", resolve));
  process.send?.(told);
  await answered;
}

// Whoever measures is gone, so nobody waits for this any more.
process.once("disconnect", () => process.exit(1));

const [name = "", input = "{}"] = process.argv.slice(2);
try {
  const { run } = (await import(new URL(`../jobs/${name}.ts`, import.meta.url).href)) as { run: Work };
  const { result, close } = await run(JSON.parse(input) as never, {
    mark: (mark) => tell({ kind: "mark", name: mark }),
  });
  await tell({ kind: "done", result });
  // Not counted: the server of the database ends, which in a controller that runs on does not happen.
  await close?.();
  process.exit(0);
} catch (error) {
  await tell({ kind: "failed", error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exit(1);
}
