// Runs tasks one after another, in the order in which they came.

/** A queue of one: a task starts when the one before it has settled, however it did. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Settles as `task` does. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {});
    return result;
  }
}
