// Kernels that move or turn rows: rotary embedding, embedding lookup and its gradient, cache writes.
#pragma once
#include "norm.h"

namespace telar {
namespace TELAR_ISA {
namespace {

// Rotary embedding (Su et al. 2021) of the first `heads` heads of every row, in place; cosine and sine are
// [positions, headDim / 2]. Pairs are (i, i + headDim/2), or (2i, 2i + 1) when interleaved. `inverse` turns back,
// which is also the gradient.
void rope(float* x, int64_t stride, int64_t rows, const int32_t* positions, int64_t heads, int64_t headDim,
          const float* cosine, const float* sine, bool interleaved, bool inverse) {
  const int64_t half = headDim / 2;
  const float sign = inverse ? -1.0f : 1.0f;
  parallelRange(rows, 32, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; r++) {
      const float *c = cosine + positions[r] * half, *s = sine + positions[r] * half;
      for (int64_t h = 0; h < heads; h++) {
        float* at = x + r * stride + h * headDim;
        if (interleaved) {
          for (int64_t i = 0; i < half; i++) {
            const float a = at[2 * i], b = at[2 * i + 1], turn = sign * s[i];
            at[2 * i] = a * c[i] - b * turn;
            at[2 * i + 1] = a * turn + b * c[i];
          }
        } else {
          int64_t i = 0;
          for (; i + kWidth <= half; i += kWidth) {
            const Vec a = load(at + i), b = load(at + half + i), cosines = load(c + i), turn = sign * load(s + i);
            store(at + i, a * cosines - b * turn);
            store(at + half + i, a * turn + b * cosines);
          }
          for (; i < half; i++) {
            const float a = at[i], b = at[half + i], turn = sign * s[i];
            at[i] = a * c[i] - b * turn;
            at[half + i] = a * turn + b * c[i];
          }
        }
      }
    }
  });
}

template <typename T>
TELAR_INLINE void embedRows(const T* table, const int32_t* ids, int64_t rows, int64_t width, float* out, bool accumulate) {
  parallelRange(rows, 64, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; r++) {
      const T* from = table + ids[r] * width;
      float* to = out + r * width;
      eachVector(width, [&](int64_t i, int n) {
        const Vec x = loadFirst(from + i, n);
        storeFirst(to + i, accumulate ? loadFirst(to + i, n) + x : x, n);
      });
    }
  });
}

void embeddingForward(const float* table, const uint16_t* table16, const int32_t* ids, int64_t rows, int64_t width, float* out,
                      bool accumulate) {
  if (table16) embedRows(table16, ids, rows, width, out, accumulate);
  else embedRows(table, ids, rows, width, out, accumulate);
}

// Adds row r of dOut to row ids[r] of dTable. Threads share columns, so every sum runs over rows in order.
void embeddingBackward(const float* dOut, const int32_t* ids, int64_t rows, int64_t width, float* dTable) {
  parallelRange(width, 64, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = 0; r < rows; r++) {
      const float* from = dOut + r * width + begin;
      float* to = dTable + ids[r] * width + begin;
      eachVector(end - begin, [&](int64_t i, int n) { storeFirst(to + i, loadFirst(to + i, n) + loadFirst(from + i, n), n); });
    }
  });
}

void copyRows(const float* source, int64_t sourceStride, float* target, int64_t targetStride, const int32_t* targetRow,
              int64_t rows, int64_t width) {
  parallelRange(rows, 64, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; r++) memcpy(target + targetRow[r] * targetStride, source + r * sourceStride, width * sizeof(float));
  });
}

}  // namespace
}  // namespace TELAR_ISA
}  // namespace telar
