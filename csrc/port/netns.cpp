#include "port/netns.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>

#include <thread>

namespace ringbed::port {

namespace {

constexpr const char* kThisThread = "/proc/thread-self/ns/net";
constexpr const char* kPrivilege =
    "run as root, or give the program CAP_SYS_ADMIN and CAP_NET_ADMIN "
    "(setcap cap_sys_admin,cap_net_admin,cap_net_raw,cap_bpf+ep)";

// A thread of its own: namespaces are a property of threads, and the caller's must not change.
// All signals are blocked in it: they belong to the main thread.
template <typename Work>
void on_own_thread(Work work) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(work);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  thread.join();
}

}  // namespace

base::Result<NetworkNamespace> NetworkNamespace::current() {
  FileDescriptor descriptor(::open(kThisThread, O_RDONLY | O_CLOEXEC));
  if (!descriptor) {
    return system_error(base::ErrorCode::unavailable, std::string("cannot open ") + kThisThread,
                        errno, "mount /proc");
  }
  return NetworkNamespace(std::move(descriptor));
}

base::Result<std::uint32_t> NetworkNamespace::inode() const {
  struct stat status {};
  if (fstat(descriptor_.get(), &status) != 0) {
    return system_error(base::ErrorCode::io, "cannot look at a network namespace", errno, "");
  }
  return static_cast<std::uint32_t>(status.st_ino);
}

base::Result<NetworkNamespace> NetworkNamespace::open(const std::string& name) {
  const bool path = name.find('/') != std::string::npos;
  const std::string file = path ? name : "/run/netns/" + name;
  FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor) {
    return system_error(errno == ENOENT ? base::ErrorCode::invalid : base::ErrorCode::unavailable,
                        "network namespace " + name + ": cannot open " + file, errno,
                        "`ip netns list` shows the names; /proc/PID/ns/net works, too");
  }
  return NetworkNamespace(std::move(descriptor));
}

base::Result<NetworkNamespace> NetworkNamespace::create() {
  base::Result<NetworkNamespace> result = base::Error{};
  on_own_thread([&result] {
    if (unshare(CLONE_NEWNET) != 0) {
      result = system_error(base::ErrorCode::unavailable, "cannot make a network namespace", errno,
                            kPrivilege);
      return;
    }
    result = current();
  });
  return result;
}

base::Status NetworkNamespace::enter() const {
  if (setns(descriptor_.get(), CLONE_NEWNET) != 0) {
    return system_error(base::ErrorCode::unavailable, "cannot enter a network namespace", errno,
                        kPrivilege);
  }
  return {};
}

base::Status NetworkNamespace::run(const std::function<base::Status()>& work) const {
  base::Status status;
  std::exception_ptr thrown;
  on_own_thread([&] {
    try {
      status = enter();
      if (status.ok()) {
        status = work();
      }
    } catch (...) {
      thrown = std::current_exception();
    }
  });
  if (thrown) {
    std::rethrow_exception(thrown);
  }
  return status;
}

}  // namespace ringbed::port
