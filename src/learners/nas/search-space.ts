// The cells that a search chooses from: a DAG of nodes with one operation on every edge.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import {
  type CellOperation,
  cellEdges,
  cellOperations,
  DriftkeelRangeError,
  Random,
} from "../../index.ts";

/** One operation per edge (i, j), i < j, by j and then by i: for 3 nodes (0,1), (0,2), (1,2). */
export type Cell = readonly CellOperation[];

/** What `SearchSpace` takes. */
export interface SearchSpaceOptions {
  /** Nodes of a cell, its input included: 2..8, default 4. */
  numNodes?: number;
  /** Different operations, 1..8; default all of them. */
  operations?: readonly CellOperation[];
}

/** Schema of `SearchSpaceOptions`. */
export const searchSpaceSchema = z.strictObject({
  numNodes: z._default(
    z
      .int("an integer from 2 to 8")
      .check(z.minimum(2, "an integer from 2 to 8"), z.maximum(8, "an integer from 2 to 8")),
    4,
  ),
  operations: z._default(
    z.array(z.enum(cellOperations)).check(
      z.minLength(1),
      z.refine((names) => new Set(names).size === names.length, "a list of different operations"),
    ),
    [...cellOperations],
  ),
});

/** Draws of `sample` before it gives up: a space with one valid cell in a million still answers. */
const MAX_DRAWS = 10_000_000;

/** All cells of so many nodes over so many operations. */
export class SearchSpace {
  readonly numNodes: number;
  readonly operations: readonly CellOperation[];
  /** Edges as [from, to], in the order of a cell. */
  readonly edges: readonly (readonly [from: number, to: number])[];

  /**
   * Throws OPTION_INVALID, OPTION_UNKNOWN; also when no cell is valid, as with `zero` alone.
   */
  constructor(options: SearchSpaceOptions = {}) {
    const { numNodes, operations } = parseOptions("SearchSpace", searchSpaceSchema, options);
    this.numNodes = numNodes;
    this.operations = operations;
    this.edges = cellEdges(numNodes);
    if (operations.some((operation) => operation !== "zero")) return;
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      'Expected SearchSpace option "operations" to hold more than "zero", got nothing else.',
    );
  }

  /** Number of cells, valid or not: operations to the power of edges. */
  get numCells(): number {
    return this.operations.length ** this.edges.length;
  }

  /**
   * Whether a cell has an operation of this space on every edge, and its last node depends on its
   * input: a path without `zero` leads there.
   */
  isValid(cell: Cell): boolean {
    const fits = cell.length === this.edges.length;
    if (!fits || !cell.every((operation) => this.operations.includes(operation))) return false;
    const reached = [true];
    for (const [edge, [from, to]] of this.edges.entries()) {
      reached[to] = reached[to] || (reached[from] === true && cell[edge] !== "zero");
    }
    return reached[this.numNodes - 1] === true;
  }

  /** A valid cell, each equally likely. seed: u32. The same seed draws the same cell. */
  sample(seed: number): Cell {
    const random = new Random(seed);
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const cell = this.edges.map(() => this.operations[random.below(this.operations.length)]!);
      if (this.isValid(cell)) return cell;
    }
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      `Expected SearchSpace option "operations" to give a valid cell in ${MAX_DRAWS} draws, got ` +
        "none. Add operations.",
    );
  }

  /**
   * The first `max` valid cells, the operation of the last edge changing fastest. max: an integer
   * from 0 to 10^6. Throws ARGUMENT_RANGE.
   */
  enumerate(max: number): Cell[] {
    if (!Number.isInteger(max) || max < 0 || max > 1e6) {
      throw new DriftkeelRangeError(
        "ARGUMENT_RANGE",
        `Expected max to be an integer from 0 to 1000000, got ${max}.`,
      );
    }
    const cells: Cell[] = [];
    const digits = this.edges.map(() => 0);
    for (let more = true; more && cells.length < max; more = this.#advance(digits)) {
      const cell = digits.map((digit) => this.operations[digit]!);
      if (this.isValid(cell)) cells.push(cell);
    }
    return cells;
  }

  /** Counts up by one; false after the last. */
  #advance(digits: number[]): boolean {
    for (let edge = digits.length - 1; edge >= 0; edge--) {
      digits[edge] = (digits[edge]! + 1) % this.operations.length;
      if (digits[edge] !== 0) return true;
    }
    return false;
  }
}
