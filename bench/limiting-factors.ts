// What keeps a row from its target where it misses it, as analysed on the machine that published
// it.

interface Factor {
  work: RegExp;
  beside: RegExp;
  why: string;
}

const factors: readonly Factor[] = [
  {
    work: /^LoRA SGD step/,
    beside: /./,
    why:
      "The step runs at over 70% of the core's GEMM rate; at the whole of it the ratio would be " +
      "about 1.4 times as high. What is left is memory traffic of rank-8 products and the loss, " +
      "which sums in f64. The baselines are faster here than where the target was set.",
  },
  {
    work: /^EWC .*16 K/,
    beside: /^C,/,
    why:
      "In the second-level cache the loads decide: WebAssembly loads 128 bits at a time, AVX2 " +
      "256. C limited to 128 bits reaches about 157 GB/s on this machine.",
  },
  {
    work: /^EWC .*5 M/,
    beside: /^plain JS/,
    why:
      "Out of cache: memory bandwidth limits every version, native C included, and plain " +
      "JavaScript is not far from it.",
  },
  {
    work: /2 threads$/,
    beside: /./,
    why:
      "Only matrix products are shared out; losses, squares, activations and the optimiser's " +
      "move run on one thread (Amdahl), and each product costs a fork and join of microseconds.",
  },
  {
    work: /^Network\.forward while it trains/,
    beside: /./,
    why:
      "Training has a thread of its own, but shares the last-level cache and the clock budget of " +
      "two cores; the 99th percentile of ten microseconds also sees every interrupt.",
  },
];

/** Why a claim misses its target; undefined where nobody has found out. */
export function limitingFactor(work: string, beside: string): string | undefined {
  return factors.find((each) => each.work.test(work) && each.beside.test(beside))?.why;
}
