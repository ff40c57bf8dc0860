// What goes wrong between us and an MLflow server, as errors of ours that say what to do.

import { DriftkeelError, type ErrorCode } from "../../index.ts";

/** The server has answered, with a refusal. */
export class MlflowRefusal extends DriftkeelError {
  constructor(
    code: ErrorCode,
    message: string,
    /** Of HTTP. */
    readonly status: number,
    /** MLflow's own, such as RESOURCE_DOES_NOT_EXIST; "" when the answer has none. */
    readonly mlflowCode: string,
  ) {
    super(code, message);
  }
}

/** Characters of an answer that a message shows. */
const SHOWN = 300;

/** A refusal. what: what was asked for, in words; text: the body of the answer. */
export function refusal(server: string, what: string, status: number, text: string): MlflowRefusal {
  const { code, message } = problemIn(text);
  if (status === 401 || status === 403) {
    const why =
      status === 401 ? "it does not know these credentials" : "these credentials may not do that";
    const advice = "Look at the token or password, and at the user's permissions.";
    const got = `Expected MLflow at ${server} to ${what}: ${why} (${status}). ${advice}`;
    return new MlflowRefusal("FILE_FAILED", got, status, code);
  }
  const reason = message === "" ? `HTTP ${status}` : `${status}, ${message}`;
  const got = `Expected MLflow at ${server} to ${what}: ${reason}`;
  return new MlflowRefusal("FILE_FAILED", got, status, code);
}

function problemIn(text: string): { code: string; message: string } {
  try {
    const { error_code: code, message } = JSON.parse(text) as Record<string, unknown>;
    return { code: `${code ?? ""}`, message: `${message ?? ""}`.slice(0, SHOWN) };
  } catch {
    return {
      code: "",
      message: text
        .replace(/<[^>]*>|\s+/g, " ")
        .trim()
        .slice(0, SHOWN),
    };
  }
}

/** FILE_FAILED: no answer. */
export function unreachable(server: string, what: string, cause: unknown): DriftkeelError {
  const { name, message, cause: deeper } = cause as Error;
  const isLate = name === "TimeoutError";
  const detail = (deeper as { code?: string } | undefined)?.code ?? message;
  const reason = isLate ? "it did not answer in time" : `it is out of reach (${detail})`;
  const advice = "Is it running, and is the address right?";
  return new DriftkeelError(
    "FILE_FAILED",
    `Expected MLflow at ${server} to ${what}: ${reason}. ${advice}`,
    { cause },
  );
}

/** FILE_FAILED: an answer that MLflow does not give. */
export function strangeAnswer(server: string, what: string, got: string): DriftkeelError {
  const message =
    `Expected MLflow at ${server} to ${what}, got ${got}. Is this the address of an MLflow ` +
    "tracking server?";
  return new DriftkeelError("FILE_FAILED", message);
}

/** What `asked` gives; undefined when MLflow refused with one of these codes of its own. */
export async function orUndefined<T>(asked: Promise<T>, codes: RegExp): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof MlflowRefusal && codes.test(error.mlflowCode)) return undefined;
    throw error;
  }
}
