// Copies parts of matrices to where a kernel reads them in order, transposed by shuffles of whole vectors.
#pragma once
#include "parallel.h"

namespace telar {
namespace TELAR_ISA {
namespace {

// Lanes of a and b in turn, in runs of kRun: the lower halves of all pairs of runs (kUpper 0), or the upper (1).
template <int kRun, int kUpper>
TELAR_INLINE Vec interleave(Vec a, Vec b) {
  IntVec lanes;
  for (int i = 0; i < kWidth; i++) {
    const int run = i / kRun, from = run / 2 * 2 * kRun + kUpper * kRun + i % kRun;
    lanes[i] = run % 2 == 0 ? from : kWidth + from;
  }
#if defined(__clang__)
  Vec out;
  for (int i = 0; i < kWidth; i++) out[i] = lanes[i] < kWidth ? a[lanes[i]] : b[lanes[i] - kWidth];
  return out;
#else
  return __builtin_shuffle(a, b, lanes);
#endif
}

// Transposes the lanes of kWidth vectors: in each of log2(kWidth) rounds, pairs that are kRun apart swap halves.
template <int kRun>
TELAR_INLINE void transposeLanes(Vec (&rows)[kWidth]) {
  if constexpr (kRun < kWidth) {
#pragma GCC unroll 16
    for (int i = 0; i < kWidth; i++) {
      if (i & kRun) continue;
      const Vec a = rows[i], b = rows[i + kRun];
      rows[i] = interleave<kRun, 0>(a, b);
      rows[i + kRun] = interleave<kRun, 1>(a, b);
    }
    transposeLanes<2 * kRun>(rows);
  }
}

// Panel of `kPanel` columns: to[k * kPanel + j] = from[j * stride + k], zeros for j >= columns.
// Writes up to kWidth floats more than kPanel * depth.
template <int kPanel, typename T>
TELAR_INLINE void packTransposed(const T* from, int64_t stride, int columns, int64_t depth, float* to) {
  int64_t k0 = 0;
  for (; k0 + kWidth <= depth; k0 += kWidth)
#pragma GCC unroll 4
    for (int j = (kPanel - 1) / kWidth * kWidth; j >= 0; j -= kWidth) {  // what is too wide is overwritten later
      Vec rows[kWidth];
#pragma GCC unroll 16
      for (int i = 0; i < kWidth; i++) rows[i] = j + i < kPanel && j + i < columns ? load(from + (j + i) * stride + k0) : Vec{};
      transposeLanes<1>(rows);
#pragma GCC unroll 16
      for (int i = 0; i < kWidth; i++) store(to + (k0 + i) * kPanel + j, rows[i]);
    }
  for (int64_t k = k0; k < depth; k++)
    for (int j = 0; j < kPanel; j++) to[k * kPanel + j] = j < columns ? toFloat(from[j * stride + k]) : 0.0f;
}

// Panel of `kPanel` columns: to[k * kPanel + j] = from[k * stride + j], zeros for j >= columns.
template <int kPanel, typename T>
TELAR_INLINE void packCopied(const T* from, int64_t stride, int columns, int64_t depth, float* to) {
  constexpr int64_t kAhead = 12;  // rows
  for (int64_t k = 0; k < depth; k++, from += stride, to += kPanel) {
    if (k + kAhead < depth)
      for (int j = 0; j < kPanel; j += 64 / (int)sizeof(T)) __builtin_prefetch(from + kAhead * stride + j, 0, 3);
    if (columns == kPanel) {
      if constexpr (sizeof(T) == sizeof(float)) memcpy(to, from, kPanel * sizeof(float));
      else
        for (int j = 0; j < kPanel; j += kWidth) store(to + j, load(from + j));
    } else {
      for (int j = 0; j < columns; j++) to[j] = toFloat(from[j]);
      for (int j = columns; j < kPanel; j++) to[j] = 0;
    }
  }
}

}  // namespace
}  // namespace TELAR_ISA
}  // namespace telar
