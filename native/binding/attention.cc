// Attention as JavaScript functions.
#include "binding.h"

namespace telar {
namespace {

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

}  // namespace

void bindAttention(napi_env env, napi_value exports) {
  define(env, exports, {{"attentionForward", attentionForward}, {"attentionBackward", attentionBackward}});
}

}  // namespace telar
