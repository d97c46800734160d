#include "pool.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "pages.h"

namespace telar {
namespace {

inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

constexpr int kMaxThreads = 256;
// How long an idle worker watches for work before it sleeps: some 50 microseconds, longer than JavaScript takes
// between two kernels of a training step.
constexpr int kSpins = 4000;

// A task is open while its fields may be read. A worker first announces itself in `users`, then looks at `open`;
// the caller first closes, then waits for `users` to reach zero. Sequential consistency makes one see the other,
// so a worker that wakes late never touches a task that is gone, and the caller never waits for a sleeper.
struct Pool {
  std::mutex sleepLock;
  std::condition_variable wake;
  std::atomic<uint64_t> epoch{0};
  std::atomic<bool> open{false};
  std::atomic<int> users{0};
  std::atomic<int> sleepers{0};
  std::atomic<int64_t> next{0};
  Task task = nullptr;
  void* context = nullptr;
  int64_t count = 0;
  std::atomic<int> threads{1};
  int started = 0;

  void drain(int worker) {
    for (;;) {
      const int64_t index = next.fetch_add(1, std::memory_order_relaxed);
      if (index >= count) return;
      task(context, index, worker);
    }
  }

  void serve(int worker) {
    uint64_t seen = 0;
    for (;;) {
      for (int spin = 0; epoch.load(std::memory_order_acquire) == seen; spin++) {
        if (spin < kSpins) {
          relax();
          continue;
        }
        std::unique_lock<std::mutex> guard(sleepLock);
        sleepers++;
        wake.wait(guard, [&] { return epoch.load() != seen; });
        sleepers--;
      }
      seen = epoch.load();
      if (worker >= threads.load()) continue;
      users++;
      if (open.load()) drain(worker);
      users--;
    }
  }

  void start(int wanted) {
    for (; started < wanted - 1; started++) std::thread([this, w = started + 1] { serve(w); }).detach();
  }
};

// On the heap and never freed: detached workers may outlive static destructors.
Pool& pool() {
  static Pool* instance = new Pool;
  return *instance;
}

std::mutex& kernelMutex() {
  static std::mutex* instance = new std::mutex;
  return *instance;
}

struct Scratch {
  float* data = nullptr;
  size_t capacity = 0;
};
Scratch scratches[kMaxThreads + 1];

}  // namespace

void runParallel(int64_t count, Task task, void* context) {
  if (count <= 0) return;
  Pool& p = pool();
  if (count == 1 || p.threads.load(std::memory_order_relaxed) == 1) {
    for (int64_t i = 0; i < count; i++) task(context, i, 0);
    return;
  }
  p.task = task;
  p.context = context;
  p.count = count;
  p.next.store(0, std::memory_order_relaxed);
  p.open.store(true);
  p.epoch++;
  if (p.sleepers.load() > 0) {
    std::lock_guard<std::mutex> guard(p.sleepLock);
    p.wake.notify_all();
  }
  p.drain(0);
  p.open.store(false);
  while (p.users.load() != 0) relax();
}

int threadCount() { return pool().threads.load(); }

int maxThreads() {
  const int hardware = static_cast<int>(std::thread::hardware_concurrency());
  return hardware < 1 ? 1 : hardware > kMaxThreads ? kMaxThreads : hardware;
}

void setThreadCount(int count) {
  Pool& p = pool();
  const int wanted = count < 1 ? 1 : count > kMaxThreads ? kMaxThreads : count;
  p.start(wanted);
  p.threads.store(wanted);
}

float* scratch(int worker, size_t floats) {
  Scratch& s = scratches[worker + 1];
  if (s.capacity < floats) {
    if (s.data) munmap(s.data, s.capacity * sizeof(float));
    const int64_t bytes = ((int64_t)(floats * sizeof(float)) + kLargePage - 1) / kLargePage * kLargePage;
    s.data = static_cast<float*>(mapPages(bytes));
    s.capacity = s.data ? (size_t)bytes / sizeof(float) : 0;
  }
  return s.data;
}

KernelLock::KernelLock() { kernelMutex().lock(); }
KernelLock::~KernelLock() { kernelMutex().unlock(); }

}  // namespace telar
