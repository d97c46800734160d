// The matrix product as a JavaScript function.
#include "binding.h"

namespace telar {
namespace {

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
  const auto b = args.weights("b");
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
  const int64_t sizeB = bOffset + (g.transposeB ? span(g.n, g.k, g.ldb) : span(g.k, g.n, g.ldb));
  if (b.halves.data) g.b16 = args.check(b.halves, sizeB) + bOffset;
  else g.b = args.check(b.floats, sizeB) + bOffset;
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

}  // namespace

void bindMatrices(napi_env env, napi_value exports) {
  define(env, exports, {{"gemm", gemm}});
}

}  // namespace telar
