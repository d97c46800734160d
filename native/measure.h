// What this machine can do at most: the ceilings that benchmarks print beside their results.
#pragma once
#include <time.h>

#include "parallel.h"

namespace telar {
namespace TELAR_ISA {
namespace {

TELAR_INLINE double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

volatile float sink;

// Repeats `round` until `milliseconds` are over and returns the best amount per second of any round.
template <typename F>
TELAR_INLINE double bestRate(double milliseconds, double amount, F round) {
  round();  // wakes the threads
  double best = 0;
  for (const double start = now(); now() - start < milliseconds * 1e-3;) {
    const double begin = now();
    round();
    const double rate = amount / (now() - begin);
    if (rate > best) best = rate;
  }
  return best;
}

double fmaPeak(double milliseconds) {
  constexpr int kChains = kWidth >= 16 ? 20 : 12;
  constexpr int64_t kSteps = 40000;
  const int64_t tasks = 8 * threadCount();
  return bestRate(milliseconds, 2e-9 * kChains * kWidth * kSteps * tasks, [&] {
    parallel(tasks, [&](int64_t, int) {
      Vec acc[kChains];
      for (int i = 0; i < kChains; i++) acc[i] = splat((float)i);
      const Vec factor = splat(0.999f + 1e-9f * sink), term = splat(1e-3f);
      for (int64_t s = 0; s < kSteps; s++) {
#pragma GCC unroll 20
        for (int i = 0; i < kChains; i++) acc[i] = acc[i] * factor + term;
      }
      Vec all = Vec{};
      for (int i = 0; i < kChains; i++) all += acc[i];
      sink = sum(all);
    });
  });
}

// Reads a stream, asking for memory kAhead floats before its use (0: not at all).
template <int kAhead>
double streamRate(const float* x, int64_t n, double milliseconds) {
  const int64_t piece = 1 << 18;
  return bestRate(milliseconds, 4e-9 * (double)n, [&] {
    parallelRange(n, piece, [&](int64_t begin, int64_t end, int) {
      Vec acc[8] = {};
      for (int64_t i = begin; i + 8 * kWidth <= end; i += 8 * kWidth)
#pragma GCC unroll 8
        for (int j = 0; j < 8; j++) {
          if (kAhead > 0) __builtin_prefetch(x + i + j * kWidth + kAhead, 0, 2);
          acc[j] += load(x + i + j * kWidth);
        }
      Vec all = Vec{};
      for (int j = 0; j < 8; j++) all += acc[j];
      sink = sum(all);
    });
  });
}

// The better of what the processor prefetches by itself and with our help.
double readBandwidth(const float* x, int64_t n, double milliseconds) {
  const double plain = streamRate<0>(x, n, milliseconds / 2), helped = streamRate<1024>(x, n, milliseconds / 2);
  return plain > helped ? plain : helped;
}

}  // namespace
}  // namespace TELAR_ISA
}  // namespace telar
