// Asks the service, with the key that was given in this tab, and asks for a key when one is needed.

const KEY = "driftkeel-key";
const NO_KEY = "This service asks for a key.";
const READ_TIMEOUT_MS = 20_000;

/** An answer other than what was asked for. */
export class Problem extends Error {
  override readonly name = "Problem";
  constructor(
    readonly status: number,
    detail: string,
    /** Milliseconds after which to come back, when the service says so. */
    readonly retryAfterMs = 0,
  ) {
    super(detail);
  }
}

/** Asks a person for a key; undefined for no. */
export type AskForKey = (detail: string) => Promise<string | undefined>;

/** Requests to the service that the page came from. */
export class ServiceClient {
  readonly #askForKey: AskForKey;
  #asking: Promise<boolean> | undefined;
  /** Nobody gave a key when one was needed: who reconnects must not ask again and again. */
  #isRefused = false;

  constructor(askForKey: AskForKey) {
    this.#askForKey = askForKey;
  }

  /** Whether requests carry a key. */
  get hasKey(): boolean {
    return sessionStorage.getItem(KEY) !== null;
  }

  /** What JSON the service has at a path. Throws Problem, and what `fetch` throws. */
  async read<T>(path: string): Promise<T> {
    const answer = await this.#ask(path, {}, () => AbortSignal.timeout(READ_TIMEOUT_MS));
    return answer.json() as Promise<T>;
  }

  /** Does something; without a limit of time, because it waits for an update that runs. */
  async act<T>(path: string, body: object): Promise<T> {
    const answer = await this.#ask(path, { method: "POST", body: JSON.stringify(body) });
    return answer.json() as Promise<T>;
  }

  /** An answer that goes on until `signal`. */
  async open(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.#ask(path, {}, () => signal);
    if (body) return body;
    throw new Problem(200, "Expected a stream of events.");
  }

  /** Asks for another key in place of the one there is. Whether it was given. */
  changeKey(detail: string): Promise<boolean> {
    this.#asking ??= this.#askForKey(detail)
      .then((key) => {
        if (key === undefined) return false;
        sessionStorage.setItem(KEY, key);
        this.#isRefused = false;
        return true;
      })
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  /** signal: of each attempt, because the one before may have waited for a person. */
  async #ask(path: string, init: RequestInit, signal?: () => AbortSignal): Promise<Response> {
    for (;;) {
      await this.#asking;
      if (this.#isRefused) throw new Problem(401, NO_KEY);
      const key = sessionStorage.getItem(KEY);
      const headers = new Headers();
      if (init.body) headers.set("Content-Type", "application/json");
      if (key !== null) headers.set("Authorization", `Bearer ${key}`);
      const limit = signal?.() ?? null;
      const answer = await fetch(path, { ...init, headers, cache: "no-store", signal: limit });
      if (answer.ok) return answer;
      const problem = await problemOf(answer);
      if (answer.status !== 401) throw problem;
      // Another request may have got a key since.
      if (key !== sessionStorage.getItem(KEY)) continue;
      this.#isRefused = !(await this.changeKey(key === null ? NO_KEY : problem.message));
    }
  }
}

async function problemOf(answer: Response): Promise<Problem> {
  const retryAfterMs = 1000 * Number(answer.headers.get("Retry-After") ?? 0);
  const detail = await answer
    .json()
    .then((json: { detail?: unknown }) => json.detail)
    .catch(() => undefined);
  const text = typeof detail === "string" ? detail : `The service answered ${answer.status}.`;
  return new Problem(answer.status, text, retryAfterMs);
}
