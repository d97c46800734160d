// Causal attention over packed sequences, in the manner of FlashAttention (Dao et al. 2022): scores exist for one block
// of queries at a time, backward recomputes them from the saved log-sum-exp, and tiles past the diagonal are skipped.
// Scores are kept transposed, [key][query], so that the softmax runs down vectors of queries with no sums across lanes.
#pragma once
#include "gemm.h"

namespace telar {
namespace TELAR_ISA {
namespace {

constexpr int kKeyTile = kAttentionRows;        // keys (or queries) in a register tile
constexpr int kQueryVectors = 2;
constexpr int kQueryBlock = kQueryVectors * kWidth;  // queries in a block
static_assert(kQueryBlock % kKeyTile == 0, "query tiles must fill a block");
constexpr float kMasked = -1e30f;

TELAR_INLINE int64_t roundUp(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
TELAR_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
TELAR_INLINE int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

// Copies rows into [roundUp(rows), padded] with zeros behind each row and below the last.
TELAR_INLINE void copyPadded(const float* from, int64_t stride, int64_t rows, int64_t width, float* to, int64_t padded,
                             int64_t paddedRows) {
  for (int64_t r = 0; r < rows; r++) {
    memcpy(to + r * padded, from + r * stride, width * sizeof(float));
    for (int64_t c = width; c < padded; c++) to[r * padded + c] = 0;
  }
  memset(to + rows * padded, 0, (paddedRows - rows) * padded * sizeof(float));
}

// Keys a block of queries can see: [low, high), low on a tile boundary.
struct KeyRange {
  int64_t low, high;
};
TELAR_INLINE KeyRange keyRange(int64_t firstPosition, int64_t queries, int64_t window) {
  const int64_t low = window > 0 ? larger(0, firstPosition - window + 1) : 0;
  return {low / kKeyTile * kKeyTile, firstPosition + queries};
}

// Replaces scores of keys that query lanes cannot see. `position` is that of the first lane.
TELAR_INLINE Vec maskScores(Vec scores, int64_t key, int64_t position, int64_t window, float replacement) {
  IntVec lane;
  for (int i = 0; i < kWidth; i++) lane[i] = i;
  const IntVec distance = lane + (int32_t)(position - key);  // how far the key lies back
  const Vec hidden = splat(replacement);
  const Vec causal = distance < 0 ? hidden : scores;
  return window > 0 ? (distance >= (int32_t)window ? hidden : causal) : causal;
}

// Whether a tile of keys has any that some query of the block cannot see.
TELAR_INLINE bool needsMask(int64_t key, int64_t position, int64_t queries, int64_t window) {
  return key + kKeyTile - 1 > position || (window > 0 && key <= position + queries - 1 - window);
}

// rows x d outputs: out(i, d) = factor(i) * sum over k of a[i + k * aStep or i * aRow + k] * b[k][d], added where asked.
template <int kVectors, typename Write>
TELAR_INLINE void productColumns(int64_t depth, const float* a, int64_t aRow, int64_t aStep, const float* b, int64_t bStep,
                                 int64_t column, Write write) {
  Vec acc[kKeyTile][kVectors];
  multiplyTile<kKeyTile, kVectors>(depth, a, aRow, aStep, b + column, bStep, acc);
  for (int i = 0; i < kKeyTile; i++)
    for (int v = 0; v < kVectors; v++) write(i, column + v * kWidth, acc[i][v]);
}
template <typename Write>
TELAR_INLINE void productRows(int64_t depth, const float* a, int64_t aRow, int64_t aStep, const float* b, int64_t padded,
                              Write write) {
  int64_t column = 0;
  for (; column + 2 * kWidth <= padded; column += 2 * kWidth) productColumns<2>(depth, a, aRow, aStep, b, padded, column, write);
  if (column < padded) productColumns<1>(depth, a, aRow, aStep, b, padded, column, write);
}

// One query against a cache: bound by memory, so plain dot products over the rows in place, which are asked for ahead
// of their use because they lie too far apart for the processor to foresee.
constexpr int kDecodeKeys = 4, kKeysAhead = 8;

TELAR_INLINE void prefetchRow(const float* row, int64_t floats) {
  for (int64_t d = 0; d < floats; d += 16) __builtin_prefetch(row + d, 0, 2);
}

// Narrower vectors take what is left of a head beyond whole ones: heads of small models are that small.
typedef float Eight __attribute__((vector_size(32)));
typedef float Four __attribute__((vector_size(16)));

template <int a, int b, int c, int d>
TELAR_INLINE Four lanesOf(Four x, Four y) {
#if defined(__clang__)
  return __builtin_shufflevector(x, y, a, b, c, d);
#else
  typedef int32_t Lanes __attribute__((vector_size(16)));
  return __builtin_shuffle(x, y, Lanes{a, b, c, d});
#endif
}

// Per vector of x the sum of its lanes.
TELAR_INLINE Four laneSums(const Four (&x)[4]) {
  const Four low = lanesOf<0, 4, 2, 6>(x[0], x[1]) + lanesOf<1, 5, 3, 7>(x[0], x[1]);
  const Four high = lanesOf<0, 4, 2, 6>(x[2], x[3]) + lanesOf<1, 5, 3, 7>(x[2], x[3]);
  return lanesOf<0, 1, 4, 5>(low, high) + lanesOf<2, 3, 6, 7>(low, high);
}

// acc[i] += products of q[d...] with row i of k, for kKeys rows, from d on as far as whole vectors V go.
template <typename V, int kKeys>
TELAR_INLINE void addProducts(const float* q, const float* k, int64_t stride, int64_t dim, int64_t& d, Four (&acc)[kKeys]) {
  constexpr int kLanes = sizeof(V) / sizeof(float);
  if (d + kLanes > dim) return;
  V products[kKeys] = {};
  for (; d + kLanes <= dim; d += kLanes) {
    V x, y;
    memcpy(&x, q + d, sizeof x);
    for (int i = 0; i < kKeys; i++) {
      memcpy(&y, k + i * stride + d, sizeof y);
      products[i] += x * y;
    }
  }
  for (int i = 0; i < kKeys; i++)
    for (int j = 0; j < kLanes; j += 4) {
      Four part;
      memcpy(&part, (const char*)&products[i] + j * sizeof(float), sizeof part);
      acc[i] += part;
    }
}

// scores[i] = q . row i of k, for kKeys rows.
template <int kKeys>
TELAR_INLINE void decodeScores(const float* q, const float* k, int64_t stride, int64_t dim, float scale, float* scores) {
  Four acc[4] = {};
  auto& rows = reinterpret_cast<Four(&)[kKeys]>(acc);
  int64_t d = 0;
  addProducts<Vec>(q, k, stride, dim, d, rows);
  addProducts<Eight>(q, k, stride, dim, d, rows);
  addProducts<Four>(q, k, stride, dim, d, rows);
  for (; d < dim; d++)
    for (int i = 0; i < kKeys; i++) acc[i][0] += q[d] * k[i * stride + d];
  const Four all = laneSums(acc) * scale;
  for (int i = 0; i < kKeys; i++) scores[i] = all[i];
}

// out[d] = factor * sum over rows of weights[row] * v[row][d], for kVectors vectors V of columns at a
// time; v is asked for ahead where it `fetches`.
template <typename V, int kVectors>
TELAR_INLINE void decodeSum(const float* weights, const float* v, int64_t stride, int64_t rows, float factor, int64_t dim,
                            bool fetches, int64_t& d, float* out) {
  constexpr int kLanes = sizeof(V) / sizeof(float), kChains = 4 / kVectors;
  for (; d + kVectors * kLanes <= dim; d += kVectors * kLanes) {
    V acc[kChains][kVectors] = {}, x;
    const auto add = [&](int64_t row, int chain) {
      const float* from = v + row * stride + d;
      if (fetches && row + kKeysAhead < rows) prefetchRow(from + kKeysAhead * stride, kVectors * kLanes);
      for (int i = 0; i < kVectors; i++) {
        memcpy(&x, from + i * kLanes, sizeof x);
        acc[chain][i] += weights[row] * x;
      }
    };
    int64_t row = 0;
    for (; row + kChains <= rows; row += kChains)
      for (int chain = 0; chain < kChains; chain++) add(row + chain, chain);
    for (; row < rows; row++) add(row, 0);
    for (int i = 0; i < kVectors; i++) {
      for (int chain = 1; chain < kChains; chain++) acc[0][i] += acc[chain][i];
      x = acc[0][i] * factor;
      memcpy(out + d + i * kLanes, &x, sizeof x);
    }
  }
}

void attentionDecode(const Attention& t, int64_t sequence, int64_t kvHead, int worker) {
  const int64_t group = t.heads / t.kvHeads, dim = t.headDim, length = t.keyLength[sequence];
  const int64_t first = t.window > 0 ? larger(0, length - t.window) : 0, keys = length - first;
  const float* k = t.k + (t.keyStart[sequence] + first) * t.kStride + kvHead * dim;
  const float* v = t.v + (t.keyStart[sequence] + first) * t.vStride + kvHead * dim;
  float* scores = scratch(worker, (size_t)(keys + kWidth));
  for (int64_t h = kvHead * group; h < (kvHead + 1) * group; h++) {
    const bool fetches = h == kvHead * group;  // the others of a group find what it read in the cache
    const float* q = t.q + t.queryStart[sequence] * t.qStride + h * dim;
    float* out = t.out + t.queryStart[sequence] * t.outStride + h * dim;
    int64_t key = 0;
    for (; key + kDecodeKeys <= keys; key += kDecodeKeys) {
      for (int64_t i = key + kKeysAhead; fetches && i < key + kKeysAhead + kDecodeKeys && i < keys; i++) prefetchRow(k + i * t.kStride, dim);
      decodeScores<kDecodeKeys>(q, k + key * t.kStride, t.kStride, dim, t.scale, scores + key);
    }
    for (; key < keys; key++) decodeScores<1>(q, k + key * t.kStride, t.kStride, dim, t.scale, scores + key);
    for (int64_t i = 0; fetches && i < kKeysAhead && i < keys; i++) prefetchRow(v + i * t.vStride, dim);
    for (int i = 0; i < kWidth; i++) scores[keys + i] = kMasked;
    Vec best = splat(kMasked), sums = Vec{};
    for (key = 0; key < keys; key += kWidth) best = maximum(best, load(scores + key));
    float top = best[0];
    for (int i = 1; i < kWidth; i++) top = best[i] > top ? best[i] : top;
    for (key = 0; key < keys; key += kWidth) {
      const Vec e = exponential(load(scores + key) - top);
      store(scores + key, e);
      sums += e;
    }
    const float inverse = 1.0f / sum(sums);
    int64_t d = 0;
    decodeSum<Vec, 4>(scores, v, t.vStride, keys, inverse, dim, fetches, d, out);
    decodeSum<Vec, 1>(scores, v, t.vStride, keys, inverse, dim, fetches, d, out);
    decodeSum<Eight, 1>(scores, v, t.vStride, keys, inverse, dim, fetches, d, out);
    decodeSum<Four, 1>(scores, v, t.vStride, keys, inverse, dim, fetches, d, out);
    for (; d < dim; d++) {
      float total = 0;
      for (key = 0; key < keys; key++) total += scores[key] * v[key * t.vStride + d];
      out[d] = total * inverse;
    }
  }
}

void attentionHead(const Attention& t, int64_t s, int64_t h, int worker) {
  const int64_t kvHead = h / (t.heads / t.kvHeads), dim = t.headDim, padded = roundUp(dim, kWidth);
  const int64_t keys = t.keyLength[s], queries = t.queryLength[s], offset = keys - queries;
  const int64_t paddedKeys = roundUp(keys, kKeyTile);
  float* k = scratch(worker, (size_t)(2 * paddedKeys * padded + dim * kQueryBlock + paddedKeys * kQueryBlock));
  float* v = k + paddedKeys * padded;
  float* qt = v + paddedKeys * padded;   // [dim][query]
  float* p = qt + dim * kQueryBlock;     // [key][query]
  copyPadded(t.k + (int64_t)t.keyStart[s] * t.kStride + kvHead * dim, t.kStride, keys, dim, k, padded, paddedKeys);
  copyPadded(t.v + (int64_t)t.keyStart[s] * t.vStride + kvHead * dim, t.vStride, keys, dim, v, padded, paddedKeys);
  const float* q = t.q + (int64_t)t.queryStart[s] * t.qStride + h * dim;
  float* out = t.out + (int64_t)t.queryStart[s] * t.outStride + h * dim;
  float* lse = t.logSumExp ? t.logSumExp + h * t.queryRows + t.queryStart[s] : nullptr;

  for (int64_t q0 = 0; q0 < queries; q0 += kQueryBlock) {
    const int64_t count = smaller(kQueryBlock, queries - q0), position = offset + q0;
    const KeyRange range = keyRange(position, count, t.window);
    packTransposed<kQueryBlock>(q + q0 * t.qStride, t.qStride, (int)count, dim, qt);
    Vec best[kQueryVectors], sums[kQueryVectors];
    for (int w = 0; w < kQueryVectors; w++) best[w] = splat(kMasked), sums[w] = Vec{};
    for (int64_t key = range.low; key < range.high; key += kKeyTile) {
      Vec acc[kKeyTile][kQueryVectors];
      multiplyTile<kKeyTile, kQueryVectors>(dim, k + key * padded, padded, 1, qt, kQueryBlock, acc);
      const bool mask = needsMask(key, position, count, t.window);
      for (int i = 0; i < kKeyTile; i++)
        for (int w = 0; w < kQueryVectors; w++) {
          Vec score = acc[i][w] * t.scale;
          if (mask) score = maskScores(score, key + i, position + w * kWidth, t.window, kMasked);
          best[w] = maximum(best[w], score);
          store(p + (key + i) * kQueryBlock + w * kWidth, score);
        }
    }
    const int64_t end = roundUp(range.high, kKeyTile);
    for (int64_t key = range.low; key < end; key++)
      for (int w = 0; w < kQueryVectors; w++) {
        float* at = p + key * kQueryBlock + w * kWidth;
        const Vec e = exponential(load(at) - best[w]);
        sums[w] += e;
        store(at, e);
      }
    float inverse[kQueryBlock];
    for (int w = 0; w < kQueryVectors; w++) store(inverse + w * kWidth, 1.0f / sums[w]);
    if (lse)
      for (int64_t j = 0; j < count; j++) lse[q0 + j] = best[j / kWidth][j % kWidth] + logf(sums[j / kWidth][j % kWidth]);
    for (int64_t j = 0; j < count; j += kKeyTile) {
      const int64_t depth = smaller(end, position + j + kKeyTile) - range.low;  // later keys have weight 0
      productRows(depth, p + range.low * kQueryBlock + j, 1, kQueryBlock, v + range.low * padded, padded,
                  [&](int i, int64_t column, Vec x) {
                    if (j + i < count)
                      storeFirst(out + (q0 + j + i) * t.outStride + column, x * inverse[j + i], (int)smaller(kWidth, dim - column));
                  });
    }
  }
}

void attentionForward(const Attention& t) {
  const int64_t group = t.heads / t.kvHeads;
  int64_t keys = 0;
  bool decodes = !t.logSumExp;
  for (int64_t s = 0; s < t.sequences; s++) {
    decodes = decodes && t.queryLength[s] <= 1;
    keys += t.keyLength[s];
  }
  if (decodes) {
    constexpr int64_t kWorth = 1 << 14;  // products that outweigh handing a task to a thread
    const int64_t grain = kWorth * t.sequences / (keys * group * t.headDim + 1) + 1;
    return parallelRange(t.sequences * t.kvHeads, grain, [&](int64_t begin, int64_t end, int worker) {
      for (int64_t task = begin; task < end; task++)
        if (t.queryLength[task / t.kvHeads] > 0) attentionDecode(t, task / t.kvHeads, task % t.kvHeads, worker);
    });
  }
  parallel(t.sequences * t.heads, [&](int64_t task, int worker) {
    const int64_t s = task / t.heads, h = task % t.heads;
    if (t.queryLength[s] == 0) return;
    if (t.queryLength[s] > 1 || t.logSumExp) attentionHead(t, s, h, worker);
    else if (h % group == 0) attentionDecode(t, s, h / group, worker);
  });
}

// Gradients of one key-value head of one sequence: every query head that reads it, in order.
void attentionBackwardHead(const Attention& t, int64_t s, int64_t kvHead, int worker) {
  const int64_t group = t.heads / t.kvHeads, dim = t.headDim, padded = roundUp(dim, kWidth);
  const int64_t keys = t.keyLength[s], queries = t.queryLength[s], offset = keys - queries;
  const int64_t paddedKeys = roundUp(keys, kKeyTile), panel = paddedKeys * padded, block = kQueryBlock * padded;
  float* k = scratch(worker, (size_t)(4 * panel + 2 * block + 2 * dim * kQueryBlock + 2 * paddedKeys * kQueryBlock));
  float *v = k + panel, *dk = v + panel, *dv = dk + panel;
  float *q = dv + panel, *dOut = q + block;                           // [query][dim]
  float *qt = dOut + block, *dOutT = qt + dim * kQueryBlock;          // [dim][query]
  float *p = dOutT + dim * kQueryBlock, *ds = p + paddedKeys * kQueryBlock;  // [key][query]
  copyPadded(t.k + (int64_t)t.keyStart[s] * t.kStride + kvHead * dim, t.kStride, keys, dim, k, padded, paddedKeys);
  copyPadded(t.v + (int64_t)t.keyStart[s] * t.vStride + kvHead * dim, t.vStride, keys, dim, v, padded, paddedKeys);
  memset(dk, 0, 2 * panel * sizeof(float));

  for (int64_t h = kvHead * group; h < (kvHead + 1) * group; h++) {
    const float* lse = t.logSumExp + h * t.queryRows + t.queryStart[s];
    for (int64_t q0 = 0; q0 < queries; q0 += kQueryBlock) {
      const int64_t count = smaller(kQueryBlock, queries - q0), position = offset + q0, row = t.queryStart[s] + q0;
      const KeyRange range = keyRange(position, count, t.window);
      copyPadded(t.q + row * t.qStride + h * dim, t.qStride, count, dim, q, padded, kQueryBlock);
      copyPadded(t.dOut + row * t.dOutStride + h * dim, t.dOutStride, count, dim, dOut, padded, kQueryBlock);
      packTransposed<kQueryBlock>(q, padded, kQueryBlock, dim, qt);
      packTransposed<kQueryBlock>(dOut, padded, kQueryBlock, dim, dOutT);
      float delta[kQueryBlock] = {}, normalizer[kQueryBlock];
      for (int64_t j = 0; j < kQueryBlock; j++) normalizer[j] = j < count ? lse[q0 + j] : -kMasked;
      for (int64_t j = 0; j < count; j++) {
        const float* out = t.out + (row + j) * t.outStride + h * dim;
        Vec acc = Vec{};
        for (int64_t d = 0; d < dim; d += kWidth)
          acc += load(dOut + j * padded + d) * loadFirst(out + d, (int)smaller(kWidth, dim - d));
        delta[j] = sum(acc);
      }
      for (int64_t key = range.low; key < range.high; key += kKeyTile) {
        const bool mask = needsMask(key, position, count, t.window);
        Vec scores[kKeyTile][kQueryVectors], dp[kKeyTile][kQueryVectors];
        multiplyTile<kKeyTile, kQueryVectors>(dim, k + key * padded, padded, 1, qt, kQueryBlock, scores);
        for (int i = 0; i < kKeyTile; i++)
          for (int w = 0; w < kQueryVectors; w++) {
            Vec e = exponential(scores[i][w] * t.scale - load(normalizer + w * kWidth));
            if (mask) e = maskScores(e, key + i, position + w * kWidth, t.window, 0.0f);
            store(p + (key + i) * kQueryBlock + w * kWidth, e);
          }
        multiplyTile<kKeyTile, kQueryVectors>(dim, v + key * padded, padded, 1, dOutT, kQueryBlock, dp);
        for (int i = 0; i < kKeyTile; i++)
          for (int w = 0; w < kQueryVectors; w++) {
            const int64_t at = (key + i) * kQueryBlock + w * kWidth;
            store(ds + at, load(p + at) * (dp[i][w] - load(delta + w * kWidth)) * t.scale);
          }
        // Queries before the tile's first key have weight 0 there.
        const int64_t from = larger(0, key - position) / kKeyTile * kKeyTile;
        const auto addTo = [&](float* sums) {
          return [=](int i, int64_t column, Vec x) {
            float* at = sums + (key + i) * padded + column;
            store(at, load(at) + x);
          };
        };
        productRows(count - from, p + key * kQueryBlock + from, kQueryBlock, 1, dOut + from * padded, padded, addTo(dv));
        productRows(count - from, ds + key * kQueryBlock + from, kQueryBlock, 1, q + from * padded, padded, addTo(dk));
      }
      const int64_t end = roundUp(range.high, kKeyTile);
      for (int64_t j = 0; j < count; j += kKeyTile) {
        const int64_t depth = smaller(end, position + j + kKeyTile) - range.low;
        productRows(depth, ds + range.low * kQueryBlock + j, 1, kQueryBlock, k + range.low * padded, padded,
                    [&](int i, int64_t column, Vec x) {
                      if (j + i < count)
                        storeFirst(t.dq + (row + j + i) * t.dqStride + h * dim + column, x, (int)smaller(kWidth, dim - column));
                    });
      }
    }
  }
  for (int64_t key = 0; key < keys; key++) {
    memcpy(t.dk + (t.keyStart[s] + key) * t.dkStride + kvHead * dim, dk + key * padded, dim * sizeof(float));
    memcpy(t.dv + (t.keyStart[s] + key) * t.dvStride + kvHead * dim, dv + key * padded, dim * sizeof(float));
  }
}

void attentionBackward(const Attention& t) {
  parallel(t.sequences * t.kvHeads, [&](int64_t task, int worker) {
    attentionBackwardHead(t, task / t.kvHeads, task % t.kvHeads, worker);
  });
}

}  // namespace
}  // namespace TELAR_ISA
}  // namespace telar
