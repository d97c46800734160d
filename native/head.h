// The head's softmax: per-token log-probabilities and entropy from logits, and their gradient in place; what sampling needs.
#pragma once
#include "norm.h"

namespace telar {
namespace TELAR_ISA {
namespace {

TELAR_INLINE float largestOf(const float* x, int64_t n) {
  Vec bests = splat(x[0]);
  int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) bests = maximum(bests, load(x + i));
  float best = maximum(bests);
  for (; i < n; i++) best = x[i] > best ? x[i] : best;
  return best;
}

void logProbs(const float* logits, int64_t rows, int64_t vocab, const int32_t* targets, float* logSumExp, float* logProb,
              float* entropy) {
  parallelRange(rows, 8, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; r++) {
      const float* x = logits + r * vocab;
      const float best = largestOf(x, vocab);
      Vec sums = Vec{}, products = Vec{};
      int64_t i = 0;
      for (; i + kWidth <= vocab; i += kWidth) {
        const Vec shifted = load(x + i) - best, e = exponential(shifted);
        sums += e;
        products += e * shifted;
      }
      float total = sum(sums), product = sum(products);
      for (; i < vocab; i++) {
        const float e = expf(x[i] - best);
        total += e;
        product += e * (x[i] - best);
      }
      const float logTotal = logf(total);
      logSumExp[r] = best + logTotal;
      logProb[r] = targets[r] < 0 ? 0.0f : x[targets[r]] - best - logTotal;
      if (entropy) entropy[r] = logTotal - product / total;
    }
  });
}

void logProbsBackward(float* logits, int64_t rows, int64_t vocab, const int32_t* targets, const float* logSumExp,
                      const float* entropy, const float* upstream, const float* upstreamEntropy) {
  parallelRange(rows, 8, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; r++) {
      float* x = logits + r * vocab;
      const float g = targets[r] < 0 ? 0.0f : upstream[r], lse = logSumExp[r];
      const float gh = upstreamEntropy ? upstreamEntropy[r] : 0.0f, h = upstreamEntropy ? entropy[r] : 0.0f;
      if (g == 0.0f && gh == 0.0f) {
        memset(x, 0, vocab * sizeof(float));
        continue;
      }
      eachVector(vocab, [&](int64_t i, int n) {
        const Vec logP = loadFirst(x + i, n) - lse, p = exponential(logP);
        storeFirst(x + i, -p * (g + gh * (logP + h)), n);
      });
      if (targets[r] >= 0) x[targets[r]] += g;
    }
  });
}

// Index of the first largest; 0 where NaN is about.
int64_t largest(const float* x, int64_t n) {
  const float best = largestOf(x, n);
  for (int64_t i = 0; i < n; i++)
    if (x[i] == best) return i;
  return 0;
}

void expSums(const float* x, int64_t n, float shift, float scale, int64_t block, float* sums) {
  for (int64_t at = 0; at < n; at += block) {
    const int64_t end = at + block < n ? at + block : n;
    Vec all = Vec{};
    int64_t i = at;
    for (; i + kWidth <= end; i += kWidth) all += exponential((load(x + i) - shift) * scale);
    if (i < end) {
      float lanes[kWidth] = {};
      store(lanes, exponential((loadFirst(x + i, (int)(end - i)) - shift) * scale));
      all += loadFirst(lanes, (int)(end - i));
    }
    *sums++ = sum(all);
  }
}

}  // namespace
}  // namespace TELAR_ISA
}  // namespace telar
