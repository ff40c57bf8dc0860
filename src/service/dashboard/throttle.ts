// Runs a task when it is asked for, but not twice at once and not all the time.

/** A task that many ask for. Requests while it runs or rests lead to one more run. */
export class Throttle {
  readonly #task: () => Promise<void>;
  readonly #restMs: number;
  #isBusy = false;
  #isAsked = false;
  #isStopped = false;
  #rest: ReturnType<typeof setTimeout> | undefined;

  /** restMs: from the end of a run to the next. task: throws nothing. */
  constructor(task: () => Promise<void>, restMs: number) {
    this.#task = task;
    this.#restMs = restMs;
  }

  /** Runs the task: now, or when the run before has ended and rested. */
  request(): void {
    this.#isAsked = true;
    if (!this.#isBusy && !this.#isStopped) void this.#run();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#rest);
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    this.#isAsked = false;
    await this.#task();
    this.#rest = setTimeout(() => {
      this.#isBusy = false;
      if (this.#isAsked) this.request();
    }, this.#restMs);
  }
}
