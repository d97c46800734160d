// RMSNorm (Zhang & Sennrich 2019) and LayerNorm (Ba et al. 2016) over rows, forward and backward.
// Weight gradients are summed in pieces of kNormRows rows, then piece by piece: an order that threads cannot change.
#pragma once
#include "parallel.h"

namespace telar {
namespace TELAR_ISA {
namespace {

constexpr int64_t kNormRows = 64;

TELAR_INLINE int lanes(int64_t i, int64_t width) { return width - i < kWidth ? (int)(width - i) : kWidth; }

// Calls f(i, n) for each vector of a row: `n` floats from i.
template <typename F>
TELAR_INLINE void eachVector(int64_t width, F f) {
  int64_t i = 0;
  for (; i + kWidth <= width; i += kWidth) f(i, kWidth);
  if (i < width) f(i, (int)(width - i));
}

// Adds the pieces [count, width] to out, in order.
void addPieces(const float* pieces, int64_t count, int64_t stride, int64_t width, float* out) {
  for (int64_t p = 0; p < count; p++)
    eachVector(width, [&](int64_t i, int n) { storeFirst(out + i, loadFirst(out + i, n) + loadFirst(pieces + p * stride + i, n), n); });
}

void rmsNormForward(const float* x, int64_t xStride, const float* weight, float* y, int64_t yStride, float* stats,
                    int64_t rows, int64_t width, int64_t groups, float eps) {
  parallelRange(rows, 16, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin * groups; r < end * groups; r++) {
      const float* from = x + r / groups * xStride + r % groups * width;
      float* to = y + r / groups * yStride + r % groups * width;
      Vec squares = Vec{};
      eachVector(width, [&](int64_t i, int n) { const Vec a = loadFirst(from + i, n); squares += a * a; });
      const float inverse = 1.0f / sqrtf(sum(squares) / (float)width + eps);
      if (stats) stats[r] = inverse;
      eachVector(width, [&](int64_t i, int n) { storeFirst(to + i, loadFirst(from + i, n) * inverse * loadFirst(weight + i, n), n); });
    }
  });
}

void rmsNormBackward(const float* x, int64_t xStride, const float* weight, const float* stats, const float* dy,
                     int64_t dyStride, float* dx, int64_t dxStride, float* dWeight, int64_t rows, int64_t width,
                     int64_t groups, bool accumulateX) {
  const int64_t pieces = (rows + kNormRows - 1) / kNormRows;
  float* partial = scratch(-1, (size_t)(pieces * width));
  parallelRange(rows, kNormRows, [&](int64_t begin, int64_t end, int) {
    float* piece = partial + begin / kNormRows * width;
    memset(piece, 0, width * sizeof(float));
    for (int64_t r = begin * groups; r < end * groups; r++) {
      const int64_t row = r / groups, offset = r % groups * width;
      const float *a = x + row * xStride + offset, *d = dy + row * dyStride + offset;
      float* to = dx + row * dxStride + offset;
      const float inverse = stats[r];
      Vec dots = Vec{};
      eachVector(width, [&](int64_t i, int n) { dots += loadFirst(a + i, n) * loadFirst(d + i, n) * loadFirst(weight + i, n); });
      const float mean = sum(dots) * inverse * inverse * inverse / (float)width;
      eachVector(width, [&](int64_t i, int n) {
        const Vec value = loadFirst(a + i, n), slope = loadFirst(d + i, n);
        storeFirst(piece + i, loadFirst(piece + i, n) + slope * value * inverse, n);
        Vec result = slope * loadFirst(weight + i, n) * inverse - value * mean;
        if (accumulateX) result += loadFirst(to + i, n);
        storeFirst(to + i, result, n);
      });
    }
  });
  if (dWeight) addPieces(partial, pieces, width, width, dWeight);
}

void layerNormForward(const float* x, const float* weight, const float* bias, float* y, float* stats, int64_t rows,
                      int64_t width, float eps) {
  parallelRange(rows, 16, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; r++) {
      const float* from = x + r * width;
      Vec sums = Vec{};
      eachVector(width, [&](int64_t i, int n) { sums += loadFirst(from + i, n); });
      const float mean = sum(sums) / (float)width;
      float variance = 0;
      Vec squares = Vec{};
      int64_t i = 0;
      for (; i + kWidth <= width; i += kWidth) { const Vec a = load(from + i) - mean; squares += a * a; }
      for (; i < width; i++) variance += (from[i] - mean) * (from[i] - mean);
      const float inverse = 1.0f / sqrtf((sum(squares) + variance) / (float)width + eps);
      if (stats) stats[2 * r] = mean, stats[2 * r + 1] = inverse;
      eachVector(width, [&](int64_t j, int n) {
        Vec result = (loadFirst(from + j, n) - mean) * inverse * loadFirst(weight + j, n);
        if (bias) result += loadFirst(bias + j, n);
        storeFirst(y + r * width + j, result, n);
      });
    }
  });
}

void layerNormBackward(const float* x, const float* weight, const float* stats, const float* dy, float* dx, float* dWeight,
                       float* dBias, int64_t rows, int64_t width, bool accumulateX) {
  const int64_t pieces = (rows + kNormRows - 1) / kNormRows;
  float* partial = scratch(-1, (size_t)(pieces * 2 * width));
  parallelRange(rows, kNormRows, [&](int64_t begin, int64_t end, int) {
    float *pieceW = partial + begin / kNormRows * 2 * width, *pieceB = pieceW + width;
    memset(pieceW, 0, 2 * width * sizeof(float));
    for (int64_t r = begin; r < end; r++) {
      const float *a = x + r * width, *d = dy + r * width;
      const float mean = stats[2 * r], inverse = stats[2 * r + 1];
      Vec slopes = Vec{}, dots = Vec{};
      eachVector(width, [&](int64_t i, int n) {
        const Vec slope = loadFirst(d + i, n) * loadFirst(weight + i, n);
        slopes += slope;
        dots += slope * (loadFirst(a + i, n) - mean) * inverse;
      });
      const float meanSlope = sum(slopes) / (float)width, meanDot = sum(dots) / (float)width;
      eachVector(width, [&](int64_t i, int n) {
        const Vec normal = (loadFirst(a + i, n) - mean) * inverse, slope = loadFirst(d + i, n);
        storeFirst(pieceW + i, loadFirst(pieceW + i, n) + slope * normal, n);
        storeFirst(pieceB + i, loadFirst(pieceB + i, n) + slope, n);
        Vec result = (slope * loadFirst(weight + i, n) - meanSlope - normal * meanDot) * inverse;
        float* to = dx + r * width + i;
        if (accumulateX) result += loadFirst(to, n);
        storeFirst(to, result, n);
      });
    }
  });
  if (dWeight) addPieces(partial, pieces, 2 * width, width, dWeight);
  if (dBias) addPieces(partial + width, pieces, 2 * width, width, dBias);
}

}  // namespace
}  // namespace TELAR_ISA
}  // namespace telar
