// EWC penalty and gradient in C with AVX2 and FMA: the native speed that the core is held against.
//
// One pass over the arrays, as the core's ewcAddGradient, with the penalty summed in one of two ways:
//   0  every term in f64
//   1  as the core does: f32 sums over runs of 64, the runs in f64
// Arguments: count, lambda, way, milliseconds. In: grad, theta, baseline, fisher. Out: f64 penalty,
// f32[count] grad after one call, times.

#include <immintrin.h>
#include "stopwatch.h"

static long count;
static float lambda;
static float *grad, *theta, *baseline, *fisher;
static volatile double penalty;

/** The four pairwise sums of eight f32, widened to f64. */
static __m256d widen(__m256 x) {
  return _mm256_cvtps_pd(_mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1)));
}

/** Moves the gradients of eight weights and returns their terms of the penalty in two factors. */
static inline __m256 eight(long p, __m256 strength, __m256 *distance) {
  *distance = _mm256_sub_ps(_mm256_loadu_ps(theta + p), _mm256_loadu_ps(baseline + p));
  __m256 pull = _mm256_mul_ps(_mm256_loadu_ps(fisher + p), *distance);
  _mm256_storeu_ps(grad + p, _mm256_fmadd_ps(strength, pull, _mm256_loadu_ps(grad + p)));
  return pull;
}

/** The last weights, which fill no vector, and the sum of all lanes. */
static void finish(long p, __m256d total) {
  double lanes[4];
  _mm256_storeu_pd(lanes, total);
  double sum = lanes[0] + lanes[1] + lanes[2] + lanes[3];
  for (; p < count; p++) {
    float d = theta[p] - baseline[p];
    float pull = fisher[p] * d;
    sum += (double)(pull * d);
    grad[p] += lambda * pull;
  }
  penalty = 0.5 * (double)lambda * sum;
}

static void every_term(void) {
  __m256 strength = _mm256_set1_ps(lambda), d;
  __m256d total[4] = {_mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd(),
                      _mm256_setzero_pd()};
  long p = 0;
  for (; p + 16 <= count; p += 16) {
    for (int k = 0; k < 2; k++) {
      __m256 pull = eight(p + 8 * k, strength, &d);
      __m256 terms = _mm256_mul_ps(pull, d);
      __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(terms));
      __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(terms, 1));
      total[2 * k] = _mm256_add_pd(total[2 * k], low);
      total[2 * k + 1] = _mm256_add_pd(total[2 * k + 1], high);
    }
  }
  __m256d pairs = _mm256_add_pd(_mm256_add_pd(total[0], total[1]), _mm256_add_pd(total[2], total[3]));
  finish(p, pairs);
}

static void runs_of_64(void) {
  __m256 strength = _mm256_set1_ps(lambda), d;
  __m256d total = _mm256_setzero_pd();
  long p = 0;
  for (; p + 64 <= count; p += 64) {
    __m256 run0 = _mm256_setzero_ps(), run1 = run0;
    for (int k = 0; k < 64; k += 16) {
      __m256 pull = eight(p + k, strength, &d);
      run0 = _mm256_fmadd_ps(pull, d, run0);
      pull = eight(p + k + 8, strength, &d);
      run1 = _mm256_fmadd_ps(pull, d, run1);
    }
    total = _mm256_add_pd(total, widen(_mm256_add_ps(run0, run1)));
  }
  finish(p, total);
}

int main(int argc, char **argv) {
  if (argc != 5) return 1;
  count = atol(argv[1]);
  lambda = (float)atof(argv[2]);
  grad = read_array(count);
  theta = read_array(count);
  baseline = read_array(count);
  fisher = read_array(count);
  void (*add_gradient)(void) = atoi(argv[3]) == 0 ? every_term : runs_of_64;
  add_gradient();
  double value = penalty;
  fwrite(&value, sizeof(double), 1, stdout);
  fwrite(grad, sizeof(float), count, stdout);
  time_calls(add_gradient, atof(argv[4]));
  return 0;
}
