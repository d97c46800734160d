// The kernel set as JavaScript functions. Every pointer handed to a kernel has been checked against the shapes here, so
// that a wrong call throws and never corrupts memory. Argument orders are documented in src/engine/kernels.ts.
#include <node_api.h>
#include <string.h>

#include "arguments.h"
#include "kernels.h"
#include "memory.h"
#include "pool.h"

namespace telar {
namespace {

napi_value toNumber(napi_env env, double x) {
  napi_value result;
  napi_create_double(env, x, &result);
  return result;
}

int64_t span(int64_t rows, int64_t columns, int64_t stride) { return rows == 0 || columns == 0 ? 0 : (rows - 1) * stride + columns; }

napi_value gemm(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "gemm");
  Gemm g = {};
  g.transposeA = args.boolean("transposeA");
  g.transposeB = args.boolean("transposeB");
  g.m = args.size("m");
  g.n = args.size("n");
  g.k = args.size("k");
  const auto a = args.floats("a");
  const int64_t aOffset = args.size("aOffset");
  g.lda = args.size("lda");
  const auto b = args.floats("b");
  const int64_t bOffset = args.size("bOffset");
  g.ldb = args.size("ldb");
  const auto c = args.floats("c");
  const int64_t cOffset = args.size("cOffset");
  g.ldc = args.size("ldc");
  g.alpha = (float)args.number("alpha");
  g.beta = (float)args.number("beta");
  const int64_t epilogue = args.size("epilogue");
  const auto bias = args.optionalFloats("bias"), aux1 = args.optionalFloats("aux1"), aux2 = args.optionalFloats("aux2");
  const auto out2 = args.optionalFloats("out2");
  g.symmetric = args.optionalBoolean("symmetric");
  if (args.failed) return nullptr;
  if (g.symmetric && (g.m != g.n || epilogue != kPlain || bias.data)) args.fail("symmetric", "needs a square, plain product", 0);
  if (g.lda < (g.transposeA ? g.m : g.k)) args.fail("lda", "is below a row of A", 0);
  if (g.ldb < (g.transposeB ? g.k : g.n)) args.fail("ldb", "is below a row of B", 0);
  if (g.ldc < g.n) args.fail("ldc", "is below a row of C", 0);
  if (epilogue > kSiluGateGrad) args.fail("epilogue", "is unknown", 0);
  g.a = args.check(a, aOffset + (g.transposeA ? span(g.k, g.m, g.lda) : span(g.m, g.k, g.lda))) + aOffset;
  g.b = args.check(b, bOffset + (g.transposeB ? span(g.n, g.k, g.ldb) : span(g.k, g.n, g.ldb))) + bOffset;
  g.c = args.check(c, cOffset + span(g.m, g.n, g.ldc)) + cOffset;
  g.epilogue = (Epilogue)epilogue;
  g.bias = args.check(bias, g.n);
  const int64_t size = span(g.m, g.n, g.ldc);
  g.aux1 = args.check(aux1, size);
  g.aux2 = args.check(aux2, size);
  g.out2 = args.check(out2, size);
  const bool needs1 = g.epilogue == kResidual || g.epilogue >= kGeluGrad;
  if (needs1 && !g.aux1) args.fail("aux1", "is required by this epilogue", 0);
  if (g.epilogue == kSiluGateGrad && !g.aux2) args.fail("aux2", "is required by this epilogue", 0);
  if ((g.epilogue == kGelu || g.epilogue >= kSiluGate) && !g.out2) args.fail("out2", "is required by this epilogue", 0);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().gemm(g);
  return nullptr;
}

// The arguments that attention's two directions share.
struct AttentionArguments {
  Attention t = {};
  Arguments::Array<float> q, k, v;
  int64_t keyRows = 0;

