// Kernels on whole rows as JavaScript functions: rotation, lookup, log-probabilities.
#include "binding.h"

namespace telar {
namespace {

napi_value rope(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "rope");
  const int64_t rows = args.size("rows"), heads = args.size("heads"), headDim = args.size("headDim", 2);
  const auto x = args.floats("x");
  const int64_t xOffset = args.size("xOffset"), stride = args.size("xStride");
  const auto positions = args.integers("positions");
  const auto cosine = args.floats("cosine"), sine = args.floats("sine");
  const bool interleaved = args.boolean("interleaved"), inverse = args.boolean("inverse");
  if (!args.failed && headDim % 2 != 0) args.fail("headDim", "must be even", 0);
  float* at = args.checkRows(x, xOffset, rows, stride, heads * headDim);
  args.check(positions, rows);
  args.checkRange(positions, args.failed ? 0 : rows, 0, cosine.length / (headDim / 2 > 0 ? headDim / 2 : 1));
  args.check(sine, cosine.length);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().rope(at, stride, rows, positions.data, heads, headDim, cosine.data, sine.data, interleaved, inverse);
  return nullptr;
}

napi_value embeddingForward(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "embeddingForward");
  const int64_t vocab = args.size("vocab"), width = args.size("width", 1);
  const auto table = args.weights("table");
  const auto ids = args.integers("ids");
  const auto out = args.floats("out");
  const bool accumulate = args.boolean("accumulate");
  args.check(table.floats, vocab * width);
  args.check(table.halves, vocab * width);
  args.check(out, ids.length * width);
  args.checkRange(ids, ids.length, 0, vocab);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().embeddingForward(table.floats.data, table.halves.data, ids.data, ids.length, width, out.data, accumulate);
  return nullptr;
}

napi_value embeddingBackward(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "embeddingBackward");
  const int64_t vocab = args.size("vocab"), width = args.size("width", 1);
  const auto dOut = args.floats("dOut");
  const auto ids = args.integers("ids");
  const auto dTable = args.floats("dTable");
  args.check(dTable, vocab * width);
  args.check(dOut, ids.length * width);
  args.checkRange(ids, ids.length, 0, vocab);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().embeddingBackward(dOut.data, ids.data, ids.length, width, dTable.data);
  return nullptr;
}

napi_value copyRows(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "copyRows");
  const int64_t width = args.size("width");
  const auto source = args.floats("source");
  const int64_t sourceOffset = args.size("sourceOffset"), sourceStride = args.size("sourceStride");
  const auto target = args.floats("target");
  const int64_t targetStride = args.size("targetStride", 1);
  const auto rows = args.integers("targetRows");
  float* from = args.checkRows(source, sourceOffset, rows.length, sourceStride, width);
  if (!args.failed && targetStride < width) args.fail("targetStride", "is below the width", 0);
  args.checkRange(rows, rows.length, 0, target.length < width ? 0 : (target.length - width) / targetStride + 1);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().copyRows(from, sourceStride, target.data, targetStride, rows.data, rows.length, width);
  return nullptr;
}

napi_value logProbs(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "logProbs");
  const int64_t rows = args.size("rows"), vocab = args.size("vocab", 1);
  const auto logits = args.floats("logits");
  const auto targets = args.integers("targets");
  const auto lse = args.floats("logSumExp"), out = args.floats("logProb"), entropy = args.optionalFloats("entropy");
  const int64_t offset = args.size("offset");
  args.check(logits, rows * vocab);
  args.check(targets, offset + rows);
  args.check(lse, offset + rows);
  args.check(out, offset + rows);
  args.check(entropy, offset + rows);
  if (!args.failed) {
    auto part = targets;
    part.data += offset;
    args.checkRange(part, rows, -1, vocab);
  }
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().logProbs(logits.data, rows, vocab, targets.data + offset, lse.data + offset, out.data + offset,
                     entropy.data ? entropy.data + offset : nullptr);
  return nullptr;
}

napi_value logProbsBackward(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "logProbsBackward");
  const int64_t rows = args.size("rows"), vocab = args.size("vocab", 1);
  const auto logits = args.floats("logits");
  const auto targets = args.integers("targets");
  const auto lse = args.floats("logSumExp"), entropy = args.optionalFloats("entropy"), upstream = args.floats("upstream");
  const auto upstreamEntropy = args.optionalFloats("upstreamEntropy");
  const int64_t offset = args.size("offset");
  args.check(logits, rows * vocab);
  args.check(targets, offset + rows);
  args.check(lse, offset + rows);
  args.check(entropy, offset + rows);
  args.check(upstream, offset + rows);
  args.check(upstreamEntropy, offset + rows);
  if (!args.failed) {
    auto part = targets;
    part.data += offset;
    args.checkRange(part, rows, -1, vocab);
  }
  if (!args.failed && upstreamEntropy.data && !entropy.data) args.fail("entropy", "is required with upstreamEntropy", 0);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().logProbsBackward(logits.data, rows, vocab, targets.data + offset, lse.data + offset,
                             entropy.data ? entropy.data + offset : nullptr, upstream.data + offset,
                             upstreamEntropy.data ? upstreamEntropy.data + offset : nullptr);
  return nullptr;
}

napi_value largest(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "largest");
  const auto x = args.floats("x");
  const int64_t n = args.size("n", 1);
  args.check(x, n);
  if (args.failed) return nullptr;
  return toNumber(env, (double)kernels().largest(x.data, n));
}

napi_value expSums(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "expSums");
  const auto x = args.floats("x");
  const int64_t n = args.size("n");
  const double shift = args.number("shift"), scale = args.number("scale");
  const int64_t block = args.size("block", 1);
  const auto sums = args.floats("sums");
  args.check(x, n);
  args.check(sums, n / block + (n % block ? 1 : 0));
  if (args.failed) return nullptr;
  kernels().expSums(x.data, n, (float)shift, (float)scale, block, sums.data);
  return nullptr;
}

}  // namespace

void bindRows(napi_env env, napi_value exports) {
  define(env, exports, {
      {"rope", rope}, {"embeddingForward", embeddingForward}, {"embeddingBackward", embeddingBackward},
      {"copyRows", copyRows}, {"logProbs", logProbs}, {"logProbsBackward", logProbsBackward},
      {"largest", largest}, {"expSums", expSums},
  });
}

}  // namespace telar
