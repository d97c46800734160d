// Products of a few rows with a transposed matrix, as in generation: dot products of rows with rows as they lie, so that
// nothing is packed and the large matrix passes through the cache once.
#pragma once
#include "epilogue.h"
#include "pack.h"

namespace telar {
namespace TELAR_ISA {
namespace {

// With more rows packing pays (measured: the two meet between 40 and 48).
constexpr int64_t kDotRows = 40;
// Depth over which the rows of A stay in a second-level cache and a tile's rows in the first.
constexpr int64_t kDotDepth = 1024;
// Rows of A and of B whose products fill the registers, leaving room for what is read.
constexpr int kBlockRows = 4;
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kBlockColumns = 4;
#else
constexpr int kBlockColumns = 2;
#endif

// One row of A against `columns` rows of B, whose reading is all there is to it: B is one stream, row after row, for that
// is what the processor's prefetcher follows.
template <typename T>
void dotRow(const float* a, const T* b, int64_t ldb, int columns, int64_t depth, float* tile) {
  constexpr int kChains = 4, kAhead = 4096 / sizeof(T);
  for (int j = 0; j < columns; j++, b += ldb) {
    Vec acc[kChains] = {};
    int64_t k = 0;
    for (; k + kChains * kWidth <= depth; k += kChains * kWidth)
#pragma GCC unroll 4
      for (int c = 0; c < kChains; c++) {
        __builtin_prefetch(b + k + c * kWidth + kAhead, 0, 2);
        acc[c] += load(a + k + c * kWidth) * load(b + k + c * kWidth);
      }
    for (; k < depth; k += kWidth) {
      const int n = depth - k < kWidth ? (int)(depth - k) : kWidth;
      acc[0] += loadFirst(a + k, n) * loadFirst(b + k, n);
    }
    tile[j] = sum((acc[0] + acc[1]) + (acc[2] + acc[3]));
  }
}

// Adds the dot products of kRows rows of A with kColumns rows of B to a tile. Meanwhile asks for the kAhead rows at `ahead`.
template <int kRows, int kColumns, int kAhead, typename T>
TELAR_INLINE void dotBlock(const float* a, int64_t lda, const T* b, int64_t ldb, int64_t depth, const T* ahead, float* tile) {
  constexpr int kGroups = (kRows * kColumns + kWidth - 1) / kWidth;
  Vec acc[kGroups][kWidth] = {};
  const auto step = [&](int64_t k, auto readA, auto readB) {
    Vec w[kColumns];
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; j++) w[j] = readB(b + j * ldb + k);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; i++) {
      const Vec x = readA(a + i * lda + k);
#pragma GCC unroll 4
      for (int j = 0; j < kColumns; j++) acc[(i * kColumns + j) / kWidth][(i * kColumns + j) % kWidth] += x * w[j];
    }
  };
  int64_t k = 0;
  for (; k + kWidth <= depth; k += kWidth) {
#pragma GCC unroll 4
    for (int j = 0; j < kAhead; j++) __builtin_prefetch(ahead + j * ldb + k, 0, 3);
    step(k, [](const float* p) { return load(p); }, [](const T* p) { return load(p); });
  }
  if (k < depth) {
    const int n = (int)(depth - k);
    step(k, [&](const float* p) { return loadFirst(p, n); }, [&](const T* p) { return loadFirst(p, n); });
  }
  float sums[kGroups * kWidth];
#pragma GCC unroll 4
  for (int t = 0; t < kGroups; t++) {
    transposeLanes<1>(acc[t]);
#pragma GCC unroll 4
    for (int half = kWidth / 2; half > 0; half /= 2)
#pragma GCC unroll 8
      for (int i = 0; i < half; i++) acc[t][i] += acc[t][i + half];
    store(sums + t * kWidth, acc[t][0]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < kRows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; j++) tile[i * kTileColumns + j] += sums[i * kColumns + j];
}

// Adds the dot products of all m rows of A with kColumns rows of B. Each block of rows fetches its share of the columns to
// come: with one block all of them, with two or three half, with more one.
template <int kColumns, int kAhead, typename T>
void dotColumns(const float* a, int64_t lda, int64_t m, const T* b, int64_t ldb, int64_t depth, float* tile) {
  const T* next = b + kColumns * ldb;
  for (int64_t row = 0; row < m; row += kBlockRows, a += kBlockRows * lda, tile += kBlockRows * kTileColumns) {
    const T* ahead = next + row / kBlockRows * kAhead % kColumns * ldb;
    if (m - row >= 4) dotBlock<4, kColumns, kAhead>(a, lda, b, ldb, depth, ahead, tile);
    else if (m - row == 3) dotBlock<3, kColumns, kAhead>(a, lda, b, ldb, depth, ahead, tile);
    else if (m - row == 2) dotBlock<2, kColumns, kAhead>(a, lda, b, ldb, depth, ahead, tile);
    else dotBlock<1, kColumns, kAhead>(a, lda, b, ldb, depth, ahead, tile);
  }
}

// The products of A with `columns` rows of B as a tile [m, kTileColumns].
template <typename T>
void dotTile(const Gemm& g, const T* b, int columns, float* tile) {
  if (g.m == 1) return dotRow(g.a, b, g.ldb, columns, g.k, tile);
  memset(tile, 0, (size_t)(g.m * kTileColumns) * sizeof(float));
  const int64_t blocks = (g.k + kDotDepth - 1) / kDotDepth;
  const int64_t block = blocks > 0 ? ((g.k + blocks - 1) / blocks + kWidth - 1) / kWidth * kWidth : 1;
  for (int64_t depth0 = 0; depth0 < g.k; depth0 += block) {
    const int64_t depth = g.k - depth0 < block ? g.k - depth0 : block;
    const auto add = [&](auto dots, int j) { dots(g.a + depth0, g.lda, g.m, b + j * g.ldb + depth0, g.ldb, depth, tile + j); };
    int j = 0;
    for (; j + kBlockColumns <= columns; j += kBlockColumns) {
      if (g.m <= kBlockRows) add(dotColumns<kBlockColumns, kBlockColumns, T>, j);
      else if (g.m <= 3 * kBlockRows) add(dotColumns<kBlockColumns, 2, T>, j);
      else add(dotColumns<kBlockColumns, 1, T>, j);
    }
    for (; j < columns; j++) add(dotColumns<1, 1, T>, j);
  }
}

// C = epilogue(alpha * A * B^T + ...) for m <= kDotRows.
template <typename T>
void gemmDots(const Gemm& g, const T* matrix) {
  const int64_t panels = (g.n + kTileColumns - 1) / kTileColumns;
  const int64_t group = panels / (4 * threadCount()) + 1;
  parallelIf((g.m + 3) / 4 * g.n * g.k > 16384, (panels + group - 1) / group, [&](int64_t task, int) {
    for (int64_t p = task * group; p < panels && p < (task + 1) * group; p++) {
      const int64_t column = p * kTileColumns;
      const int columns = g.n - column < kTileColumns ? (int)(g.n - column) : kTileColumns;
      float tile[kDotRows * kTileColumns] __attribute__((aligned(64)));
      dotTile(g, matrix + column * g.ldb, columns, tile);
      for (int64_t row = 0; row < g.m; row++)
        for (int64_t r = 0; r < g.low; r++) {
          const float x = g.lowA[row * g.low + r], *w = g.lowB + r * g.n + column;
          for (int j = 0; j < columns; j++) tile[row * kTileColumns + j] += x * w[j];
        }
      storeTile(g, tile, 0, column, (int)g.m, columns, true, true);
    }
  });
}

}  // namespace
}  // namespace TELAR_ISA
}  // namespace telar
