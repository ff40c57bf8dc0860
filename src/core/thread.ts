// A thread as the core sees it, and the messages that pass to it and back.

/** A running worker, whatever the platform calls it. */
export interface Thread {
  post(message: ToThread): void;
  /** Keeps the process alive while the thread has work. */
  hold(): void;
  letGo(): void;
  stop(): void;
}

/** What a thread is for: the helper of an index, or the trainer. */
export type Role = { name: "helper"; index: number } | { name: "trainer" };

/** What a thread is told: first what it needs to exist, then what to do. */
export type ToThread =
  | {
      kind: "attach";
      module: WebAssembly.Module;
      memory: WebAssembly.Memory;
      pool: number;
      scratch: number;
      role: Role;
    }
  | { kind: "train"; run: number; plan: number };

/** What a trainer answers: the run ended with a STATUS_*, went on, or trapped. */
export type FromThread =
  | { kind: "progress"; run: number }
  | { kind: "ended"; run: number; status: number }
  | { kind: "trapped"; run: number; message: string };