  explicit AttentionArguments(Arguments& args) {
    t.heads = args.size("heads", 1);
    t.kvHeads = args.size("kvHeads", 1);
    t.headDim = args.size("headDim", 1);
    t.window = args.size("window");
    t.scale = (float)args.number("scale");
    const auto queryStart = args.integers("queryStart"), queryLength = args.integers("queryLength");
    const auto keyStart = args.integers("keyStart"), keyLength = args.integers("keyLength");
    q = args.floats("q");
    const int64_t qOffset = args.size("qOffset");
    t.qStride = args.size("qStride");
    k = args.floats("k");
    const int64_t kOffset = args.size("kOffset");
    t.kStride = args.size("kStride");
    v = args.floats("v");
    const int64_t vOffset = args.size("vOffset");
    t.vStride = args.size("vStride");
    t.queryRows = args.size("queryRows");
    if (args.failed) return;
    if (t.heads % t.kvHeads != 0) {
      args.fail("heads", "must be a multiple of kvHeads", 0);
      return;
    }
    t.sequences = queryStart.length;
    if (queryLength.length != t.sequences || keyStart.length != t.sequences || keyLength.length != t.sequences) {
      args.fail("queryStart", "and the other sequence arrays must have one length", 0);
      return;
    }
    for (int64_t s = 0; s < t.sequences; s++) {
      const int64_t rows = queryLength.data[s], keys = keyLength.data[s];
      if (rows < 0 || keys < rows || queryStart.data[s] < 0 || keyStart.data[s] < 0 || queryStart.data[s] + rows > t.queryRows) {
        args.fail("sequence", "%lld has rows outside the batch, or fewer keys than queries", s);
        return;
      }
      if (keyStart.data[s] + keys > keyRows) keyRows = keyStart.data[s] + keys;
    }
    t.queryStart = queryStart.data;
    t.queryLength = queryLength.data;
    t.keyStart = keyStart.data;
    t.keyLength = keyLength.data;
    t.q = args.checkRows(q, qOffset, t.queryRows, t.qStride, t.heads * t.headDim);
    t.k = args.checkRows(k, kOffset, keyRows, t.kStride, t.kvHeads * t.headDim);
    t.v = args.checkRows(v, vOffset, keyRows, t.vStride, t.kvHeads * t.headDim);
  }
};

napi_value attentionForward(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "attentionForward");
  AttentionArguments shared(args);
  Attention& t = shared.t;
  const auto out = args.floats("out");
  const auto lse = args.optionalFloats("logSumExp");
  t.outStride = t.heads * t.headDim;
  t.out = args.check(out, t.queryRows * t.outStride);
  t.logSumExp = args.check(lse, t.heads * t.queryRows);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().attentionForward(t);
  return nullptr;
}

napi_value attentionBackward(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "attentionBackward");
  AttentionArguments shared(args);
  Attention& t = shared.t;
  const auto out = args.floats("out"), lse = args.floats("logSumExp"), dOut = args.floats("dOut");
  const auto dq = args.floats("dq");
  const int64_t dqOffset = args.size("dqOffset");
  t.dqStride = args.size("dqStride");
  const auto dk = args.floats("dk");
  const int64_t dkOffset = args.size("dkOffset");
  t.dkStride = args.size("dkStride");
  const auto dv = args.floats("dv");
  const int64_t dvOffset = args.size("dvOffset");
  t.dvStride = args.size("dvStride");
  t.outStride = t.dOutStride = t.heads * t.headDim;
  t.out = args.check(out, t.queryRows * t.outStride);
  t.logSumExp = args.check(lse, t.heads * t.queryRows);
  t.dOut = args.check(dOut, t.queryRows * t.outStride);
  t.dq = args.checkRows(dq, dqOffset, t.queryRows, t.dqStride, t.heads * t.headDim);
  t.dk = args.checkRows(dk, dkOffset, shared.keyRows, t.dkStride, t.kvHeads * t.headDim);
  t.dv = args.checkRows(dv, dvOffset, shared.keyRows, t.dvStride, t.kvHeads * t.headDim);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().attentionBackward(t);
  return nullptr;
}

