// The thread pool all kernels share, and the scratch memory they pack into.
// Compiled once without instruction-set flags; kernels see plain functions only.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace telar {

// Runs task(context, index, worker) for every index in [0, count), on the calling thread and the pool's workers.
// Indices are handed out in order, to whoever is free; `worker` is in [0, threadCount()).
// Results must not depend on which worker ran which index: that is what makes runs reproducible at any thread count.
using Task = void (*)(void* context, int64_t index, int worker);
void runParallel(int64_t count, Task task, void* context);

int threadCount();
// Sets the number of threads, the calling one included. Clamped to [1, maxThreads()].
void setThreadCount(int count);
int maxThreads();

// Scratch memory for worker `worker` (or the shared slot, -1), 64-byte aligned, at least `floats` long.
// Grows and stays; contents are undefined. Returns null when memory is exhausted.
float* scratch(int worker, size_t floats);

// Kernels may be called from several JavaScript threads; each call holds this lock.
class KernelLock {
 public:
  KernelLock();
  ~KernelLock();
  KernelLock(const KernelLock&) = delete;
  KernelLock& operator=(const KernelLock&) = delete;
};

}  // namespace telar
