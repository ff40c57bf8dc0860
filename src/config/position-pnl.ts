// P&L of a model whose outputs are positions and whose labels are the returns that followed.

import type { ProfitAndLoss } from "../index.ts";

/**
 * What positions earned, a sample a period:
 *
 *     pnl[i] = sum_k position[i, k] return[i, k] - cost sum_k |position[i, k] - position[i-1, k]|
 *
 * The first sample pays no turnover: the position before it is not known. cost: of the capital,
 * for each unit that is traded.
 */
export function positionPnl(cost: number): ProfitAndLoss {
  return (positions, samples) => {
    const size = positions.length / samples.length;
    return Float64Array.from(samples, ({ label }, row) => {
      let pnl = 0;
      for (let k = 0; k < size; k++) {
        const position = positions[row * size + k]!;
        const before = row === 0 ? position : positions[(row - 1) * size + k]!;
        pnl += position * label[k]! - cost * Math.abs(position - before);
      }
      return pnl;
    });
  };
}
