// One training run of a model's parameters: samples and replay into the core, a run on a copy, a
// report.

import { checkFloat32, checkNumber } from "../checks.ts";
import type { Model } from "../core/network-compute.ts";
import { SampleBlock } from "../core/sample-block.ts";
import { type EwcForm, runTraining, type TrainingResult } from "../core/training.ts";
import { DriftkeelError } from "../errors.ts";
import { checkSamples, type SampleShape } from "./check-samples.ts";
import type { Sample } from "./sample.ts";
import {
  defaultEwcForm,
  optimizerOf,
  type ParsedTrainingOptions,
  stepsAndBatches,
  type TrainProgress,
  type TrainReport,
} from "./train-options.ts";

/**
 * What EWC adds to a run: anything with a Fisher and a baseline over the trained parameters, such
 * as `Ewc`.
 */
export interface Consolidation {
  readonly lambda: number;
  fisher(): Float32Array | undefined;
  baseline(): Float32Array;
}

/** Where replayed samples come from, such as `ReplayBuffer`. */
export interface ReplaySource {
  readonly size: number;
  readonly lockedSize?: number;
  sample(count: number): Sample[];
}

/** Everything that decides a run; options have been parsed and samples checked. */
export interface RunRequest {
  /** Name of the owner in error messages. */
  owner: string;
  model: Model;
  trainsBase: boolean;
  trainsAdapter: boolean;
  samples: readonly Sample[];
  options: ParsedTrainingOptions;
  ewc?: Consolidation | undefined;
  ewcForm?: EwcForm | undefined;
  replay?: { buffer: ReplaySource; share: number } | undefined;
  earlyStop?: { holdout: Sample[]; patience: number; evaluateEvery: number } | undefined;
  seed: number;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: TrainProgress) => void) | undefined;
  /** Takes the new blocks, in the same turn in which the run is found good. */
  adopt: (result: TrainingResult) => void;
}

/**
 * Trains a copy, hands its new blocks to `adopt` and returns a report. Throws UPDATE_DIVERGED
 * (naming the step) when a value stopped being finite, UPDATE_CANCELLED when the signal said so at
 * any time before the blocks were handed over; the model is untouched in every case.
 */
export async function trainCopy(request: RunRequest): Promise<TrainReport> {
  const { description } = request.model;
  const { inputSize, outputSize } = description;
  const shape: SampleShape = { inputSize, outputSize, loss: description.loss.name };
  const start = performance.now();
  const { earlyStop, options } = request;
  if (earlyStop) checkSamples("earlyStop.holdout", earlyStop.holdout, shape);
  const ewc = ewcOf(request);
  const replayed = drawReplay(request, shape); // last: it moves the buffer's generator
  const blocks = (samples: readonly Sample[]) => new SampleBlock(samples, inputSize, outputSize);
  const samples = blocks(request.samples);
  const replay = replayed.length > 0 ? blocks(replayed) : undefined;
  const holdout = earlyStop ? blocks(earlyStop.holdout) : undefined;
  try {
    const counts = countsOf(request, replayed.length);
    const result = await runTraining(
      {
        model: request.model,
        trainsBase: request.trainsBase,
        trainsAdapter: request.trainsAdapter,
        samples,
        replay,
        ...counts,
        ...optimizerOf(options),
        ewc,
        holdout: holdout && {
          samples: holdout,
          every: earlyStop!.evaluateEvery,
          patience: earlyStop!.patience,
        },
        seed: request.seed,
      },
      {
        signal: request.signal,
        onProgress: (step, loss) => request.onProgress?.({ step, maxSteps: counts.maxSteps, loss }),
      },
    );
    checkOutcome(request, result, counts.maxSteps);
    request.adopt(result);
    return reportOf(result, performance.now() - start);
  } finally {
    samples.dispose();
    replay?.dispose();
    holdout?.dispose();
  }
}

function countsOf({ samples, options, replay }: RunRequest, replayRows: number) {
  return stepsAndBatches(options, samples.length, replayRows, replay?.share ?? 0);
}

/** As many replayed samples as the run can show once, without drawing one twice. */
function drawReplay(request: RunRequest, shape: SampleShape): Sample[] {
  const { replay } = request;
  if (!replay) return [];
  const held = replay.buffer.size + (replay.buffer.lockedSize ?? 0);
  const { batchReplayRows, maxSteps } = countsOf(request, held);
  const count = Math.min(held, batchReplayRows * maxSteps);
  if (count === 0) return [];
  const drawn = replay.buffer.sample(count);
  if (drawn.length > 0) checkSamples("replay", drawn, shape);
  return drawn;
}

function ewcOf({ ewc, ewcForm, model, options, trainsAdapter, trainsBase }: RunRequest) {
  if (!ewc) return undefined;
  const { lambda } = ewc;
  checkNumber("ewc.lambda", lambda, 0);
  const { adapterCount, baseCount } = model.description;
  const count = (trainsAdapter ? adapterCount : 0) + (trainsBase ? baseCount : 0);
  const [baseline, fisher] = [ewc.baseline(), ewc.fisher()];
  checkFloat32("ewc's baseline", baseline, count, "the number of trained parameters");
  if (!fisher) return undefined;
  checkFloat32("ewc's Fisher", fisher, count, "the number of trained parameters");
  if (lambda === 0) return undefined;
  return { form: ewcForm ?? defaultEwcForm(options.optimizer), fisher, baseline, lambda };
}

function checkOutcome(
  { owner, signal }: RunRequest,
  result: TrainingResult,
  maxSteps: number,
): void {
  if (result.status === "diverged") {
    throw new DriftkeelError(
      "UPDATE_DIVERGED",
      `Expected finite values throughout the training of ${owner}, but step ${result.steps} ` +
        `of ${maxSteps} ` +
        `gave a loss of ${result.loss} and a gradient norm of ${result.gradientNorm}. ` +
        "Nothing has changed. Lower lr, set clipNorm, or look for outliers in the samples.",
    );
  }
  if (result.status === "cancelled" || signal?.aborted) {
    result.base?.dispose();
    result.adapter?.dispose();
    throw new DriftkeelError(
      "UPDATE_CANCELLED",
      `The training of ${owner} was cancelled after ${result.steps} of ${maxSteps} steps. ` +
        `Nothing has changed.`,
    );
  }
}

function reportOf(result: TrainingResult, elapsedMs: number): TrainReport {
  const { steps, lossBefore, lossAfter, gradientNorm, penalty } = result;
  return {
    steps,
    lossBefore,
    lossAfter,
    gradientNorm,
    penalty,
    elapsedMs,
    stopReason: result.status === "stopped-early" ? "stopped-early" : "finished",
  };
}
