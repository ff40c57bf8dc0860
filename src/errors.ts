// Every error the library throws: a closed list of codes on three classes.

/** Codes are `AREA_PROBLEM`; docs/errors.md has a heading for each. */
export type ErrorCode =
  // wrong type or value from the caller; nothing has changed
  | "ARGUMENT_TYPE"
  | "ARGUMENT_RANGE"
  | "LENGTH_MISMATCH"
  | "VALUE_NOT_FINITE"
  | "OPTION_INVALID"
  | "OPTION_UNKNOWN"
  | "DATA_EMPTY"
  | "SAMPLE_QUARANTINED"
  | "MODULE_UNKNOWN"
  | "STATE_INVALID"
  | "ID_INVALID"
  | "VERSION_UNKNOWN"
  // the object is in the wrong state for the call
  | "CORE_NOT_READY"
  | "CORE_ALREADY_READY"
  | "DISPOSED"
  | "NO_SNAPSHOT"
  | "NOT_TRAINED"
  | "UPDATE_IN_PROGRESS"
  | "UPDATE_CANCELLED"
  | "UPDATES_FROZEN"
  | "STORE_CLOSED"
  | "STORE_LOCKED"
  | "STORE_READ_ONLY"
  | "FEEDBACK_BUFFER_FULL"
  // training or measuring went wrong; the state is as before
  | "UPDATE_DIVERGED"
  | "UPDATE_FAILED"
  | "LOSS_FAILED"
  // the environment failed
  | "CORE_OUT_OF_MEMORY"
  | "CORE_FAILED"
  | "AUDIT_CORRUPT"
  | "CRYPTO_MISSING"
  | "DRIVER_MISSING"
  | "FEEDBACK_CORRUPT"
  | "FILE_CORRUPT"
  | "FILE_FAILED"
  | "OUTBOX_FULL"
  | "POINTER_CORRUPT"
  | "SNAPSHOT_CORRUPT";

/**
 * Anything that is not a wrong argument: a wrong state, a failed environment, a training run that
 * diverged.
 */
export class DriftkeelError extends Error {
  override readonly name: string = "DriftkeelError";
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The caller passed something of the wrong kind. */
export class DriftkeelTypeError extends TypeError {
  override readonly name: string = "DriftkeelTypeError";
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** The caller passed a value of the right kind outside what is allowed. */
export class DriftkeelRangeError extends RangeError {
  override readonly name: string = "DriftkeelRangeError";
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** Whether the caller passed something wrong: one of the two classes for that. */
export function isCallerError(error: unknown): error is DriftkeelTypeError | DriftkeelRangeError {
  return error instanceof DriftkeelTypeError || error instanceof DriftkeelRangeError;
}

/** Whether an error is one of this library's, with a code. */
export function isTypedError(
  error: unknown,
): error is DriftkeelError | DriftkeelTypeError | DriftkeelRangeError {
  return error instanceof DriftkeelError || isCallerError(error);
}