napi_value rmsNormForward(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "rmsNormForward");
  const int64_t rows = args.size("rows"), width = args.size("width", 1), groups = args.size("groups", 1);
  const auto x = args.floats("x");
  const int64_t xOffset = args.size("xOffset"), xStride = args.size("xStride");
  const auto weight = args.floats("weight"), y = args.floats("y");
  const int64_t yOffset = args.size("yOffset"), yStride = args.size("yStride");
  const auto stats = args.optionalFloats("stats");
  const float eps = (float)args.number("eps");
  float* from = args.checkRows(x, xOffset, rows, xStride, groups * width);
  float* to = args.checkRows(y, yOffset, rows, yStride, groups * width);
  args.check(weight, width);
  args.check(stats, rows * groups);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().rmsNormForward(from, xStride, weight.data, to, yStride, stats.data, rows, width, groups, eps);
  return nullptr;
}

napi_value rmsNormBackward(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "rmsNormBackward");
  const int64_t rows = args.size("rows"), width = args.size("width", 1), groups = args.size("groups", 1);
  const auto x = args.floats("x");
  const int64_t xOffset = args.size("xOffset"), xStride = args.size("xStride");
  const auto weight = args.floats("weight"), stats = args.floats("stats"), dy = args.floats("dy");
  const int64_t dyOffset = args.size("dyOffset"), dyStride = args.size("dyStride");
  const auto dx = args.floats("dx");
  const int64_t dxOffset = args.size("dxOffset"), dxStride = args.size("dxStride");
  const auto dWeight = args.optionalFloats("dWeight");
  const bool accumulate = args.boolean("accumulate");
  float* from = args.checkRows(x, xOffset, rows, xStride, groups * width);
  float* slope = args.checkRows(dy, dyOffset, rows, dyStride, groups * width);
  float* to = args.checkRows(dx, dxOffset, rows, dxStride, groups * width);
  args.check(weight, width);
  args.check(stats, rows * groups);
  args.check(dWeight, width);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().rmsNormBackward(from, xStride, weight.data, stats.data, slope, dyStride, to, dxStride, dWeight.data, rows, width, groups,
                            accumulate);
  return nullptr;
}

napi_value layerNormForward(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "layerNormForward");
  const int64_t rows = args.size("rows"), width = args.size("width", 1);
  const auto x = args.floats("x"), weight = args.floats("weight"), bias = args.optionalFloats("bias"), y = args.floats("y");
  const auto stats = args.optionalFloats("stats");
  const float eps = (float)args.number("eps");
  args.check(x, rows * width);
  args.check(y, rows * width);
  args.check(weight, width);
  args.check(bias, width);
  args.check(stats, 2 * rows);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().layerNormForward(x.data, weight.data, bias.data, y.data, stats.data, rows, width, eps);
  return nullptr;
}

napi_value layerNormBackward(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "layerNormBackward");
  const int64_t rows = args.size("rows"), width = args.size("width", 1);
  const auto x = args.floats("x"), weight = args.floats("weight"), stats = args.floats("stats"), dy = args.floats("dy");
  const auto dx = args.floats("dx"), dWeight = args.optionalFloats("dWeight"), dBias = args.optionalFloats("dBias");
  const bool accumulate = args.boolean("accumulate");
  args.check(x, rows * width);
  args.check(dy, rows * width);
  args.check(dx, rows * width);
  args.check(weight, width);
  args.check(stats, 2 * rows);
  args.check(dWeight, width);
  args.check(dBias, width);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().layerNormBackward(x.data, weight.data, stats.data, dy.data, dx.data, dWeight.data, dBias.data, rows, width, accumulate);
  return nullptr;
}

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
  const auto table = args.floats("table");
  const auto ids = args.integers("ids");
  const auto out = args.floats("out");
  const bool accumulate = args.boolean("accumulate");
  args.check(table, vocab * width);
  args.check(out, ids.length * width);
  args.checkRange(ids, ids.length, 0, vocab);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().embeddingForward(table.data, ids.data, ids.length, width, out.data, accumulate);
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

