// Whether this machine has the driver of SQLite, which is optional.

/** A variable, so that nothing resolves it before the test asks. */
const DRIVER: string = "libsql";

/** Whether libsql loads; tests of SQLite run only where it does. */
export const hasDriver = await import(DRIVER).then(
  () => true,
  () => false,
);
