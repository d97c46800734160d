// Matrix product in the manner of Goto & van de Geijn (2008): a register tile runs down a block of rows of A that stays
// in its thread's L2 cache and a panel of columns of B. What lies badly for that is packed first: B into panels shared by
// all threads where it is transposed, ragged edges, and rows that collide in the cache.
// The order in which an element's products are summed depends on shapes alone, never on the number of threads.
#pragma once
#include "parallel.h"

namespace telar {
namespace TELAR_ISA {
namespace {

constexpr int64_t kDepthBlock = 512, kColumnBlock = 3072, kRowBlock = 96;
// Floats apart, rows fall on the same lines of a first-level cache (4 KiB).
constexpr int64_t kAliasedStride = 1024;

// acc[i][v] = sum over k < depth of A(i, k) * B(k, v), where A(i, k) = a[i * aRow + k * aStep] and row k of B begins at
// b + k * bStep. The one inner loop of products and of attention.
template <int kRows, int kVectors>
TELAR_INLINE void multiplyTile(int64_t depth, const float* a, int64_t aRow, int64_t aStep, const float* b, int64_t bStep,
                               Vec (&acc)[kRows][kVectors]) {
#pragma GCC unroll 16
  for (int i = 0; i < kRows; i++)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) acc[i][v] = Vec{};
#pragma GCC unroll 2
  for (int64_t k = 0; k < depth; k++) {
    Vec row[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) row[v] = load(b + v * kWidth);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; i++) {
      const Vec x = splat(a[i * aRow]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) acc[i][v] += x * row[v];
    }
    a += aStep;
    b += bStep;
  }
}

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
template <int kPanel, typename T>
TELAR_INLINE void packTransposed(const T* from, int64_t stride, int columns, int64_t depth, float* to) {
  int64_t k0 = 0;
  if (kPanel % kWidth == 0 && columns == kPanel) {
    for (; k0 + kWidth <= depth; k0 += kWidth)
      for (int j = 0; j < kPanel; j += kWidth) {
        Vec rows[kWidth];
#pragma GCC unroll 16
        for (int i = 0; i < kWidth; i++) rows[i] = load(from + (j + i) * stride + k0);
        transposeLanes<1>(rows);
#pragma GCC unroll 16
        for (int i = 0; i < kWidth; i++) store(to + (k0 + i) * kPanel + j, rows[i]);
      }
  }
  for (int j = 0; j < kPanel; j++)
    for (int64_t k = k0; k < depth; k++) to[k * kPanel + j] = j < columns ? toFloat(from[j * stride + k]) : 0.0f;
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

template <Epilogue kEpilogue>
TELAR_INLINE Vec finish(const Gemm& g, Vec x, int64_t at, int n) {
  switch (kEpilogue) {
    case kPlain:
      return x;
    case kResidual:
      return x + loadFirst(g.aux1 + at, n);
    case kGelu:
      storeFirst(g.out2 + at, x, n);
      return gelu(x);
    case kGeluGrad:
      return x * geluDerivative(loadFirst(g.aux1 + at, n));
    case kSiluGate:
      storeFirst(g.out2 + at, x, n);
      return x * silu(loadFirst(g.aux1 + at, n));
    case kSiluGateGrad: {
      const Vec gate = loadFirst(g.aux1 + at, n), up = loadFirst(g.aux2 + at, n), s = sigmoid(gate);
      storeFirst(g.out2 + at, x * gate * s, n);
      return x * up * s * (1.0f + gate * (1.0f - s));
    }
  }
  return x;
}

// Takes a tile of products [rows, kTileColumns] to C at (row, column): alpha and beta with the first block of depth,
// bias and epilogue with the last.
template <Epilogue kEpilogue, bool kFull>
TELAR_INLINE void storeTile(const Gemm& g, const float* tile, int64_t row, int64_t column, int rows, int columns, bool first,
                            bool last) {
  for (int i = 0; i < rows; i++) {
    const int64_t at = (row + i) * g.ldc + column;
    for (int j = 0; j < columns; j += kWidth) {
      const int n = kFull ? kWidth : columns - j;
      Vec x = load(tile + i * kTileColumns + j);
      if (g.alpha != 1.0f) x *= g.alpha;
      if (!first) x += loadFirst(g.c + at + j, n);
      else if (g.beta != 0.0f) x += g.beta * loadFirst(g.c + at + j, n);
      if (last) {
        if (g.bias) x += loadFirst(g.bias + column + j, n);
        x = finish<kEpilogue>(g, x, at + j, n);
      }
      storeFirst(g.c + at + j, x, n);
    }
  }
}

template <Epilogue kEpilogue>
void storeTileAs(const Gemm& g, const float* tile, int64_t row, int64_t column, int rows, int columns, bool first, bool last) {
  if (columns == kTileColumns) storeTile<kEpilogue, true>(g, tile, row, column, rows, columns, first, last);
  else storeTile<kEpilogue, false>(g, tile, row, column, rows, columns, first, last);
}

void storeTile(const Gemm& g, const float* tile, int64_t row, int64_t column, int rows, int columns, bool first, bool last) {
  switch (last ? g.epilogue : kPlain) {
    case kPlain:
      return storeTileAs<kPlain>(g, tile, row, column, rows, columns, first, last);
    case kResidual:
      return storeTileAs<kResidual>(g, tile, row, column, rows, columns, first, last);
    case kGelu:
      return storeTileAs<kGelu>(g, tile, row, column, rows, columns, first, last);
    case kGeluGrad:
      return storeTileAs<kGeluGrad>(g, tile, row, column, rows, columns, first, last);
    case kSiluGate:
      return storeTileAs<kSiluGate>(g, tile, row, column, rows, columns, first, last);
    case kSiluGateGrad:
      return storeTileAs<kSiluGateGrad>(g, tile, row, column, rows, columns, first, last);
  }
}

// kRows rows of A against `columns` rows of B (B transposed): dot products, for products too thin to pack.
// B is read as one stream, row after row, for that is what the processor's prefetcher follows.
template <int kRows, typename T>
void dotTile(const Gemm& g, const T* matrix, int64_t row, int64_t column, int columns, float* tile) {
  constexpr int kChains = kRows <= 2 ? 4 : 2;
  constexpr int kAhead = 4096 / sizeof(T);
  for (int j = 0; j < columns; j++) {
    const T* b = matrix + (column + j) * g.ldb;
    Vec acc[kRows][kChains] = {};
    int64_t k = 0;
    for (; k + kChains * kWidth <= g.k; k += kChains * kWidth) {
#pragma GCC unroll 4
      for (int c = 0; c < kChains; c++) {
        const Vec w = load(b + k + c * kWidth);
        __builtin_prefetch(b + k + c * kWidth + kAhead, 0, 2);
#pragma GCC unroll 4
        for (int i = 0; i < kRows; i++) acc[i][c] += load(g.a + (row + i) * g.lda + k + c * kWidth) * w;
      }
    }
    for (; k < g.k; k += kWidth) {
      const int n = g.k - k < kWidth ? (int)(g.k - k) : kWidth;
      const Vec w = loadFirst(b + k, n);
#pragma GCC unroll 4
      for (int i = 0; i < kRows; i++) acc[i][0] += loadFirst(g.a + (row + i) * g.lda + k, n) * w;
    }
#pragma GCC unroll 4
    for (int i = 0; i < kRows; i++) {
      Vec all = acc[i][0] + acc[i][1];
      if (kChains == 4) all += acc[i][kChains - 2] + acc[i][kChains - 1];
      tile[i * kTileColumns + j] = sum(all);
    }
  }
}

// Asks for a tile of C ahead of its use: the products in between hide the way to memory.
TELAR_INLINE void prefetchTile(const float* c, int64_t row, int64_t column, int64_t stride, int rows) {
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < kTileColumns; j += 16) __builtin_prefetch(c + (row + i) * stride + column + j, 1, 3);
}

constexpr int64_t kThinRows = 8;

template <typename T>
void gemmThin(const Gemm& g, const T* b) {
  const int64_t panels = (g.n + kTileColumns - 1) / kTileColumns;
  const int64_t group = panels / (4 * threadCount()) + 1;
  parallelIf(g.n * g.k > 16384, (panels + group - 1) / group, [&](int64_t task, int) {
    for (int64_t p = task * group; p < panels && p < (task + 1) * group; p++) {
      const int64_t column = p * kTileColumns;
      const int columns = g.n - column < kTileColumns ? (int)(g.n - column) : kTileColumns;
      for (int64_t row = 0; row < g.m;) {
        float tile[4 * kTileColumns] __attribute__((aligned(64)));
        const int rows = g.m - row >= 4 ? 4 : (int)(g.m - row);
        if (rows == 4) dotTile<4>(g, b, row, column, columns, tile);
        else if (rows == 3) dotTile<3>(g, b, row, column, columns, tile);
        else if (rows == 2) dotTile<2>(g, b, row, column, columns, tile);
        else dotTile<1>(g, b, row, column, columns, tile);
        storeTile(g, tile, row, column, rows, columns, true, true);
        row += rows;
      }
    }
  });
}

// Copies the lower half of a square matrix into the upper.
void mirrorLower(float* c, int64_t stride, int64_t n) {
  parallelRange(n, 64, [&](int64_t begin, int64_t end, int) {
    for (int64_t column0 = begin; column0 < n; column0 += 64)
      for (int64_t i = begin; i < end; i++)
        for (int64_t j = column0 > i + 1 ? column0 : i + 1; j < n && j < column0 + 64; j++) c[i * stride + j] = c[j * stride + i];
  });
}

void gemm(const Gemm& g) {
  if (g.m == 0 || g.n == 0) return;
  if (g.m <= kThinRows && !g.transposeA && g.transposeB && !g.symmetric) return g.b16 ? gemmThin(g, g.b16) : gemmThin(g, g.b);
  const int64_t depthBlocks = g.k > 0 ? (g.k + kDepthBlock - 1) / kDepthBlock : 1;
  const int64_t depthBlock = g.k > 0 ? (g.k + depthBlocks - 1) / depthBlocks : 1;
  // Blocks of rows as even as tiles allow, a multiple of the threads where there are enough, so that all end together.
  const int64_t rowTiles = (g.m + kTileRows - 1) / kTileRows, threads = threadCount();
  int64_t rowBlocks = (g.m + kRowBlock - 1) / kRowBlock;
  rowBlocks = (rowBlocks + threads - 1) / threads * threads;
  if (rowBlocks > rowTiles) rowBlocks = rowTiles;
  const int64_t tilesPerBlock = (rowTiles + rowBlocks - 1) / rowBlocks;
  const int64_t widest = g.n < kColumnBlock ? (g.n + kTileColumns - 1) / kTileColumns * kTileColumns : kColumnBlock;
  // Full tiles of A, and full panels of B that lie in rows, are read where they are: packing them would cost more than it
  // gives. Rows whose distance puts them all on the same few cache lines are packed, and bfloat16 is, which decodes it.
  const bool placedA = g.lda % (g.transposeA ? kAliasedStride / 2 : kAliasedStride) != 0;
  const bool placedB = !g.b16 && !g.transposeB && g.ldb % 16 == 0 && g.ldb % (kAliasedStride / 2) != 0;
  float* packedB = scratch(-1, (size_t)(widest * depthBlock));

  for (int64_t column0 = 0; column0 < g.n; column0 += kColumnBlock) {
    const int64_t columns = g.n - column0 < kColumnBlock ? g.n - column0 : kColumnBlock;
    const int64_t panels = (columns + kTileColumns - 1) / kTileColumns;
    const int64_t firstPacked = placedB ? columns / kTileColumns : 0;
    for (int64_t depth0 = 0; depth0 == 0 || depth0 < g.k; depth0 += depthBlock) {
      const int64_t depth = g.k - depth0 < depthBlock ? g.k - depth0 : depthBlock;
      parallel(panels - firstPacked, [&](int64_t i, int) {
        const int64_t p = firstPacked + i, column = column0 + p * kTileColumns;
        const int width = g.n - column < kTileColumns ? (int)(g.n - column) : kTileColumns;
        float* to = packedB + p * kTileColumns * depth;
        const auto pack = [&](const auto* b) {
          if (g.transposeB) packTransposed<kTileColumns>(b + column * g.ldb + depth0, g.ldb, width, depth, to);
          else packCopied<kTileColumns>(b + depth0 * g.ldb + column, g.ldb, width, depth, to);
        };
        if (g.b16) pack(g.b16);
        else pack(g.b);
      });
      parallel(rowBlocks, [&](int64_t block, int worker) {
        const int64_t tile0 = block * rowTiles / rowBlocks;
        const int64_t tiles = (block + 1) * rowTiles / rowBlocks - tile0;
        const auto heightOf = [&](int64_t t) {
          const int64_t left = g.m - (tile0 + t) * kTileRows;
          return left < kTileRows ? (int)left : kTileRows;
        };
        const auto beginOf = [&](int64_t t) {
          const int64_t row = (tile0 + t) * kTileRows;
          return g.transposeA ? g.a + depth0 * g.lda + row : g.a + row * g.lda + depth0;
        };
        float* packedA = scratch(worker, (size_t)(tilesPerBlock * kTileRows * depthBlock));
        for (int64_t t = 0; t < tiles; t++) {
          const int height = heightOf(t);
          if (placedA && height == kTileRows) continue;
          float* to = packedA + t * kTileRows * depth;
          if (g.transposeA) packCopied<kTileRows>(beginOf(t), g.lda, height, depth, to);
          else packTransposed<kTileRows>(beginOf(t), g.lda, height, depth, to);
        }
        const bool first = depth0 == 0, last = depth0 + depth >= g.k;
        for (int64_t p = 0; p < panels; p++) {
          const int64_t column = column0 + p * kTileColumns;
          const int width = g.n - column < kTileColumns ? (int)(g.n - column) : kTileColumns;
          const float* b = p < firstPacked ? g.b + depth0 * g.ldb + column : packedB + p * kTileColumns * depth;
          const int64_t bStep = p < firstPacked ? g.ldb : kTileColumns;
          for (int64_t t = 0; t < tiles; t++) {
            const int64_t row = (tile0 + t) * kTileRows;
            const int height = heightOf(t);
            if (g.symmetric && column >= row + height) continue;  // above the diagonal
            prefetchTile(g.c, row, column, g.ldc, height);
            if (last && g.aux1) prefetchTile(g.aux1, row, column, g.ldc, height);
            Vec acc[kTileRows][kTileVectors];
            if (!placedA || height < kTileRows)
              multiplyTile<kTileRows, kTileVectors>(depth, packedA + t * kTileRows * depth, 1, kTileRows, b, bStep, acc);
            else if (g.transposeA) multiplyTile<kTileRows, kTileVectors>(depth, beginOf(t), 1, g.lda, b, bStep, acc);
            else multiplyTile<kTileRows, kTileVectors>(depth, beginOf(t), g.lda, 1, b, bStep, acc);
            storeTile(g, (const float*)acc, row, column, height, width, first, last);
          }
        }
      });
    }
  }
  if (g.symmetric) mirrorLower(g.c, g.ldc, g.m);
}

}  // namespace
}  // namespace TELAR_ISA
}  // namespace telar
