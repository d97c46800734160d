// MinHash (Broder 1997): the least value of many permutations of 32-bit numbers over a set, all lanes at once.
#pragma once
#include "simd.h"

namespace telar {
namespace TELAR_ISA {

typedef uint32_t UintVec __attribute__((vector_size(kWidth * 4)));
typedef uint32_t UnalignedUintVec __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

TELAR_INLINE UintVec loadUnsigned(const uint32_t* p) { return *reinterpret_cast<const UnalignedUintVec*>(p); }

// kVectors vectors of lanes stay in registers while the values go by.
template <int kVectors>
static void minHashLanes(const uint32_t* values, int64_t count, const uint32_t* multipliers, const uint32_t* offsets,
                         uint32_t* minima) {
  UintVec multiplier[kVectors], offset[kVectors], least[kVectors];
  for (int v = 0; v < kVectors; v++) {
    multiplier[v] = loadUnsigned(multipliers + v * kWidth);
    offset[v] = loadUnsigned(offsets + v * kWidth);
    least[v] = loadUnsigned(minima + v * kWidth);
  }
  for (int64_t i = 0; i < count; i++) {
    const UintVec value = values[i] - UintVec{};
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) {
      const UintVec hash = value * multiplier[v] + offset[v];
      least[v] = hash < least[v] ? hash : least[v];
    }
  }
  for (int v = 0; v < kVectors; v++) *reinterpret_cast<UnalignedUintVec*>(minima + v * kWidth) = least[v];
}

static void minHash(const uint32_t* values, int64_t count, const uint32_t* multipliers, const uint32_t* offsets,
                    uint32_t* minima, int64_t lanes) {
  // Values in pieces that stay in the nearest cache from one group of lanes to the next.
  constexpr int64_t kPiece = 2048;
  for (int64_t from = 0; from < count; from += kPiece) {
    const int64_t n = count - from < kPiece ? count - from : kPiece;
    int64_t lane = 0;
    for (; lane + 4 * kWidth <= lanes; lane += 4 * kWidth)
      minHashLanes<4>(values + from, n, multipliers + lane, offsets + lane, minima + lane);
    for (; lane + kWidth <= lanes; lane += kWidth)
      minHashLanes<1>(values + from, n, multipliers + lane, offsets + lane, minima + lane);
  }
}

}  // namespace TELAR_ISA
}  // namespace telar
