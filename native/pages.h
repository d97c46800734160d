// Memory straight from the operating system, on large pages where it is large: they spare the matrix product most of its
// address translations.
#pragma once
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

namespace telar {

constexpr int64_t kLargePage = 2 << 20;

inline int64_t wholePages(int64_t bytes) {
  const int64_t page = sysconf(_SC_PAGESIZE);
  return (bytes + page - 1) / page * page;
}

// Zeros, `size` bytes of whole pages; from 2 MiB on they begin on a large page. Null when memory is exhausted. To be given
// back with munmap.
inline void* mapPages(int64_t size) {
  const int64_t extra = size >= kLargePage ? kLargePage : 0;
  char* start = static_cast<char*>(mmap(nullptr, (size_t)(size + extra), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (start == MAP_FAILED) return nullptr;
  if (extra == 0) return start;
  const int64_t before = (kLargePage - (int64_t)((uintptr_t)start % kLargePage)) % kLargePage;
  if (before > 0) munmap(start, (size_t)before);
  if (extra > before) munmap(start + before + size, (size_t)(extra - before));
#ifdef MADV_HUGEPAGE
  madvise(start + before, (size_t)size, MADV_HUGEPAGE);
#endif
  return start + before;
}

}  // namespace telar
