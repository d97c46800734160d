// What is done to a tile of products on its way to memory: scaling, bias, residual, activation.
#pragma once
#include "parallel.h"

namespace telar {
namespace TELAR_ISA {
namespace {

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

}  // namespace
}  // namespace TELAR_ISA
}  // namespace telar
