import type { Duel } from "./alternate.ts";

/** One line of the benchmark's answer. */
export interface Figure {
  name: string;
  value: number | null;
  unit: string;
  /** At most this. */
  target: number;
  /** Null when it says nothing: a peer that is not there, or a smaller N than the target is for. */
  met: boolean | null;
  peer?: number;
  product?: number;
  /** Why `met` is null. */
  reason?: string;
}

export interface Bar {
  name: string;
  unit: string;
  target: number;
  /** Set when the target is not for this run. */
  reason?: string;
}

/** Product by peer. */
export function ratioFigure(bar: Bar, { peer, product }: Duel): Figure {
  return { ...figure(bar, product / peer), peer: rounded(peer), product: rounded(product) };
}

export function figure({ name, unit, target, reason }: Bar, value: number): Figure {
  const shown = { name, value: rounded(value), unit, target };
  // By what was measured, not by what is shown of it.
  return reason === undefined ? { ...shown, met: value <= target } : { ...shown, met: null, reason };
}

export function notMeasured({ name, unit, target }: Bar, reason: string): Figure {
  return { name, value: null, unit, target, met: null, reason };
}

/** For people: one line. */
export function describe({ name, value, unit, target, met, peer, product, reason }: Figure): string {
  const verdict = met === null ? `not judged: ${reason}` : met ? "met" : "MISSED";
  const numbers = peer === undefined ? "" : `; peer ${peer}, product ${product}`;
  return `${name}: ${value ?? "not measured"} ${value === null ? "" : unit} (target at most ${target}${numbers}) ${verdict}`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
