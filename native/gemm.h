// Matrix product in the manner of Goto & van de Geijn (2008): a register tile runs down a block of rows of A that stays
// in its thread's L2 cache and a panel of columns of B. What lies badly for that is packed first: B into panels shared by
// all threads where it is transposed, ragged edges, and rows that collide in the cache.
// The order in which an element's products are summed depends on shapes alone, never on the number of threads.
#pragma once
#include "dots.h"
#include "epilogue.h"
#include "pack.h"
#include "thin.h"

namespace telar {
namespace TELAR_ISA {
namespace {

constexpr int64_t kDepthBlock = 512, kColumnBlock = 3072, kRowBlock = 96;
// Floats apart, rows fall on the same lines of a first-level cache (4 KiB).
constexpr int64_t kAliasedStride = 1024;
// Floats of A that are taken to stay in a second-level cache.
constexpr int64_t kSharedFloats = 256 << 10;

// acc[i][v] = sum over k < depth of A(i, k) * B(k, v), where A(i, k) = a[i * aRow + k * aStep] and row k of B begins at
// b + k * bStep. The one inner loop of products and of attention.
// `kAdd` adds to what acc has.
template <int kRows, int kVectors, bool kAdd = false>
TELAR_INLINE void multiplyTile(int64_t depth, const float* a, int64_t aRow, int64_t aStep, const float* b, int64_t bStep,
                               Vec (&acc)[kRows][kVectors]) {
#pragma GCC unroll 16
  for (int i = 0; i < kRows; i++)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors && !kAdd; v++) acc[i][v] = Vec{};
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

// Asks for a tile of C ahead of its use: the products in between hide the way to memory.
TELAR_INLINE void prefetchTile(const float* c, int64_t row, int64_t column, int64_t stride, int rows) {
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < kTileColumns; j += 16) __builtin_prefetch(c + (row + i) * stride + column + j, 1, 3);
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
  if (g.m <= kDotRows && !g.transposeA && g.transposeB && !g.symmetric) return g.b16 ? gemmDots(g, g.b16) : gemmDots(g, g.b);
  if (g.b16 ? gemmFew(g, g.b16) : gemmFew(g, g.b)) return;
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
  // Threads divide the rows, and share the packed panels of B; or, where all rows of A stay in a second-level cache, the
  // columns: then each packs the panels that it alone reads, and A is shared.
  const bool byColumns = !placedB && g.m * depthBlock <= kSharedFloats && !g.symmetric;
  const int64_t panelA = kTileRows * depthBlock + kWidth, panelB = kTileColumns * depthBlock;
  // Panels of the low-rank addition: the last tile of its A and all of its B.
  const int64_t panelLow = kTileColumns * g.low, panelsLow = g.low > 0 ? (g.n + kTileColumns - 1) / kTileColumns : 0;
  const int64_t sharedSize = byColumns ? rowTiles * panelA : widest * depthBlock + kWidth;
  float* shared = scratch(-1, (size_t)(sharedSize + kTileRows * g.low + kWidth + panelsLow * panelLow));
  float *lastLowA = shared + sharedSize, *lowB = lastLowA + kTileRows * g.low + kWidth;
  if (g.low > 0) {
    const int64_t full = g.m / kTileRows;
    if (full < rowTiles) packTransposed<kTileRows>(g.lowA + full * kTileRows * g.low, g.low, (int)(g.m - full * kTileRows), g.low, lastLowA);
    for (int64_t p = 0; p < panelsLow; p++) {
      const int64_t left = g.n - p * kTileColumns;
      packCopied<kTileColumns>(g.lowB + p * kTileColumns, g.n, left < kTileColumns ? (int)left : kTileColumns, g.low, lowB + p * panelLow);
    }
  }
  const auto heightOf = [&](int64_t t) { return g.m - t * kTileRows < kTileRows ? (int)(g.m - t * kTileRows) : kTileRows; };
  const auto isPlaced = [&](int64_t t) { return placedA && heightOf(t) == kTileRows; };

