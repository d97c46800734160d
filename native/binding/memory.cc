// Tensor memory outside the JavaScript heap.
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "binding.h"

namespace telar {
namespace {

constexpr int64_t kHuge = 2 << 20;  // large pages spare the matrix product most of its address translations

int64_t mappedSize(int64_t bytes) {
  const int64_t page = sysconf(_SC_PAGESIZE);
  return (bytes + page - 1) / page * page;
}

// Pages for `size` bytes; large ones begin on a large page, which the kernel can then use throughout.
void* mapPages(int64_t size) {
  const int64_t extra = size >= kHuge ? kHuge : 0;
  char* start = static_cast<char*>(mmap(nullptr, (size_t)(size + extra), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (start == MAP_FAILED || extra == 0) return start;
  const int64_t before = (kHuge - (int64_t)((uintptr_t)start % kHuge)) % kHuge;
  if (before > 0) munmap(start, (size_t)before);
  if (extra > before) munmap(start + before + size, (size_t)(extra - before));
#ifdef MADV_HUGEPAGE
  madvise(start + before, (size_t)size, MADV_HUGEPAGE);
#endif
  return start + before;
}

void unmap(napi_env, void* data, void* hint) { munmap(data, (size_t)(intptr_t)hint); }

// allocate(bytes): an ArrayBuffer of zeros on pages of its own.
napi_value allocate(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "allocate");
  const int64_t bytes = args.size("bytes", 1);
  if (args.failed) return nullptr;
  const int64_t physical = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
  const int64_t size = mappedSize(bytes);
  void* data = size > physical ? MAP_FAILED : mapPages(size);
  if (data == MAP_FAILED) {
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
  if (data && bytes) madvise(data, (size_t)mappedSize((int64_t)bytes), MADV_DONTNEED);
  napi_detach_arraybuffer(env, buffer);
  return nullptr;
}

}  // namespace

void bindMemory(napi_env env, napi_value exports) {
  define(env, exports, {{"allocate", allocate}, {"release", release}});
}

}  // namespace telar
