// What a replay asks of a search for other architectures. A replay knows no learner: whoever runs
// it passes one in.

/** Why it is asked: the rolling Sharpe ratio, per year, fell out of its range. */
export interface SearchAlert {
  /** YYYY-MM-DD. */
  date: string;
  currentSharpe: number;
  meanSharpe: number;
  threshold: number;
  windowSize: number;
}

/** What is known at the close of a day on which drift was noticed. */
export interface SearchRequest {
  alert: SearchAlert;
  /** Features of the known days, oldest first: f32[days x featureCount]. */
  features: Float32Array;
  featureCount: number;
  /** The return of each of these days: f32[days]. */
  returns: Float32Array;
  /** What driftkeel earned on each live day so far, f64, oldest first. */
  servedPnl: Float64Array;
}

/** What a search found, and whether it may serve; nothing is swapped by itself. */
export interface SearchProposal {
  accepted: boolean;
  /** In words, with the numbers. */
  reason: string;
  /** Operations of the found cell, one for each edge. */
  cell: readonly string[];
  parameters: number;
  /** Per day: what serves now, and what was found, on the newest days. */
  currentSharpe: number;
  foundSharpe: number;
}

/** Searches on what is known; looks at nothing else. The same requests get the same proposals. */
export interface ArchitectureSearch {
  propose(request: SearchRequest): Promise<SearchProposal>;
}
