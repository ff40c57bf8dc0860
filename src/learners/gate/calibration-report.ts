// Fits a calibration and says honestly what it is worth.

import { Calibration, type CalibrationSample, calibrationError } from "./calibration.ts";

/** Expected calibration errors; what is after was measured on samples the map had not seen. */
export interface CalibrationReport {
  samples: number;
  errorBefore: number;
  errorAfter: number;
}

/**
 * A calibration that is fitted to all samples, with a report. The error after it is that of two
 * maps, each fitted to one half (every other sample) and measured on the other: a map's error on
 * its own samples is near 0, whatever it is worth. Throws DATA_EMPTY (fewer than 2), ARGUMENT_TYPE,
 * ARGUMENT_RANGE, OPTION_INVALID, OPTION_UNKNOWN.
 */
export function calibrateWithReport(
  samples: readonly CalibrationSample[],
  options?: { method?: "isotonic" | "platt" },
): { calibration: Calibration; report: CalibrationReport } {
  const calibration = Calibration.fit(samples, options);
  const halves = [0, 1].map((half) => samples.filter((_, index) => index % 2 === half));
  const crossed = halves.flatMap((half, index) => {
    const other = Calibration.fit(halves[1 - index]!, options);
    return half.map(({ probability, shouldAllow }) => ({
      probability: other.apply(probability),
      shouldAllow,
    }));
  });
  const report = {
    samples: samples.length,
    errorBefore: calibrationError(samples),
    errorAfter: calibrationError(crossed),
  };
  return { calibration, report };
}
