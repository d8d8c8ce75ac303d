// Threads of the engine: every one of them blocks all signals, so that Ctrl-C reaches the main
// thread (Node's), which decides what to do about it.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <thread>
#include <utility>

namespace ringbed::engine {

template <typename Work>
[[nodiscard]] std::jthread start_thread(const char* name, Work&& work) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  // A new thread inherits the mask of the one that makes it.
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::jthread thread(std::forward<Work>(work));
  pthread_setname_np(thread.native_handle(), name);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace ringbed::engine
