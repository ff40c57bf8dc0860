// Lets a loop run, wait, and keep a pace, from outside.

/** What a loop passes before each of its turns. */
export class Gate {
  /** Milliseconds between two turns; 0: none. */
  pauseMs = 0;
  #opened: Promise<void> | undefined;
  #open: () => void = () => {};

  get isClosed(): boolean {
    return this.#opened !== undefined;
  }

  /** Holds the loop at its next turn. */
  close(): void {
    this.#opened ??= new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
    this.#opened = undefined;
  }

  /** Resolves when the next turn may begin. */
  async pass(): Promise<void> {
    if (this.pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, this.pauseMs));
    await this.#opened;
  }
}
