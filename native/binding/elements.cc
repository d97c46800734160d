// Kernels on single elements, and their sums, as JavaScript functions.
#include "binding.h"

namespace telar {
namespace {

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

}  // namespace

void bindElements(napi_env env, napi_value exports) {
  define(env, exports, {
      {"adamw", adamw}, {"sumSquares", sumSquares}, {"total", total}, {"columnSums", columnSums},
      {"segmentSums", segmentSums}, {"unary", unary}, {"unaryBackward", unaryBackward}, {"binary", binary},
      {"affine", affine}, {"fill", fill},
  });
}

}  // namespace telar
