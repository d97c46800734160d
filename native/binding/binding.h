// The kernel set as JavaScript functions. Every pointer handed to a kernel has been checked against the shapes here, so
// that a wrong call throws and never corrupts memory. Argument orders are documented in src/engine/kernels.ts.
#pragma once
#include <initializer_list>
#include <node_api.h>
#include <string.h>

#include "../kernels.h"
#include "../pool.h"
#include "arguments.h"

namespace telar {

struct Binding {
  const char* name;
  napi_callback function;
};

// Adds functions to the module.
inline void define(napi_env env, napi_value exports, std::initializer_list<Binding> bindings) {
  for (const auto& binding : bindings) {
    napi_value function;
    napi_create_function(env, binding.name, NAPI_AUTO_LENGTH, binding.function, nullptr, &function);
    napi_set_named_property(env, exports, binding.name, function);
  }
}

inline napi_value toNumber(napi_env env, double x) {
  napi_value result;
  napi_create_double(env, x, &result);
  return result;
}

// Floats from the first to the last of a matrix in memory.
inline int64_t span(int64_t rows, int64_t columns, int64_t stride) {
  return rows == 0 || columns == 0 ? 0 : (rows - 1) * stride + columns;
}

void bindMatrices(napi_env env, napi_value exports);
void bindAttention(napi_env env, napi_value exports);
void bindNorms(napi_env env, napi_value exports);
void bindRows(napi_env env, napi_value exports);
void bindElements(napi_env env, napi_value exports);
void bindHashes(napi_env env, napi_value exports);
void bindMachine(napi_env env, napi_value exports);
void bindMemory(napi_env env, napi_value exports);

}  // namespace telar
