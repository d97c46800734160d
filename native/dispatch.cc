// Chooses the widest kernel set this processor runs.
#include <atomic>
#include <string.h>

#include "kernels.h"

namespace telar {

#define TELAR_DECLARE(isa) namespace isa { extern const Kernels table; }
#if defined(__x86_64__)
TELAR_DECLARE(sse2)
TELAR_DECLARE(avx2)
TELAR_DECLARE(avx512)
#elif defined(__aarch64__)
TELAR_DECLARE(neon)
#else
TELAR_DECLARE(portable)
#endif

namespace {

const Kernels* const* candidates() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  static const Kernels* list[] = {avx512 ? &avx512::table : nullptr, avx2 ? &avx2::table : nullptr, &sse2::table};
#elif defined(__aarch64__)
  static const Kernels* list[] = {&neon::table, nullptr, nullptr};
#else
  static const Kernels* list[] = {&portable::table, nullptr, nullptr};
#endif
  return list;
}

std::atomic<const Kernels*> chosen{nullptr};

}  // namespace

const Kernels* kernelsNamed(const char* name) {
  for (int i = 0; i < 3; i++)
    if (candidates()[i] && strcmp(candidates()[i]->name, name) == 0) return candidates()[i];
  return nullptr;
}

const Kernels& kernels() {
  const Kernels* current = chosen.load(std::memory_order_acquire);
  if (current) return *current;
  int i = 0;
  while (!candidates()[i]) i++;
  chosen.store(candidates()[i], std::memory_order_release);
  return *candidates()[i];
}

bool selectKernels(const char* name) {
  const Kernels* wanted = kernelsNamed(name);
  if (wanted) chosen.store(wanted, std::memory_order_release);
  return wanted != nullptr;
}

}  // namespace telar