napi_value adamw(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "adamw");
  const auto weight = args.floats("weight"), grad = args.floats("grad"), m = args.floats("m"), v = args.floats("v");
  const int64_t n = args.size("n");
  float p[8];
  const char* names[8] = {"learningRate", "beta1", "beta2", "eps", "weightDecay", "gradScale", "correction1", "correction2"};
  for (int i = 0; i < 8; i++) p[i] = (float)args.number(names[i]);
  args.check(weight, n);
  args.check(grad, n);
  args.check(m, n);
  args.check(v, n);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().adamw(weight.data, grad.data, m.data, v.data, n, p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]);
  return nullptr;
}

napi_value sumSquares(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "sumSquares");
  const auto x = args.floats("x");
  const int64_t n = args.size("n");
  args.check(x, n);
  if (args.failed) return nullptr;
  KernelLock lock;
  return toNumber(env, kernels().sumSquares(x.data, n));
}

napi_value total(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "total");
  const auto x = args.floats("x");
  const int64_t n = args.size("n");
  args.check(x, n);
  if (args.failed) return nullptr;
  KernelLock lock;
  return toNumber(env, kernels().total(x.data, n));
}

napi_value columnSums(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "columnSums");
  const int64_t rows = args.size("rows"), width = args.size("width", 1);
  const auto x = args.floats("x");
  const int64_t stride = args.size("xStride");
  const auto out = args.floats("out");
  const bool accumulate = args.boolean("accumulate");
  args.checkRows(x, 0, rows, stride, width);
  args.check(out, width);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().columnSums(x.data, stride, rows, width, out.data, accumulate);
  return nullptr;
}

napi_value segmentSums(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "segmentSums");
  const auto x = args.floats("x");
  const auto starts = args.integers("starts");
  const auto out = args.floats("out");
  const int64_t segments = starts.length > 0 ? starts.length - 1 : 0;
  args.checkRange(starts, starts.length, 0, x.length + 1);
  args.check(out, segments);
  for (int64_t s = 0; !args.failed && s < segments; s++)
    if (starts.data[s + 1] < starts.data[s]) args.fail("starts", "must not fall", 0);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().segmentSums(x.data, starts.data, segments, out.data);
  return nullptr;
}

napi_value unary(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "unary");
  const int64_t op = args.size("op");
  const auto x = args.floats("x"), y = args.floats("y");
  const int64_t n = args.size("n");
  if (!args.failed && op > kAbs) args.fail("op", "is unknown", 0);
  args.check(x, n);
  args.check(y, n);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().unary((Unary)op, x.data, y.data, n);
  return nullptr;
}

napi_value unaryBackward(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "unaryBackward");
  const int64_t op = args.size("op");
  const auto x = args.floats("x"), dy = args.floats("dy"), dx = args.floats("dx");
  const int64_t n = args.size("n");
  const bool accumulate = args.boolean("accumulate");
  if (!args.failed && op > kAbs) args.fail("op", "is unknown", 0);
  args.check(x, n);
  args.check(dy, n);
  args.check(dx, n);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().unaryBackward((Unary)op, x.data, dy.data, dx.data, n, accumulate);
  return nullptr;
}

napi_value binary(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "binary");
  const int64_t op = args.size("op");
  const auto a = args.floats("a"), b = args.floats("b"), c = args.floats("c");
  const int64_t n = args.size("n");
  if (!args.failed && op > kMax) args.fail("op", "is unknown", 0);
  args.check(a, n);
  args.check(b, n);
  args.check(c, n);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().binary((Binary)op, a.data, b.data, c.data, n);
  return nullptr;
}

