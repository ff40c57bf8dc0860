// Makes the options of an online learner from what a configuration file declares.

import { DriftkeelRangeError, isCallerError } from "../errors.ts";
import {
  Composite,
  Ewc,
  FiniteWeights,
  GradientNorm,
  type Loss,
  LossDelta,
  Network,
  NetworkLearnable,
  type OnlineLearnerOptions,
  Probation,
  type ProfitAndLoss,
  Retention,
  SafeMode,
  type Validator,
  WeightNorm,
} from "../index.ts";
import { createDetector } from "./detector-config.ts";
import type { ModelConfig } from "./model-config.ts";
import { positionPnl } from "./position-pnl.ts";
import { toCamelCase } from "./snake-case.ts";
import { createTrigger } from "./trigger-config.ts";

/** Options for `OnlineLearner.open`, and what has to be given back after its `close`. */
export interface ConfiguredLearner {
  options: OnlineLearnerOptions;
  dispose(): void;
}

/**
 * The learner that the section `models.<modelId>` declares. Everything is checked here, also what
 * a learner would look at later. Throws OPTION_INVALID naming the section.
 */
export function configureLearner(modelId: string, config: ModelConfig): ConfiguredLearner {
  const within = <T>(section: string, make: () => T) => inSection(`${modelId}.${section}`, make);
  const network = within("network", () => createNetwork(config.network));
  try {
    const model = within("update", () => createModel(network, config.update));
    const { detector, trigger, validators, ewc, intake } = config;
    const options: OnlineLearnerOptions = {
      model,
      modelId,
      ...topLevel(config),
      ...within("pnl", () => profitOf(config)),
      ...(detector && { detector: within("detector", () => createDetector(detector)) }),
      ...(trigger && { trigger: within("trigger", () => createTrigger(trigger)) }),
      ...(validators && { validator: createValidator(validators) }),
      ...(ewc && { ewc: within("ewc", () => checkedEwc(ewc)) }),
      ...(intake && { intake: toCamelCase(intake) }),
      probation: within("probation", () => probationOf(config.probation)),
      safeMode: within("safe_mode", () => safeModeOf(config.safe_mode)),
    };
    return { options, dispose: () => network.dispose() };
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** What is an option of the learner itself: all that is left when the sections are taken out. */
function topLevel(config: ModelConfig) {
  const { network, update, detector, trigger, validators, ewc, intake, ...rest } = config;
  const { probation, safe_mode, pnl, online_update, schedule, stored_samples, ...own } = rest;
  return toCamelCase(own);
}

/** What the loss negative-sharpe trains for is what its outputs earn, said or not. */
function profitOf({ network, pnl, watched }: ModelConfig): { pnl?: ProfitAndLoss } {
  const cost = pnl?.cost ?? network.loss_cost ?? 0;
  if (pnl || network.loss === "negative-sharpe") return { pnl: positionPnl(cost) };
  if (watched !== "pnl") return {};
  const message = 'A model without pnl has nothing to be watched: "pnl" has to say what it earns.';
  throw new DriftkeelRangeError("OPTION_INVALID", message);
}

function createNetwork({ loss_cost: cost, ...network }: ModelConfig["network"]): Network {
  const { layers, loss, ...shape } = network;
  if (cost !== undefined && loss !== "negative-sharpe") {
    const message = "loss_cost goes with the loss negative-sharpe only.";
    throw new DriftkeelRangeError("OPTION_INVALID", message);
  }
  const named: Loss | undefined = cost === undefined ? loss : { name: "negative-sharpe", cost };
  return new Network({
    ...toCamelCase(shape),
    layers: layers.map(toCamelCase),
    ...(named !== undefined && { loss: named }),
  });
}

function createModel(network: Network, update: ModelConfig["update"]): NetworkLearnable {
  const { rank, alpha, target_modules: targetModules, ...training } = update;
  const hasAdapter = rank !== undefined && alpha !== undefined;
  if (!hasAdapter && (rank ?? alpha ?? targetModules) !== undefined) {
    const message = "An adapter needs both rank and alpha; without them the network is trained.";
    throw new DriftkeelRangeError("OPTION_INVALID", message);
  }
  return new NetworkLearnable({
    network,
    ...toCamelCase(training),
    ...(hasAdapter && { adapter: { rank, alpha, ...(targetModules && { targetModules }) } }),
  });
}

function createValidator(limits: NonNullable<ModelConfig["validators"]>): Validator {
  const { max_weight_norm, max_grad_norm, max_forgetting } = limits;
  const validators: Validator[] = [new FiniteWeights(), new LossDelta(limits.max_loss_delta)];
  if (max_weight_norm !== undefined) validators.push(new WeightNorm(max_weight_norm));
  if (max_grad_norm !== undefined) validators.push(new GradientNorm(max_grad_norm));
  if (max_forgetting !== undefined) validators.push(new Retention(max_forgetting));
  return new Composite(validators);
}

/** A learner makes its Ewc at the first promotion: what is wrong with it must show before. */
function checkedEwc(ewc: NonNullable<ModelConfig["ewc"]>) {
  const { form, ...options } = toCamelCase(ewc);
  new Ewc(Float32Array.of(0), options).dispose();
  return { ...options, ...(form && { form }) };
}

/** The same for the probation, which begins with a promotion. */
function probationOf(config: ModelConfig["probation"]) {
  const { enabled = true, ...rest } = config ?? {};
  const options = toCamelCase(rest);
  new Probation(options);
  return enabled && options;
}

function safeModeOf(config: ModelConfig["safe_mode"]) {
  const { enabled = true, ...rest } = config ?? {};
  const options = toCamelCase(rest);
  new SafeMode(options);
  return enabled && options;
}

/** Says which section of the file is wrong, in the file's own names. */
function inSection<T>(section: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!isCallerError(error)) throw error;
    const message = `In models.${section}: ${inSnakeCase(error.message)}`;
    throw new DriftkeelRangeError("OPTION_INVALID", message);
  }
}

/** `warningThreshold` as `warning_threshold`; names of classes stay. */
function inSnakeCase(text: string): string {
  return text.replace(/\b[a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)+\b/g, (name) =>
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  );
}
