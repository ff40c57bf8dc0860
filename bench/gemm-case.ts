// Square matrix products in the core: the measure of what this machine does with 128-bit SIMD.

import { Block } from "../src/core/block.ts";
import { core } from "../src/core/instance.ts";
import { normals } from "./inputs.ts";

/** NT multiplies by a transposed right side, TN by a transposed left side. */
export const products = ["NN", "NT", "TN"] as const;
export type Product = (typeof products)[number];

/** C = A B with square matrices; the core gets A or B transposed where the product wants it so. */
export class GemmCase {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly flops: number;
  /** C, A, B of each product. */
  readonly #operands: Record<Product, [Block, Block, Block]>;

  constructor(readonly size: number) {
    const count = size * size;
    this.flops = 2 * size ** 3;
    this.a = normals(1, count);
    this.b = normals(2, count);
    const place = (values: Float32Array) => {
      const block = new Block(4 * count, "bench");
      block.f32().set(values);
      return block;
    };
    const [a, b] = [place(this.a), place(this.b)];
    const result = () => new Block(4 * count, "bench");
    this.#operands = {
      NN: [result(), a, b],
      NT: [result(), a, place(transposed(this.b, size))],
      TN: [result(), place(transposed(this.a, size)), b],
    };
  }

  run(product: Product): void {
    const { size } = this;
    const { gemmNN, gemmNT, gemmTN } = core().exports;
    const gemm = { NN: gemmNN, NT: gemmNT, TN: gemmTN }[product];
    const [c, a, b] = this.#operands[product];
    gemm(c.address, a.address, b.address, size, size, size, 1, 0);
  }

  result(product: Product): Float32Array {
    return this.#operands[product][0].f32();
  }

  /** The product in plain JavaScript, summed in f64. */
  reference(): Float32Array {
    const { size, a, b } = this;
    return Float32Array.from({ length: size * size }, (_, at) => {
      const [i, j] = [Math.floor(at / size), at % size];
      let sum = 0;
      for (let p = 0; p < size; p++) sum += a[i * size + p]! * b[p * size + j]!;
      return sum;
    });
  }
}

function transposed(matrix: Float32Array, size: number): Float32Array {
  return matrix.map((_, at) => matrix[(at % size) * size + Math.floor(at / size)]!);
}
