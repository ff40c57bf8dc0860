// What the policy sees: a task with its candidates, and one candidate for a task, as numbers.
//
// Letters: b word buckets.

import {
  CANDIDATE_SOURCES,
  CANDIDATE_TYPES,
  type Candidate,
  type CandidateSets,
  type ContextSnapshot,
  type Task,
} from "./trajectory.ts";
import { hashOf, overlapOf, wordsOf } from "./words.ts";

/** Per kind of candidates: whether there are any, how many, and max and mean of six measures. */
const PER_TYPE = 2 + 2 * 6;
/** Buckets of candidate ids: what is known of one tool, whatever it says of itself. */
const ID_BUCKETS = 32;

/** Inputs of the network that chooses a decision type. */
export function situationSize(wordBuckets: number): number {
  return CANDIDATE_TYPES.length * PER_TYPE + wordBuckets + 2;
}

/** Inputs of the network that scores a candidate. */
export const CANDIDATE_SIZE =
  CANDIDATE_TYPES.length + CANDIDATE_SOURCES.length + 6 + 2 + ID_BUCKETS;

/** A task and what can be chosen for it. */
export interface Situation {
  task: Task;
  context: ContextSnapshot;
  candidates: CandidateSets;
}

/**
 * f32[3 x 14 + b + 2]: for each kind of candidates presence, count (n / (n + 4)) and the max and
 * mean of confidence, success rate, freshness, risk, cost (c / (1 + c)) and trigger overlap; the
 * hashed words of the input as a vector of length 1; recent failures f / (f + 2); words w / (w +
 * 16). Every number lies in [0, 1].
 */
export function situationFeatures(situation: Situation, wordBuckets: number): Float32Array {
  const { task, context, candidates } = situation;
  const features = new Float32Array(situationSize(wordBuckets));
  const words = wordsOf(task.input);
  const known = new Set(words);
  let at = 0;
  for (const type of CANDIDATE_TYPES) {
    const measures = candidates[type].map((candidate) => measuresOf(candidate, known));
    const count = measures.length;
    features[at++] = count > 0 ? 1 : 0;
    features[at++] = count / (count + 4);
    for (let index = 0; index < 6; index++) {
      const values = measures.map((each) => each[index]!);
      features[at++] = Math.max(0, ...values);
      features[at++] = values.reduce((sum, value) => sum + value, 0) / Math.max(1, count);
    }
  }
  addWords(features.subarray(at, at + wordBuckets), words);
  at += wordBuckets;
  const failures = context.recentFailures.length;
  features[at++] = failures / (failures + 2);
  features[at] = words.length / (words.length + 16);
  return features;
}

/**
 * f32[47]: kind and source as one of each, confidence, success rate, freshness, risk, cost, trigger
 * overlap, overlap of title and of tags with the input, and the hashed id.
 */
export function candidateFeatures(candidate: Candidate, task: Task): Float32Array {
  const known = new Set(wordsOf(task.input));
  const features = new Float32Array(CANDIDATE_SIZE);
  features[CANDIDATE_TYPES.indexOf(candidate.type)] = 1;
  let at: number = CANDIDATE_TYPES.length;
  features[at + CANDIDATE_SOURCES.indexOf(candidate.source)] = 1;
  at += CANDIDATE_SOURCES.length;
  features.set(measuresOf(candidate, known), at);
  at += 6;
  features[at++] = overlapOf([candidate.title], known);
  features[at++] = overlapOf(candidate.tags, known);
  features[at + (hashOf(candidate.id) % ID_BUCKETS)] = 1;
  return features;
}

function measuresOf(candidate: Candidate, known: ReadonlySet<string>): number[] {
  const { confidence, successRate, freshness, risk, cost, triggers } = candidate;
  return [confidence, successRate, freshness, risk, cost / (1 + cost), overlapOf(triggers, known)];
}

function addWords(buckets: Float32Array, words: readonly string[]): void {
  for (const word of words) buckets[hashOf(word) % buckets.length]! += 1;
  const norm = Math.sqrt(buckets.reduce((sum, count) => sum + count * count, 0));
  if (norm > 0) for (let index = 0; index < buckets.length; index++) buckets[index]! /= norm;
}
