// The rolling Sharpe ratio and the state of a Sharpe drift detector, in the core.

import * as layout from "../../assembly/layout.ts";
import { Frame, withFrame } from "./arrays.ts";
import { Block } from "./block.ts";
import { core } from "./instance.ts";

/**
 * Rolling Sharpe of f64[n] into a new f64[n]; NaN until `windowSize` values are there. Arguments
 * have been checked.
 */
export function rollingSharpeOf(
  values: Float64Array,
  windowSize: number,
  isPnl: boolean,
  annualization: number,
): Float64Array {
  const { exports } = core();
  const ratios = new Float64Array(values.length);
  withFrame((frame) => {
    const window = frame.scratch(exports.windowBytes(windowSize));
    exports.rollingSharpe(
      frame.write(ratios),
      frame.read(values),
      values.length,
      windowSize,
      isPnl ? 1 : 0,
      Math.sqrt(annualization),
      window,
    );
  });
  return ratios;
}

/** The numbers of an alert, and the index of the value that raised it within its batch. */
export interface SharpeAlert {
  index: number;
  currentSharpe: number;
  meanSharpe: number;
  threshold: number;
}

/** Moments of the window of returns and of the history of Sharpe ratios. */
export class SharpeState {
  readonly #block: Block;
  readonly #fields: DataView;

  constructor(windowSize: number, isPnl: boolean, sigmas: number, annualization: number) {
    const { exports } = core();
    const flag = isPnl ? 1 : 0;
    this.#block = new Block(exports.sharpeBytes(windowSize, flag), "SharpeDriftDetector");
    exports.sharpeReset(this.#block.address, windowSize, flag, sigmas, Math.sqrt(annualization));
    this.#fields = this.#block.fields();
  }

  /** Takes one value; returns the alert it raises. */
  observe(value: number): SharpeAlert | undefined {
    if (!core().exports.sharpeObserve(this.#block.address, value)) return undefined;
    return {
      index: 0,
      currentSharpe: this.currentSharpe,
      meanSharpe: this.#fields.getFloat64(layout.SHARPE_MEAN, true),
      threshold: this.#fields.getFloat64(layout.SHARPE_THRESHOLD, true),
    };
  }

  /** Takes values one after the other; returns the alerts they raise. */
  observeBatch(values: Float64Array): SharpeAlert[] {
    const { exports } = core();
    const table = new Float64Array(layout.ALERT_FIELDS * values.length);
    const frame = new Frame();
    let count: number;
    try {
      const rows = frame.write(table);
      count = exports.sharpeObserveBatch(
        rows,
        this.#block.address,
        frame.read(values),
        values.length,
      );
      frame.commit();
    } finally {
      frame.end();
    }
    return Array.from({ length: count }, (_, row) => {
      const at = layout.ALERT_FIELDS * row;
      const [index, currentSharpe, meanSharpe, threshold] = table.subarray(at, at + 4);
      return {
        index: index!,
        currentSharpe: currentSharpe!,
        meanSharpe: meanSharpe!,
        threshold: threshold!,
      };
    });
  }

  get currentSharpe(): number {
    return this.#fields.getFloat64(layout.SHARPE_CURRENT, true);
  }

  /** The whole state as bytes; `restore` takes it back into a detector of the same options. */
  save(): Uint8Array {
    const bytes = this.#block.bytes().slice();
    // An address means nothing elsewhere.
    new DataView(bytes.buffer).setUint32(layout.SHARPE_HISTORY, 0, true);
    return bytes;
  }

  get sizeBytes(): number {
    return this.#block.sizeBytes;
  }

  restore(bytes: Uint8Array): void {
    const history = this.#fields.getUint32(layout.SHARPE_HISTORY, true);
    this.#block.bytes().set(bytes);
    this.#fields.setUint32(layout.SHARPE_HISTORY, history, true);
  }

  dispose(): void {
    this.#block.dispose();
  }
}