napi_value affine(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "affine");
  const auto x = args.floats("x"), y = args.floats("y");
  const int64_t n = args.size("n");
  const float alpha = (float)args.number("alpha"), beta = (float)args.number("beta"), gamma = (float)args.number("gamma");
  args.check(x, n);
  args.check(y, n);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().affine(x.data, y.data, n, alpha, beta, gamma);
  return nullptr;
}

napi_value fill(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "fill");
  const auto x = args.floats("x");
  const int64_t n = args.size("n");
  const float value = (float)args.number("value");
  args.check(x, n);
  if (args.failed) return nullptr;
  KernelLock lock;
  kernels().fill(x.data, n, value);
  return nullptr;
}

napi_value fmaPeak(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "fmaPeak");
  const double milliseconds = args.number("milliseconds");
  if (args.failed) return nullptr;
  KernelLock lock;
  return toNumber(env, kernels().fmaPeak(milliseconds));
}

napi_value readBandwidth(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "readBandwidth");
  const auto x = args.floats("x");
  const double milliseconds = args.number("milliseconds");
  if (args.failed) return nullptr;
  KernelLock lock;
  return toNumber(env, kernels().readBandwidth(x.data, x.length, milliseconds));
}

napi_value threads(napi_env env, napi_callback_info) { return toNumber(env, threadCount()); }

napi_value setThreads(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "setThreads");
  const int64_t count = args.size("count", 1);
  if (args.failed) return nullptr;
  KernelLock lock;
  setThreadCount(count > 256 ? 256 : (int)count);
  return toNumber(env, threadCount());
}

napi_value hardwareThreads(napi_env env, napi_callback_info) { return toNumber(env, maxThreads()); }

napi_value instructionSet(napi_env env, napi_callback_info) {
  napi_value result;
  napi_create_string_utf8(env, kernels().name, NAPI_AUTO_LENGTH, &result);
  return result;
}

napi_value selectInstructionSet(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "selectInstructionSet");
  char name[32] = {};
  size_t length = 0;
  napi_value given = args.value();
  if (!given || napi_get_value_string_utf8(env, given, name, sizeof name, &length) != napi_ok) {
    args.fail("name", "must be a string", 0);
    return nullptr;
  }
  KernelLock lock;
  napi_value result;
  napi_get_boolean(env, selectKernels(name), &result);
  return result;
}

napi_value initialize(napi_env env, napi_value exports) {
  const struct {
    const char* name;
    napi_callback function;
  } functions[] = {
      {"allocate", allocate}, {"release", release}, {"gemm", gemm}, {"attentionForward", attentionForward},
      {"attentionBackward", attentionBackward}, {"rmsNormForward", rmsNormForward}, {"rmsNormBackward", rmsNormBackward},
      {"layerNormForward", layerNormForward}, {"layerNormBackward", layerNormBackward}, {"rope", rope},
      {"embeddingForward", embeddingForward}, {"embeddingBackward", embeddingBackward}, {"copyRows", copyRows},
      {"logProbs", logProbs}, {"logProbsBackward", logProbsBackward}, {"adamw", adamw}, {"sumSquares", sumSquares},
      {"total", total}, {"columnSums", columnSums}, {"segmentSums", segmentSums}, {"unary", unary},
      {"unaryBackward", unaryBackward}, {"binary", binary}, {"affine", affine}, {"fill", fill}, {"fmaPeak", fmaPeak},
      {"readBandwidth", readBandwidth}, {"threads", threads}, {"setThreads", setThreads}, {"hardwareThreads", hardwareThreads},
      {"instructionSet", instructionSet}, {"selectInstructionSet", selectInstructionSet},
  };
  for (const auto& f : functions) {
    napi_value function;
    napi_create_function(env, f.name, NAPI_AUTO_LENGTH, f.function, nullptr, &function);
    napi_set_named_property(env, exports, f.name, function);
  }
  return exports;
}

}  // namespace
}  // namespace telar

NAPI_MODULE_INIT() { return telar::initialize(env, exports); }