  for (int64_t column0 = 0; column0 < g.n; column0 += kColumnBlock) {
    const int64_t columns = g.n - column0 < kColumnBlock ? g.n - column0 : kColumnBlock;
    const int64_t panels = (columns + kTileColumns - 1) / kTileColumns;
    const int64_t firstPacked = placedB ? columns / kTileColumns : 0;
    for (int64_t depth0 = 0; depth0 == 0 || depth0 < g.k; depth0 += depthBlock) {
      const int64_t depth = g.k - depth0 < depthBlock ? g.k - depth0 : depthBlock;
      const bool first = depth0 == 0, last = depth0 + depth >= g.k;
      const auto widthOf = [&](int64_t p) {
        const int64_t left = columns - p * kTileColumns;
        return left < kTileColumns ? (int)left : kTileColumns;
      };
      const auto beginOf = [&](int64_t t) {
        const int64_t row = t * kTileRows;
        return g.transposeA ? g.a + depth0 * g.lda + row : g.a + row * g.lda + depth0;
      };
      const auto packA = [&](int64_t t, float* to) {
        if (g.transposeA) packCopied<kTileRows>(beginOf(t), g.lda, heightOf(t), depth, to);
        else packTransposed<kTileRows>(beginOf(t), g.lda, heightOf(t), depth, to);
      };
      const auto packB = [&](int64_t p, float* to) {
        const int64_t column = column0 + p * kTileColumns;
        const auto pack = [&](const auto* b) {
          if (g.transposeB) packTransposed<kTileColumns>(b + column * g.ldb + depth0, g.ldb, widthOf(p), depth, to);
          else packCopied<kTileColumns>(b + depth0 * g.ldb + column, g.ldb, widthOf(p), depth, to);
        };
        if (g.b16) pack(g.b16);
        else pack(g.b);
      };
      const auto multiply = [&](int64_t t, int64_t p, const float* a, const float* b) {
        const int64_t row = t * kTileRows, column = column0 + p * kTileColumns;
        if (g.symmetric && column >= row + heightOf(t)) return;  // above the diagonal
        prefetchTile(g.c, row, column, g.ldc, heightOf(t));
        if (last && g.aux1) prefetchTile(g.aux1, row, column, g.ldc, heightOf(t));
        const int64_t bStep = p < firstPacked ? g.ldb : kTileColumns;
        Vec acc[kTileRows][kTileVectors];
        if (!isPlaced(t)) multiplyTile<kTileRows, kTileVectors>(depth, a, 1, kTileRows, b, bStep, acc);
        else if (g.transposeA) multiplyTile<kTileRows, kTileVectors>(depth, a, 1, g.lda, b, bStep, acc);
        else multiplyTile<kTileRows, kTileVectors>(depth, a, g.lda, 1, b, bStep, acc);
        if (first && g.low > 0) {
          const float* panel = lowB + column / kTileColumns * panelLow;
          if (heightOf(t) == kTileRows)
            multiplyTile<kTileRows, kTileVectors, true>(g.low, g.lowA + row * g.low, g.low, 1, panel, kTileColumns, acc);
          else multiplyTile<kTileRows, kTileVectors, true>(g.low, lastLowA, 1, kTileRows, panel, kTileColumns, acc);
        }
        storeTile(g, (const float*)acc, row, column, heightOf(t), widthOf(p), first, last);
      };
      if (byColumns) {
        const int64_t firstTile = placedA ? g.m / kTileRows : 0;
        parallel(rowTiles - firstTile, [&](int64_t i, int) { packA(firstTile + i, shared + (firstTile + i) * panelA); });
        parallel(panels, [&](int64_t p, int worker) {
          float* b = scratch(worker, (size_t)(panelB + kWidth));
          packB(p, b);
          for (int64_t t = 0; t < rowTiles; t++) multiply(t, p, isPlaced(t) ? beginOf(t) : shared + t * panelA, b);
        });
        continue;
      }
      parallel(panels - firstPacked, [&](int64_t i, int) { packB(firstPacked + i, shared + (firstPacked + i) * kTileColumns * depth); });
      parallel(rowBlocks, [&](int64_t block, int worker) {
        const int64_t tile0 = block * rowTiles / rowBlocks, tile1 = (block + 1) * rowTiles / rowBlocks;
        float* packed = scratch(worker, (size_t)(tilesPerBlock * panelA));
        for (int64_t t = tile0; t < tile1; t++)
          if (!isPlaced(t)) packA(t, packed + (t - tile0) * panelA);
        for (int64_t p = 0; p < panels; p++) {
          const float* b = p < firstPacked ? g.b + depth0 * g.ldb + column0 + p * kTileColumns : shared + p * kTileColumns * depth;
          for (int64_t t = tile0; t < tile1; t++) multiply(t, p, isPlaced(t) ? beginOf(t) : packed + (t - tile0) * panelA, b);
        }
      });
    }
  }
  if (g.symmetric) mirrorLower(g.c, g.ldc, g.m);
}

}  // namespace
}  // namespace TELAR_ISA
}  // namespace telar
