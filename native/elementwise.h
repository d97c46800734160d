// Elementwise functions, reductions and the optimizer's update. Reductions sum fixed pieces in order.
#pragma once
#include "norm.h"

namespace telar {
namespace TELAR_ISA {
namespace {

constexpr int64_t kGrain = 16384;

template <typename F>
TELAR_INLINE void eachInParallel(int64_t n, F f) {
  parallelRange(n, kGrain, [&](int64_t begin, int64_t end, int) {
    eachVector(end - begin, [&](int64_t i, int count) { f(begin + i, count); });
  });
}

template <typename F>
TELAR_INLINE Vec perLane(Vec x, F f) {
  for (int i = 0; i < kWidth; i++) x[i] = f(x[i]);
  return x;
}

TELAR_INLINE Vec logSigmoid(Vec x) {  // min(x, 0) - log(1 + e^-|x|)
  const Vec tail = perLane(exponential(-absolute(x)), [](float e) { return log1pf(e); });
  return (x < 0.0f ? x : Vec{}) - tail;
}

void unary(Unary op, const float* x, float* y, int64_t n) {
  const auto apply = [&](auto f) { eachInParallel(n, [&](int64_t i, int c) { storeFirst(y + i, f(loadFirst(x + i, c)), c); }); };
  switch (op) {
    case kExp: return apply([](Vec a) { return exponential(a); });
    case kLog: return apply([](Vec a) { return perLane(a, [](float v) { return logf(v); }); });
    case kSigmoid: return apply([](Vec a) { return sigmoid(a); });
    case kLogSigmoid: return apply([](Vec a) { return logSigmoid(a); });
    case kTanh: return apply([](Vec a) { return hyperbolicTangent(a); });
    case kRelu: return apply([](Vec a) { return a > 0.0f ? a : Vec{}; });
    case kGeluOp: return apply([](Vec a) { return gelu(a); });
    case kSilu: return apply([](Vec a) { return silu(a); });
    case kSquare: return apply([](Vec a) { return a * a; });
    case kReciprocal: return apply([](Vec a) { return 1.0f / a; });
    case kSqrt: return apply([](Vec a) { return perLane(a, [](float v) { return sqrtf(v); }); });
    case kAbs: return apply([](Vec a) { return absolute(a); });
  }
}

void unaryBackward(Unary op, const float* x, const float* dy, float* dx, int64_t n, bool accumulate) {
  const auto apply = [&](auto slope) {
    eachInParallel(n, [&](int64_t i, int c) {
      Vec result = loadFirst(dy + i, c) * slope(loadFirst(x + i, c));
      if (accumulate) result += loadFirst(dx + i, c);
      storeFirst(dx + i, result, c);
    });
  };
  switch (op) {
    case kExp: return apply([](Vec a) { return exponential(a); });
    case kLog: return apply([](Vec a) { return 1.0f / a; });
    case kSigmoid: return apply([](Vec a) { const Vec s = sigmoid(a); return s * (1.0f - s); });
    case kLogSigmoid: return apply([](Vec a) { return sigmoid(-a); });
    case kTanh: return apply([](Vec a) { const Vec t = hyperbolicTangent(a); return 1.0f - t * t; });
    case kRelu: return apply([](Vec a) { return a > 0.0f ? splat(1.0f) : Vec{}; });
    case kGeluOp: return apply([](Vec a) { return geluDerivative(a); });
    case kSilu: return apply([](Vec a) { return siluDerivative(a); });
    case kSquare: return apply([](Vec a) { return 2.0f * a; });
    case kReciprocal: return apply([](Vec a) { return -1.0f / (a * a); });
    case kSqrt: return apply([](Vec a) { return perLane(a, [](float v) { return 0.5f / sqrtf(v); }); });
    case kAbs: return apply([](Vec a) { return a > 0.0f ? splat(1.0f) : a < 0.0f ? splat(-1.0f) : Vec{}; });
  }
}

void binary(Binary op, const float* a, const float* b, float* c, int64_t n) {
  const auto apply = [&](auto f) {
    eachInParallel(n, [&](int64_t i, int k) { storeFirst(c + i, f(loadFirst(a + i, k), loadFirst(b + i, k)), k); });
  };
  switch (op) {
    case kAdd: return apply([](Vec x, Vec y) { return x + y; });
    case kSub: return apply([](Vec x, Vec y) { return x - y; });
    case kMul: return apply([](Vec x, Vec y) { return x * y; });
    case kDiv: return apply([](Vec x, Vec y) { return x / y; });
    case kMin: return apply([](Vec x, Vec y) { return x < y ? x : y; });
    case kMax: return apply([](Vec x, Vec y) { return x > y ? x : y; });
  }
}

void affine(const float* x, float* y, int64_t n, float alpha, float beta, float gamma) {
  eachInParallel(n, [&](int64_t i, int c) {
    Vec result = alpha * loadFirst(x + i, c) + gamma;
    if (beta != 0.0f) result += beta * loadFirst(y + i, c);
    storeFirst(y + i, result, c);
  });
}

void fill(float* x, int64_t n, float value) {
  eachInParallel(n, [&](int64_t i, int c) { storeFirst(x + i, splat(value), c); });
}

// Sums f over pieces of kGrain in double, then the pieces in order.
template <typename F>
TELAR_INLINE double reduce(int64_t n, F f) {
  const int64_t pieces = (n + kGrain - 1) / kGrain;
  double* partial = reinterpret_cast<double*>(scratch(-1, (size_t)(2 * pieces)));
  parallelRange(n, kGrain, [&](int64_t begin, int64_t end, int) {
    double sums = 0;
    // Short runs of vector sums keep float rounding small.
    for (int64_t from = begin; from < end; from += 512) {
      Vec acc = Vec{};
      eachVector((end - from < 512 ? end - from : 512), [&](int64_t i, int c) { acc += f(from + i, c); });
      sums += sum(acc);
    }
    partial[begin / kGrain] = sums;
  });
  double result = 0;
  for (int64_t p = 0; p < pieces; p++) result += partial[p];
  return result;
}

double sumSquares(const float* x, int64_t n) {
  return reduce(n, [&](int64_t i, int c) { const Vec a = loadFirst(x + i, c); return a * a; });
}
double total(const float* x, int64_t n) {
  return reduce(n, [&](int64_t i, int c) { return loadFirst(x + i, c); });
}

// out[j] (+)= sum over rows of x[row][j], in pieces of kNormRows rows.
void columnSums(const float* x, int64_t stride, int64_t rows, int64_t width, float* out, bool accumulate) {
  const int64_t pieces = (rows + kNormRows - 1) / kNormRows;
  float* partial = scratch(-1, (size_t)(pieces * width));
  parallelRange(rows, kNormRows, [&](int64_t begin, int64_t end, int) {
    float* piece = partial + begin / kNormRows * width;
    memset(piece, 0, width * sizeof(float));
    for (int64_t r = begin; r < end; r++)
      eachVector(width, [&](int64_t i, int n) { storeFirst(piece + i, loadFirst(piece + i, n) + loadFirst(x + r * stride + i, n), n); });
  });
  if (!accumulate) memset(out, 0, width * sizeof(float));
  addPieces(partial, pieces, width, width, out);
}

// out[s] = sum of x[starts[s] .. starts[s + 1]).
void segmentSums(const float* x, const int32_t* starts, int64_t segments, float* out) {
  for (int64_t s = 0; s < segments; s++) {
    double sums = 0;
    for (int64_t i = starts[s]; i < starts[s + 1]; i++) sums += x[i];
    out[s] = (float)sums;
  }
}

// AdamW (Loshchilov & Hutter 2019): moments, bias correction, decoupled decay. gradScale carries global-norm clipping.
void adamw(float* weight, const float* grad, float* m, float* v, int64_t n, float learningRate, float beta1, float beta2,
           float eps, float weightDecay, float gradScale, float correction1, float correction2) {
  const float rate = learningRate / correction1, inverse2 = 1.0f / correction2, keep = 1.0f - learningRate * weightDecay;
  eachInParallel(n, [&](int64_t i, int c) {
    const Vec g = loadFirst(grad + i, c) * gradScale;
    const Vec first = beta1 * loadFirst(m + i, c) + (1.0f - beta1) * g;
    const Vec second = beta2 * loadFirst(v + i, c) + (1.0f - beta2) * g * g;
    storeFirst(m + i, first, c);
    storeFirst(v + i, second, c);
    Vec root = second * inverse2;
    for (int l = 0; l < kWidth; l++) root[l] = sqrtf(root[l]);
    storeFirst(weight + i, loadFirst(weight + i, c) * keep - rate * first / (root + eps), c);
  });
}

}  // namespace
}  // namespace TELAR_ISA
}  // namespace telar
