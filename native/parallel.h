// Lambdas on the thread pool.
#pragma once
#include "kernels.h"
#include "pool.h"
#include "simd.h"

namespace telar {
namespace TELAR_ISA {
namespace {

// f(index, worker) for every index in [0, count).
template <typename F>
void parallel(int64_t count, F f) {
  runParallel(count, [](void* context, int64_t index, int worker) { (*static_cast<F*>(context))(index, worker); }, &f);
}

// The same, on the calling thread alone where the work is too small to share.
template <typename F>
void parallelIf(bool worthwhile, int64_t count, F f) {
  if (worthwhile) return parallel(count, f);
  for (int64_t i = 0; i < count; i++) f(i, 0);
}

// f(begin, end, worker) over [0, n) in pieces of `grain`, whatever the number of threads.
template <typename F>
void parallelRange(int64_t n, int64_t grain, F f) {
  const int64_t pieces = (n + grain - 1) / grain;
  parallelIf(pieces > 1, pieces, [&](int64_t i, int worker) { f(i * grain, (i + 1) * grain < n ? (i + 1) * grain : n, worker); });
}

}  // namespace
}  // namespace TELAR_ISA
}  // namespace telar
