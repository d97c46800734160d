// Norms as JavaScript functions.
#include "binding.h"

namespace telar {
namespace {

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

}  // namespace

void bindNorms(napi_env env, napi_value exports) {
  define(env, exports, {
      {"rmsNormForward", rmsNormForward}, {"rmsNormBackward", rmsNormBackward},
      {"layerNormForward", layerNormForward}, {"layerNormBackward", layerNormBackward},
  });
}

}  // namespace telar
