// A network namespace held by a file descriptor alone: no name, no bind mount, so that it is gone
// with the process, also after kill -9 (network_namespaces(7)).
#pragma once

#include <exception>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "port/descriptor.hpp"

namespace ringbed::port {

class NetworkNamespace {
 public:
  // A new, empty one. Error: unavailable (CAP_SYS_ADMIN).
  [[nodiscard]] static base::Result<NetworkNamespace> create();
  // The one of that name (`ip netns`), or of that path. Errors: invalid, unavailable.
  [[nodiscard]] static base::Result<NetworkNamespace> open(const std::string& name);
  // The one that the calling thread is in.
  [[nodiscard]] static base::Result<NetworkNamespace> current();

  // Moves the calling thread into it for good: sockets made from now on belong to it. For threads
  // that end with their work. Error: unavailable.
  [[nodiscard]] base::Status enter() const;

  // Runs `work` in it, on a thread made for that, and waits. The caller's namespace stays as it is.
  // Error: unavailable, or what `work` returned.
  [[nodiscard]] base::Status run(const std::function<base::Status()>& work) const;

  // The number that the kernel knows it by. Error: io.
  [[nodiscard]] base::Result<std::uint32_t> inode() const;
  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }

 private:
  explicit NetworkNamespace(FileDescriptor descriptor) noexcept
      : descriptor_(std::move(descriptor)) {}

  FileDescriptor descriptor_;
};

}  // namespace ringbed::port
