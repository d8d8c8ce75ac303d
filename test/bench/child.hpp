// A peer of a benchmark: a program of somebody else's, run in a network namespace and ended with
// the object, whatever happens.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "port/netns.hpp"

namespace ringbed::bench {

[[nodiscard]] inline bool installed(const std::string& program) {
  const std::string command = "command -v " + program + " > /dev/null 2>&1";
  return std::system(command.c_str()) == 0;
}

class Child {
 public:
  // `cpu`: the processor that it is bound to; -1: it may choose.
  Child(const port::NetworkNamespace& space, int cpu, std::vector<std::string> words) {
    int in[2];
    int out[2];
    if (pipe(in) != 0 || pipe(out) != 0) {
      return;
    }
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(in[0], STDIN_FILENO);
      dup2(out[1], STDOUT_FILENO);
      dup2(out[1], STDERR_FILENO);
      for (const int end : {in[0], in[1], out[0], out[1]}) {
        ::close(end);
      }
      cpu_set_t set;
      CPU_ZERO(&set);
      for (std::size_t i = 0; i < CPU_SETSIZE; ++i) {
        if (cpu < 0 || i == static_cast<std::size_t>(cpu)) {
          CPU_SET(i, &set);
        }
      }
      sched_setaffinity(0, sizeof set, &set);
      std::vector<char*> arguments;
      for (std::string& word : words) {
        arguments.push_back(word.data());
      }
      arguments.push_back(nullptr);
      if (space.enter()) {
        execvp(arguments[0], arguments.data());
      }
      _exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    in_ = in[1];
    out_ = out[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    ::close(in_);
    ::close(out_);
  }

  // Everything that it says until it ends; it gets `signal` first, if that is not 0.
  std::string finish(int signal = 0) {
    if (signal != 0) {
      kill(pid_, signal);
    }
    ::close(in_);
    in_ = -1;
    std::string text;
    char buffer[4096];
    for (ssize_t got = 0; (got = read(out_, buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(got));
    }
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
    return text;
  }

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
};

}  // namespace ringbed::bench
