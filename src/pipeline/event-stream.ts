// Events for whoever listens: each listener sees all events from when it began, in order.

/** Events a slow listener may lag behind before the oldest are dropped. */
const LARGEST_BACKLOG = 10_000;

/** A stream that can be listened to any number of times; nobody listening costs nothing. */
export class EventStream<E> implements AsyncIterable<E> {
  readonly #listeners = new Set<Listener<E>>();
  #isClosed = false;

  /** Hands an event to all who listen. */
  emit(event: E): void {
    for (const listener of this.#listeners) listener.push(event);
  }

  /** Ends every listener's loop after what it has not seen yet. */
  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) listener.end();
  }

  [Symbol.asyncIterator](): AsyncIterator<E> {
    const listener = new Listener<E>(() => this.#listeners.delete(listener));
    if (this.#isClosed) listener.end();
    else this.#listeners.add(listener);
    return listener;
  }
}

class Listener<E> implements AsyncIterator<E> {
  readonly #backlog: E[] = [];
  readonly #leave: () => void;
  #waiting: ((result: IteratorResult<E>) => void) | undefined;
  #hasEnded = false;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  push(event: E): void {
    if (this.#waiting) {
      this.#waiting({ value: event, done: false });
      this.#waiting = undefined;
      return;
    }
    this.#backlog.push(event);
    if (this.#backlog.length > LARGEST_BACKLOG) this.#backlog.shift();
  }

  end(): void {
    this.#hasEnded = true;
    this.#waiting?.({ value: undefined, done: true });
    this.#waiting = undefined;
  }

  async next(): Promise<IteratorResult<E>> {
    const event = this.#backlog.shift();
    if (event !== undefined) return { value: event, done: false };
    if (this.#hasEnded) return { value: undefined, done: true };
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  async return(): Promise<IteratorResult<E>> {
    this.#leave();
    this.end();
    return { value: undefined, done: true };
  }
}
