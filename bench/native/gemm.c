// C = A B in f32, plain C that the compiler vectorises by itself.
//
// Arguments: m, n, k, milliseconds. In: A [m x k], B [k x n]. Out: f32[m x n], times.

#include "stopwatch.h"

static long m, n, k;
static float *a, *b, *c;

static void product(float *restrict out, const float *restrict left, const float *restrict right) {
  for (long i = 0; i < m; i++) {
    for (long j = 0; j < n; j++) out[i * n + j] = 0;
    for (long p = 0; p < k; p++) {
      float factor = left[i * k + p];
      for (long j = 0; j < n; j++) out[i * n + j] += factor * right[p * n + j];
    }
  }
}

static void call(void) {
  product(c, a, b);
}

int main(int argc, char **argv) {
  if (argc != 5) return 1;
  m = atol(argv[1]);
  n = atol(argv[2]);
  k = atol(argv[3]);
  a = read_array(m * k);
  b = read_array(k * n);
  c = allocate(m * n);
  call();
  fwrite(c, sizeof(float), m * n, stdout);
  time_calls(call, atof(argv[4]));
  return 0;
}
