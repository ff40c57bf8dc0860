// What every native bench shares: arrays from standard input, results and times to standard output.
//
// Protocol: the arrays arrive as raw f32, one after the other. The results leave as raw f64 and
// f32, as each program says, followed by the times as raw f64: nanoseconds of one call each.

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/** Calls shorter than this are timed in batches. */
#define BATCH_BELOW_NS 5000.0
#define BATCH_CALLS 256
#define MAX_SAMPLES 1000000

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static float *allocate(size_t count) {
  float *array = aligned_alloc(64, (4 * count + 63) / 64 * 64);
  if (!array) exit(1);
  return array;
}

static float *read_array(size_t count) {
  float *array = allocate(count);
  if (fread(array, 4, count, stdin) != count) exit(1);
  return array;
}

/** Times `call` for some milliseconds after a warm-up and writes the times; 0 ms: none. */
static void time_calls(void (*call)(void), double milliseconds) {
  if (milliseconds <= 0) return;
  double *samples = malloc(MAX_SAMPLES * sizeof(double));
  if (!samples) exit(1);
  double start = now_ns();
  call();
  int batch = now_ns() - start < BATCH_BELOW_NS ? BATCH_CALLS : 1;
  for (double end = now_ns() + 0.1e6 * milliseconds; now_ns() < end;) call();
  size_t count = 0;
  for (double end = now_ns() + 1e6 * milliseconds; count < 2 || now_ns() < end;) {
    start = now_ns();
    for (int k = 0; k < batch; k++) call();
    samples[count++] = (now_ns() - start) / batch;
    if (count == MAX_SAMPLES) break;
  }
  fwrite(samples, sizeof(double), count, stdout);
}
