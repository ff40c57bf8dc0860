// What a conformance suite consists of, in a form that any test framework takes.

/** One rule: `run` throws an Error when the subject breaks it. */
export interface ConformanceCheck {
  name: string;
  run(): void;
}

/** One rule: `run` rejects with an Error when the subject breaks it. */
export interface AsyncConformanceCheck {
  name: string;
  run(): Promise<void>;
}
