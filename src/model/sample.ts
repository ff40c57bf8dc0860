// What a model learns from: one input, the label it should have given, and where the pair came
// from.

/** Where a sample came from; samples of origin `benchmark` never enter training. */
export type SampleOrigin = "live" | "benchmark" | "replay" | "peer";

/** One observation with its outcome. */
export interface Sample {
  /** f32[inputSize] of the model. */
  input: Float32Array;
  /**
   * f32[outputSize] of the model: targets, a distribution over classes, or next returns, as the
   * loss says.
   */
  label: Float32Array;
  /** Factor of this sample's loss, finite and >= 0; default 1. */
  weight?: number;
  timestamp?: Date;
  id?: string;
  /** Default `live`. */
  origin?: SampleOrigin;
}
