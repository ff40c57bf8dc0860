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

/** Values that the core counts exactly, whatever the window. */
const COUNTED = 2 ** 30;

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
    this.checkLive();
    return this.#fields.getFloat64(layout.SHARPE_CURRENT, true);
  }

  /** The whole state as bytes; `restore` takes it back into a detector of the same options. */
  save(): Uint8Array {
    const bytes = this.#block.bytes().slice();
    // An address means nothing elsewhere.
    new DataView(bytes.buffer).setUint32(layout.SHARPE_HISTORY, 0, true);
    return bytes;
  }

  /**
   * Takes back what `save` returned with `held` values in the window. Returns false, and changes
   * nothing, when the bytes are not a state of a detector with these options: the core trusts the
   * sizes and positions in them.
   */
  restore(bytes: Uint8Array, held: number): boolean {
    this.checkLive();
    if (!this.#fits(bytes, held)) return false;
    const history = this.#fields.getUint32(layout.SHARPE_HISTORY, true);
    this.#block.bytes().set(bytes);
    this.#fields.setUint32(layout.SHARPE_HISTORY, history, true);
    return true;
  }

  #fits(bytes: Uint8Array, held: number): boolean {
    if (bytes.length !== this.#block.sizeBytes) return false;
    const saved = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const number = (at: number) => saved.getInt32(at, true);
    const isSame = [
      layout.SHARPE_DIFFERENCES,
      layout.SHARPE_VALUES,
      layout.SHARPE_SIGMAS,
      layout.SHARPE_SIGMAS + 4,
      layout.SHARPE_SCALE,
      layout.SHARPE_SCALE + 4,
    ].every((at) => number(at) === this.#fields.getInt32(at, true));
    const [count, size] = [number(layout.SHARPE_COUNT), number(layout.SHARPE_VALUES)];
    if (!isSame || count < 0 || Math.min(count, size) !== held) return false;
    const returns = layout.SHARPE_HEADER_BYTES;
    const history = this.#fields.getUint32(layout.SHARPE_HISTORY, true) - this.#block.address;
    const pushed = count - number(layout.SHARPE_DIFFERENCES);
    const judged = count - size + 1;
    return this.#windowFits(saved, returns, pushed) && this.#windowFits(saved, history, judged);
  }

  /** Whether the window at an offset has its own size and stands where `pushed` values lead. */
  #windowFits(saved: DataView, at: number, pushed: number): boolean {
    const number = (field: number) => saved.getInt32(at + field, true);
    const size = this.#fields.getInt32(at + layout.WINDOW_SIZE, true);
    const [fill, isFull] = [number(layout.WINDOW_FILL), number(layout.WINDOW_FULL)];
    if (number(layout.WINDOW_SIZE) !== size || fill < 0 || fill >= size) return false;
    if (pushed > COUNTED) return isFull === 1; // the count stands still near 2^31
    const values = Math.max(0, pushed);
    return fill === values % size && isFull === (values >= size ? 1 : 0);
  }

  /** Throws DISPOSED after a dispose. */
  checkLive(): void {
    this.#block.checkLive();
  }

  dispose(): void {
    this.#block.dispose();
  }
}
