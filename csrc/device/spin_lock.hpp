// The lock of the published response pool: taken by turning round until it is free, as in a kernel
// module. One atomic operation each time it is taken and none to give it back (a mutex takes two).
// Threads of a test or of a crowded machine may share a processor: a holder that lost it gets it
// back by a yield.
#pragma once

#include <atomic>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ringbed::device {

// A Lockable, for std::lock_guard.
class SpinLock {
 public:
  void lock() noexcept {
    while (held_.exchange(true, std::memory_order_acquire)) {
      for (int turns = 0; held_.load(std::memory_order_relaxed); ++turns) {
        if (turns == kTurns) {
          std::this_thread::yield();
          turns = 0;
        }
        pause();
      }
    }
  }
  void unlock() noexcept { held_.store(false, std::memory_order_release); }

 private:
  static constexpr int kTurns = 100;

  static void pause() noexcept {
#if defined(__x86_64__)
    _mm_pause();
#endif
  }

  std::atomic<bool> held_{false};
};

}  // namespace ringbed::device
