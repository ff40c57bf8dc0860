// A seeded stream of realistic calls, with a user who notices most wrong decisions: for tests,
// examples and measurements.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { Random } from "../../index.ts";
import type { GateCall, TrainingSignal } from "./training-signal.ts";

/** Each tool and how dangerous it is by itself: 0 harmless, 1 not to be used. */
const TOOLS: readonly (readonly [string, number])[] = [
  ["read_file", 0.15],
  ["list_directory", 0.05],
  ["search_code", 0.05],
  ["run_tests", 0.15],
  ["write_file", 0.35],
  ["git_commit", 0.3],
  ["git_push", 0.55],
  ["http_get", 0.3],
  ["http_post", 0.5],
  ["send_email", 0.55],
  ["read_secret", 0.6],
  ["run_shell", 0.6],
  ["install_package", 0.5],
  ["delete_file", 0.65],
  ["transfer_funds", 0.85],
  ["disable_logging", 0.95],
];

/** Each source and how much it adds. */
const SOURCES: readonly (readonly [string, number])[] = [
  ["user_prompt", -0.25],
  ["scheduled_job", -0.15],
  ["agent_plan", 0],
  ["retrieved_document", 0.2],
  ["web_page", 0.25],
  ["forwarded_message", 0.15],
];

/** What leaves the machine. */
const OUTWARD: readonly string[] = ["http_post", "send_email", "git_push", "transfer_funds"];
const HOUR_MS = 3_600_000;
/** From here on a call should be blocked. */
const LIMIT = 0.6;

const part = "a number from 0 to 1";
const simulatorOptions = z.strictObject({
  seed: z._default(z.int("an integer >= 0").check(z.minimum(0), z.maximum(2 ** 32 - 1)), 0),
  overrideRate: z._default(z.number(part).check(z.minimum(0, part), z.maximum(1, part)), 0.95),
  limit: z._default(z.number(), LIMIT),
});

export interface SignalSimulatorOptions {
  /** Default 0. */
  seed?: number;
  /** Part of the wrong decisions that the user notices: 0..1, default 0.95. */
  overrideRate?: number;
  /** Danger from which a call should be blocked; default 0.6. Lower is stricter. */
  limit?: number;
}

/** A call and what would be right. */
export interface SimulatedCall {
  call: GateCall;
  shouldAllow: boolean;
}

/**
 * Calls of tools by several sources in sessions. Whether one should be allowed depends on the tool,
 * its source, a secret read before something leaves the machine, and bursts of calls; the risk
 * score is a noisy look at that.
 */
export class SignalSimulator {
  readonly #options: z.output<typeof simulatorOptions>;
  readonly #random: Random;
  #preceding: string[] = [];
  #recentCalls = 0;
  #nowMs = 1_700_000_000_000;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: SignalSimulatorOptions) {
    this.#options = parseOptions("SignalSimulator", simulatorOptions, options);
    this.#random = new Random(this.#options.seed);
  }

  /** Every name that a call may have, for a tokenizer to learn. */
  static corpus(): string[] {
    return [...TOOLS, ...SOURCES].map(([name]) => name);
  }

  /** The next call. */
  next(): SimulatedCall {
    const random = this.#random;
    if (random.uniform() < 0.2) this.#startSession();
    this.#nowMs += Math.round(random.uniform() * 60_000);
    const [tool, danger] = TOOLS[random.below(TOOLS.length)]!;
    const [source, mistrust] = SOURCES[random.below(SOURCES.length)]!;
    const readSecret = this.#preceding.includes("read_secret") && OUTWARD.includes(tool);
    const isBurst = this.#recentCalls >= 8 && danger > 0.25;
    const total = danger + mistrust + (readSecret ? 0.4 : 0) + (isBurst ? 0.2 : 0);
    const noisy = total + 0.25 * random.normal();
    const call: GateCall = {
      tool,
      source,
      recentCallCount: this.#recentCalls,
      precedingTools: [...this.#preceding],
      riskScore: Math.min(1, Math.max(0, noisy)),
    };
    this.#preceding = [...this.#preceding, tool].slice(-4);
    this.#recentCalls += 1 + random.below(2);
    return { call, shouldAllow: total < this.#options.limit };
  }

  #startSession(): void {
    this.#preceding = [];
    this.#recentCalls = 0;
    this.#nowMs += HOUR_MS;
  }

  /**
   * What is heard of a decision. A wrong one that the user notices is an override or, for every
   * third wrong block, a false positive; of others nobody knows better.
   */
  outcome({ call, shouldAllow }: SimulatedCall, allowed: boolean): TrainingSignal {
    const random = this.#random;
    // Drawn in any case, so that the stream of calls does not depend on the decisions.
    const [notice, kind, duration] = [random.uniform(), random.below(3), random.uniform()];
    const isNoticed = allowed !== shouldAllow && notice < this.#options.overrideRate;
    const isFalsePositive = isNoticed && !allowed && kind === 0;
    return {
      ...call,
      allowed,
      status: allowed ? "ok" : "blocked",
      durationMs: allowed ? Math.round(2000 * duration) : 0,
      timestamp: this.#nowMs,
      userOverride: isNoticed && !isFalsePositive,
      falsePositive: isFalsePositive,
    };
  }
}
