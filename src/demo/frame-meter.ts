// Measures how smoothly the page is drawn while something runs.

/** What was measured since the start. */
export interface FrameFigures {
  frames: number;
  perSecond: number;
  slowestMs: number;
  /** Tasks that blocked the page for more than 50 ms. */
  blocks: number;
  longestBlockMs: number;
}

/** Counts frames between `start` and `stop`. */
export class FrameMeter {
  #isRunning = false;
  #lastMs: number | undefined;
  #sumMs = 0;
  #frames = 0;
  #slowestMs = 0;
  #blocks = 0;
  #longestBlockMs = 0;

  constructor() {
    // Not in every browser.
    if (!PerformanceObserver.supportedEntryTypes.includes("longtask")) return;
    const observer = new PerformanceObserver((list) => {
      if (!this.#isRunning) return;
      for (const { duration } of list.getEntries()) {
        this.#blocks++;
        this.#longestBlockMs = Math.max(this.#longestBlockMs, duration);
      }
    });
    observer.observe({ type: "longtask" });
  }

  /** Goes on counting. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#lastMs = undefined;
    requestAnimationFrame((nowMs) => this.#count(nowMs));
  }

  stop(): void {
    this.#isRunning = false;
  }

  /** Forgets what was counted. */
  reset(): void {
    this.#sumMs = this.#frames = this.#slowestMs = this.#blocks = this.#longestBlockMs = 0;
  }

  get figures(): FrameFigures {
    return {
      frames: this.#frames,
      perSecond: this.#sumMs > 0 ? (1000 * this.#frames) / this.#sumMs : 0,
      slowestMs: this.#slowestMs,
      blocks: this.#blocks,
      longestBlockMs: this.#longestBlockMs,
    };
  }

  #count(nowMs: number): void {
    if (!this.#isRunning) return;
    // Nobody sees a hidden page, and browsers do not draw it.
    if (this.#lastMs !== undefined && document.visibilityState === "visible") {
      const tookMs = nowMs - this.#lastMs;
      this.#frames++;
      this.#sumMs += tookMs;
      this.#slowestMs = Math.max(this.#slowestMs, tookMs);
    }
    this.#lastMs = nowMs;
    requestAnimationFrame((next) => this.#count(next));
  }
}
