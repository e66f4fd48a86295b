/** What something costs at a size. */
export interface Point {
  size: number;
  cost: number;
}

/**
 * The exponent of the power law that comes nearest to these points, by least squares of the logarithms: 0 where size does not matter, 1 where
 * cost is proportional to it, 2 where it goes with its square. Costs must be above 0.
 */
export function exponentOf(points: readonly Point[]): number {
  const xs = points.map(({ size }) => Math.log(size));
  const ys = points.map(({ cost }) => Math.log(cost));
  const [x, y] = [mean(xs), mean(ys)];
  const slope = xs.reduce((sum, each, at) => sum + (each - x) * (ys[at]! - y), 0);
  return slope / xs.reduce((sum, each) => sum + (each - x) ** 2, 0);
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
