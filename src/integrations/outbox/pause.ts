// Time between two tries.

/** Ends early when `signal` says so. holdsProcess: whether the process lives on for it. */
export function pause(
  durationMs: number,
  signal: AbortSignal,
  { holdsProcess }: { holdsProcess: boolean },
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, durationMs);
    if (!holdsProcess) timer.unref?.();
    signal.addEventListener("abort", end);
  });
}
