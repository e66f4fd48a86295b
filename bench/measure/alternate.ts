/** What the product is measured against. */
export interface Duel {
  peer: number;
  product: number;
}

/**
 * Runs peer and product alternately, `rounds` times each, and takes the minimum of each: on a busy machine the smallest figure is the one
 * with the least of others' work in it. The peer goes first in every round.
 */
export async function alternate(
  rounds: number,
  peer: (round: number) => Promise<number>,
  product: (round: number) => Promise<number>,
): Promise<Duel> {
  const best: Duel = { peer: Number.POSITIVE_INFINITY, product: Number.POSITIVE_INFINITY };
  for (let round = 0; round < rounds; round++) {
    best.peer = Math.min(best.peer, await peer(round));
    best.product = Math.min(best.product, await product(round));
  }
  return best;
}
