// Tensor memory outside the JavaScript heap.
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../pages.h"
#include "binding.h"

namespace telar {
namespace {

void unmap(napi_env, void* data, void* hint) { munmap(data, (size_t)(intptr_t)hint); }

// allocate(bytes): an ArrayBuffer of zeros on pages of its own.
napi_value allocate(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "allocate");
  const int64_t bytes = args.size("bytes", 1);
  if (args.failed) return nullptr;
  const int64_t physical = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
  const int64_t size = wholePages(bytes);
  void* data = size > physical ? nullptr : mapPages(size);
  if (!data) {
    char text[160];
    snprintf(text, sizeof text, "out of memory: %lld MiB wanted, this machine has %lld MiB", (long long)(bytes >> 20), (long long)(physical >> 20));
    napi_throw_error(env, "ENOMEM", text);
    return nullptr;
  }
  napi_value buffer;
  if (napi_create_external_arraybuffer(env, data, (size_t)bytes, unmap, (void*)(intptr_t)size, &buffer) != napi_ok) {
    munmap(data, (size_t)size);
    napi_throw_error(env, nullptr, "this JavaScript runtime does not allow external array buffers");
    return nullptr;
  }
  return buffer;
}

// release(buffer): gives the pages back now and leaves the ArrayBuffer detached (length 0).
napi_value release(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "release");
  napi_value buffer = args.value();
  void* data = nullptr;
  size_t bytes = 0;
  if (!buffer || napi_get_arraybuffer_info(env, buffer, &data, &bytes) != napi_ok) {
    args.fail("buffer", "must be an ArrayBuffer", 0);
    return nullptr;
  }
  // The finalizer that unmaps may run much later; the pages need not wait for it.
  if (data && bytes) madvise(data, (size_t)wholePages((int64_t)bytes), MADV_DONTNEED);
  napi_detach_arraybuffer(env, buffer);
  return nullptr;
}

}  // namespace

void bindMemory(napi_env env, napi_value exports) {
  define(env, exports, {{"allocate", allocate}, {"release", release}});
}

}  // namespace telar
