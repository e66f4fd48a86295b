/** API calls that a cloud over the network would have taken, by what they do. */
export class Calls {
  readonly counts: Record<string, number> = {};

  count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }
}
