// Tensor memory outside the JavaScript heap.
#pragma once
#include <node_api.h>

namespace telar {
napi_value allocate(napi_env env, napi_callback_info info);
napi_value release(napi_env env, napi_callback_info info);
}  // namespace telar
