// Architecture search for a replay: what the command switches on with `--nas`.

import { FiniteWeights, LossDelta, SharpeStability } from "../index.ts";
import { AutoNasTrigger, SignalModel, sharpeRatio } from "../learners/nas/index.ts";
import type {
  ArchitectureSearch,
  SearchProposal,
  SearchRequest,
} from "../replay/architecture-search.ts";

/** Days that a window of the search sees: two weeks of trading. */
const PATCH_LEN = 10;
/** Of the days of a request, the last part, on which a found model is tested. */
const TEST_SHARE = 0.25;

/** Until something was accepted there is no forecast, and the loss is that of expecting nothing. */
const nothing = {
  forecast: (_windows: Float32Array, count: number) => new Float32Array(count),
  weights: () => new Map<string, Float32Array>(),
};

/** One trigger over all alerts of a replay; an accepted model is what the next must beat. */
export class ReplaySearch implements ArchitectureSearch {
  readonly #seed: number;
  #trigger: AutoNasTrigger | undefined;
  #accepted: SignalModel | undefined;

  constructor(seed: number) {
    this.#seed = seed;
  }

  async propose(request: SearchRequest): Promise<SearchProposal> {
    const { alert, features, returns, featureCount, servedPnl } = request;
    const { currentSharpe, meanSharpe, threshold, windowSize } = alert;
    const timestamp = new Date(`${alert.date}T00:00:00Z`);
    this.#trigger ??= this.#createTrigger(featureCount);
    const served = servedPnl.subarray(-Math.floor(TEST_SHARE * returns.length));
    const proposal = await this.#trigger.onDriftAlert(
      { timestamp, currentSharpe, meanSharpe, threshold, windowSize },
      sharpeRatio(served),
      { features, returns, current: this.#accepted ?? nothing },
    );
    const { best, exportConfig } = proposal.result;
    if (proposal.accepted) {
      this.#accepted?.dispose();
      this.#accepted = new SignalModel(exportConfig, best.weights);
    }
    return {
      accepted: proposal.accepted,
      reason: proposal.reason,
      cell: best.cell,
      parameters: best.parameters,
      currentSharpe: proposal.currentSharpe,
      foundSharpe: proposal.foundSharpe,
    };
  }

  /** Gives the core's memory back. */
  dispose(): void {
    this.#accepted?.dispose();
  }

  #createTrigger(inputFeatures: number): AutoNasTrigger {
    return new AutoNasTrigger({
      searchConfig: {
        inputFeatures,
        patchLen: PATCH_LEN,
        hiddenDim: 4,
        searchSteps: 120,
        maxParams: 400,
        searchSpace: { numNodes: 3 },
        seed: this.#seed,
      },
      validators: [new FiniteWeights(), new LossDelta(0), new SharpeStability()],
    });
  }
}
