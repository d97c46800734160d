// Hashes of text as JavaScript functions. They run on the calling thread alone, so that worker threads do not wait for
// each other.
#include "binding.h"

namespace telar {
namespace {

napi_value minHash(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "minHash");
  const auto values = args.integers("values");
  const int64_t count = args.size("count");
  const auto multipliers = args.integers("multipliers"), offsets = args.integers("offsets"), minima = args.integers("minima");
  const int64_t lanes = minima.length;
  args.check(values, count);
  args.check(multipliers, lanes);
  args.check(offsets, lanes);
  if (!args.failed && lanes % 16 != 0) args.fail("minima", "must have a multiple of 16 elements", 0);
  if (args.failed) return nullptr;
  // The arrays are signed in JavaScript, where unsigned 32-bit numbers above 2^31 are slow; bits are all that counts.
  const auto bits = [](int32_t* p) { return reinterpret_cast<uint32_t*>(p); };
  kernels().minHash(bits(values.data), count, bits(multipliers.data), bits(offsets.data), bits(minima.data), lanes);
  return nullptr;
}

}  // namespace

void bindHashes(napi_env env, napi_value exports) { define(env, exports, {{"minHash", minHash}}); }

}  // namespace telar
