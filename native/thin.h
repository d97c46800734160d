// Matrix products with a side of a few: the low-rank parts of LoRA. They are bound by reading the one large matrix, so that
// it is read once, as it lies, and nothing is packed but the small one.
#pragma once
#include "parallel.h"

namespace telar {
namespace TELAR_ISA {
namespace {

constexpr int64_t kFew = 16;

template <int n>
struct VectorCount { static constexpr int count = n; };

// Dot products of kRows rows of A with 4 rows of the small matrix, [4, stride] padded with zeros.
template <int kRows>
TELAR_INLINE void dotFew(const float* a, int64_t lda, const float* b, int64_t stride, int64_t depth, float (&out)[kRows][4]) {
  Vec acc[kRows][4] = {};
  const auto step = [&](int64_t k, auto read) {
    Vec w[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) w[j] = load(b + j * stride + k);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; i++) {
      const Vec x = read(a + i * lda + k);
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) acc[i][j] += x * w[j];
    }
  };
  int64_t k = 0;
  for (; k + kWidth <= depth; k += kWidth) step(k, [](const float* p) { return load(p); });
  if (k < depth) step(k, [&](const float* p) { return loadFirst(p, (int)(depth - k)); });
  for (int i = 0; i < kRows; i++)
    for (int j = 0; j < 4; j++) out[i][j] = sum(acc[i][j]);
}

// C[m, few] = alpha * A[m, k] * op(B) + beta * C.
template <typename T>
void gemmFewColumns(const Gemm& g, const T* matrix) {
  constexpr int kRows = kWidth >= 16 ? 4 : 2;  // fills the registers
  const int64_t stride = (g.k + kWidth - 1) / kWidth * kWidth, columns = (g.n + 3) / 4 * 4;
  float* b = scratch(-1, (size_t)(columns * stride));
  memset(b, 0, (size_t)(columns * stride) * sizeof(float));
  if (g.transposeB)
    for (int64_t j = 0; j < g.n; j++)
      for (int64_t k = 0; k < g.k; k++) b[j * stride + k] = toFloat(matrix[j * g.ldb + k]);
  else
    for (int64_t k = 0; k < g.k; k++)
      for (int64_t j = 0; j < g.n; j++) b[j * stride + k] = toFloat(matrix[k * g.ldb + j]);
  const auto write = [&](int64_t row, int64_t column, const float* sums) {
    for (int64_t j = column; j < g.n && j < column + 4; j++) {
      float* to = g.c + row * g.ldc + j;
      *to = g.beta != 0.0f ? g.alpha * sums[j - column] + g.beta * *to : g.alpha * sums[j - column];
    }
  };
  parallelRange(g.m, 16, [&](int64_t begin, int64_t end, int) {
    int64_t row = begin;
    for (; row + kRows <= end; row += kRows)
      for (int64_t column = 0; column < g.n; column += 4) {
        float out[kRows][4];
        dotFew<kRows>(g.a + row * g.lda, g.lda, b + column * stride, stride, g.k, out);
        for (int i = 0; i < kRows; i++) write(row + i, column, out[i]);
      }
    for (; row < end; row++)
      for (int64_t column = 0; column < g.n; column += 4) {
        float out[1][4];
        dotFew<1>(g.a + row * g.lda, g.lda, b + column * stride, stride, g.k, out);
        write(row, column, out[0]);
      }
  });
}

// acc[i][j] += sum over u < kDepth of small[u][i] * wide[u][j], for j < columns.
template <int kDepth, typename T>
TELAR_INLINE void addOuter(const float* small, int64_t few, const T* wide, int64_t stride, int64_t columns, float* acc,
                           int64_t accStride) {
  const auto add = [&](int64_t j, auto vectors, auto read) {
    constexpr int kVectors = decltype(vectors)::count;
    Vec rows[kDepth][kVectors];
#pragma GCC unroll 4
    for (int u = 0; u < kDepth; u++)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; v++) {
        rows[u][v] = read(wide + u * stride + j + v * kWidth);
        __builtin_prefetch(wide + (u + kDepth) * stride + j + v * kWidth, 0, 3);
      }
    for (int64_t i = 0; i < few; i++) {
      float* at = acc + i * accStride + j;
      Vec sums[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; v++) sums[v] = load(at + v * kWidth);
#pragma GCC unroll 4
      for (int u = 0; u < kDepth; u++) {
        const Vec x = splat(small[u * few + i]);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++) sums[v] += x * rows[u][v];
      }
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; v++) store(at + v * kWidth, sums[v]);
    }
  };
  int64_t j = 0;
  for (; j + 2 * kWidth <= columns; j += 2 * kWidth) add(j, VectorCount<2>{}, [](const T* p) { return load(p); });
  for (; j < columns; j += kWidth) add(j, VectorCount<1>{}, [&](const T* p) { return loadFirst(p, (int)(columns - j)); });
}

// C = alpha * smallT * wide + beta * C, or its transpose where `flipped`: wide [k, width] lies in rows, element (k, i) of
// small [k, few] is small(k, i).
template <typename T, typename Small>
void gemmFewRows(const Gemm& g, const T* wide, int64_t stride, bool flipped, Small element) {
  constexpr int64_t kColumns = 512;
  const int64_t few = flipped ? g.n : g.m, width = flipped ? g.m : g.n;
  float* small = scratch(-1, (size_t)(few * g.k));
  for (int64_t k = 0; k < g.k; k++)
    for (int64_t i = 0; i < few; i++) small[k * few + i] = element(k, i);
  parallelRange(width, kColumns, [&](int64_t begin, int64_t end, int worker) {
    const int64_t columns = end - begin;
    float* acc = scratch(worker, (size_t)(few * kColumns));
    memset(acc, 0, (size_t)(few * kColumns) * sizeof(float));
    int64_t k = 0;
    for (; k + 4 <= g.k; k += 4) addOuter<4>(small + k * few, few, wide + k * stride + begin, stride, columns, acc, kColumns);
    for (; k < g.k; k++) addOuter<1>(small + k * few, few, wide + k * stride + begin, stride, columns, acc, kColumns);
    const auto write = [&](float* to, float x) { *to = g.beta != 0.0f ? g.alpha * x + g.beta * *to : g.alpha * x; };
    if (flipped)
      for (int64_t j = 0; j < columns; j++)
        for (int64_t i = 0; i < few; i++) write(g.c + (begin + j) * g.ldc + i, acc[i * kColumns + j]);
    else
      for (int64_t i = 0; i < few; i++)
        for (int64_t j = 0; j < columns; j++) write(g.c + i * g.ldc + begin + j, acc[i * kColumns + j]);
  });
}

// Whether the product has a side of a few with the other matrix lying well, and is then done.
template <typename T>
bool gemmFew(const Gemm& g, const T* b) {
  if (g.epilogue != kPlain || g.bias || g.symmetric || g.low > 0) return false;
  if (g.n <= kFew && g.m > kFew) {
    if (g.transposeA)
      gemmFewRows(g, g.a, g.lda, true, [&](int64_t k, int64_t i) { return toFloat(g.transposeB ? b[i * g.ldb + k] : b[k * g.ldb + i]); });
    else gemmFewColumns(g, b);
    return true;
  }
  if (g.m <= kFew && g.n > kFew && !g.transposeB) {
    gemmFewRows(g, b, g.ldb, false, [&](int64_t k, int64_t i) { return g.transposeA ? g.a[k * g.lda + i] : g.a[i * g.lda + k]; });
    return true;
  }
  return false;
}

}  // namespace
}  // namespace TELAR_ISA
}  // namespace telar
