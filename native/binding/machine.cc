// What the machine is and can do, as JavaScript functions.
#include "binding.h"

namespace telar {
namespace {

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

}  // namespace

void bindMachine(napi_env env, napi_value exports) {
  define(env, exports, {
      {"fmaPeak", fmaPeak}, {"readBandwidth", readBandwidth}, {"threads", threads}, {"setThreads", setThreads},
      {"hardwareThreads", hardwareThreads}, {"instructionSet", instructionSet},
      {"selectInstructionSet", selectInstructionSet},
  });
}

}  // namespace telar
