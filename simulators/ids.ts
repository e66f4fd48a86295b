/** Repeatable ids and choices: the same seed gives the same sequence. */
export class Ids {
  #state: number;
  #next: number;

  constructor(seed = 1) {
    this.#state = seed >>> 0;
    this.#next = 1000 * (seed >>> 0);
  }

  /** Integers from 1000 times the seed upwards, each once. */
  integer(): number {
    this.#next += 1;
    return this.#next;
  }

  /** A number in [0, 1) (mulberry32). */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  /** Lower-case hexadecimal digits. */
  hex(length: number): string {
    let text = "";
    while (text.length < length) text += this.below(16).toString(16);
    return text;
  }

  uuid(): string {
    const digits = this.hex(32);
    const variant = "89ab"[this.below(4)];
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20)}`;
  }
}
