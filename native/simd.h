// Vectors of floats in the compiler's own extension (GCC and Clang), and the few functions kernels need on them.
// The width follows the instruction set this file is compiled for.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>

#define TELAR_INLINE static inline __attribute__((always_inline))

namespace telar {
namespace TELAR_ISA {

// Floats in a vector, and the register tile of the matrix product: kTileRows x (kTileVectors * kWidth).
// Chosen so that accumulators, one row of B and one broadcast fill the register file.
#if defined(__AVX512F__)
constexpr int kWidth = 16, kTileRows = 12, kTileVectors = 2, kAttentionRows = 8;
#elif defined(__AVX2__)
constexpr int kWidth = 8, kTileRows = 6, kTileVectors = 2, kAttentionRows = 4;
#elif defined(__aarch64__)
constexpr int kWidth = 4, kTileRows = 8, kTileVectors = 3, kAttentionRows = 8;
#else
constexpr int kWidth = 4, kTileRows = 6, kTileVectors = 2, kAttentionRows = 4;
#endif
constexpr int kTileColumns = kTileVectors * kWidth;

typedef float Vec __attribute__((vector_size(kWidth * 4)));
typedef int32_t IntVec __attribute__((vector_size(kWidth * 4)));
typedef float UnalignedVec __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

typedef uint32_t BitsVec __attribute__((vector_size(kWidth * 4)));
typedef uint16_t HalfVec __attribute__((vector_size(kWidth * 2)));
typedef uint16_t UnalignedHalfVec __attribute__((vector_size(kWidth * 2), aligned(2), may_alias));

TELAR_INLINE Vec load(const float* p) { return *reinterpret_cast<const UnalignedVec*>(p); }
// bfloat16, the upper half of a float.
TELAR_INLINE Vec load(const uint16_t* p) {
  const HalfVec halves = *reinterpret_cast<const UnalignedHalfVec*>(p);
  return (Vec)(__builtin_convertvector(halves, BitsVec) << 16);
}
TELAR_INLINE float toFloat(float x) { return x; }
TELAR_INLINE float toFloat(uint16_t x) {
  const uint32_t bits = (uint32_t)x << 16;
  float result;
  memcpy(&result, &bits, sizeof result);
  return result;
}
TELAR_INLINE void store(float* p, Vec v) { *reinterpret_cast<UnalignedVec*>(p) = v; }
TELAR_INLINE Vec splat(float x) { return x - Vec{}; }
// The first n elements at p as floats, zeros behind them.
template <typename T>
TELAR_INLINE Vec loadFirst(const T* p, int n) {
  if (n >= kWidth) return load(p);
  float lanes[kWidth] = {};
  for (int i = 0; i < n; i++) lanes[i] = toFloat(p[i]);
  return load(lanes);
}
TELAR_INLINE void storeFirst(float* p, Vec v, int n) {
  if (n >= kWidth) return store(p, v);
  float lanes[kWidth];
  store(lanes, v);
  for (int i = 0; i < n; i++) p[i] = lanes[i];
}
// Sum of the lanes, in an order that depends on the width alone.
TELAR_INLINE float sum(Vec v) {
  typedef float AliasedQuad __attribute__((vector_size(16), may_alias));
  float lanes[kWidth] __attribute__((aligned(64)));
  store(lanes, v);
  AliasedQuad quad = *reinterpret_cast<const AliasedQuad*>(lanes);
#pragma GCC unroll 4
  for (int i = 4; i < kWidth; i += 4) quad += *reinterpret_cast<const AliasedQuad*>(lanes + i);
  return (quad[0] + quad[2]) + (quad[1] + quad[3]);
}
// NaN in b propagates.
TELAR_INLINE Vec maximum(Vec a, Vec b) { return a > b ? a : b; }
TELAR_INLINE float maximum(Vec v) {
  float lanes[kWidth];
  store(lanes, v);
  float best = lanes[0];
  for (int i = 1; i < kWidth; i++) best = lanes[i] > best ? lanes[i] : best;
  return best;
}
TELAR_INLINE Vec absolute(Vec v) { return (Vec)((IntVec)v & 0x7fffffff); }

// e^x to about 1 ulp; 0 below -87.3, saturated above 88.3. NaN propagates.
// Range reduction by ln 2 in two parts, then the Taylor polynomial of degree 7 on [-0.35, 0.35].
TELAR_INLINE Vec exponential(Vec x) {
  const Vec high = x > 88.3f ? splat(88.3f) : x;
  const Vec clamped = high < -87.3f ? splat(-87.3f) : high;
  const Vec shifted = clamped * 1.44269504088896341f + 12582912.0f;
  const Vec n = shifted - 12582912.0f;
  const Vec r = clamped - n * 0.693359375f - n * -2.12194440e-4f;
  Vec p = splat(1.0f / 5040);
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const Vec scale = (Vec)(((IntVec)shifted + 127) << 23);
  const Vec result = p * scale;
  return x < -87.3f ? Vec{} : result;
}
TELAR_INLINE Vec sigmoid(Vec x) { return 1.0f / (1.0f + exponential(-x)); }
TELAR_INLINE Vec hyperbolicTangent(Vec x) {
  const Vec t = exponential(-2.0f * absolute(x));
  const Vec large = (1.0f - t) / (1.0f + t);
  const Vec square = x * x;
  const Vec small = x * (1.0f + square * (-1.0f / 3 + square * (2.0f / 15 - square * (17.0f / 315))));
  const Vec signedLarge = x < 0.0f ? -large : large;
  return square < 0.01f ? small : signedLarge;
}

// GELU in its tanh form (Hendrycks & Gimpel 2016), and its derivative.
constexpr float kGeluScale = 0.7978845608028654f, kGeluCubic = 0.044715f;
TELAR_INLINE Vec gelu(Vec x) {
  const Vec inner = kGeluScale * (x + kGeluCubic * x * x * x);
  // (1 + tanh z) / 2 = sigmoid(2z)
  return x * sigmoid(2.0f * inner);
}
TELAR_INLINE Vec geluDerivative(Vec x) {
  const Vec inner = kGeluScale * (x + kGeluCubic * x * x * x);
  const Vec s = sigmoid(2.0f * inner);
  const Vec slope = kGeluScale * (1.0f + 3.0f * kGeluCubic * x * x);
  return s + x * 2.0f * s * (1.0f - s) * slope;
}
TELAR_INLINE Vec silu(Vec x) { return x * sigmoid(x); }
TELAR_INLINE Vec siluDerivative(Vec x) {
  const Vec s = sigmoid(x);
  return s * (1.0f + x * (1.0f - s));
}

}  // namespace TELAR_ISA
}  // namespace telar
