// The addon's entry.
#include "binding.h"

NAPI_MODULE_INIT() {
  telar::bindMatrices(env, exports);
  telar::bindAttention(env, exports);
  telar::bindNorms(env, exports);
  telar::bindRows(env, exports);
  telar::bindElements(env, exports);
  telar::bindHashes(env, exports);
  telar::bindMachine(env, exports);
  telar::bindMemory(env, exports);
  return exports;
}
