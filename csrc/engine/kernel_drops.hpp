// Why the kernel dropped frames, in its own words. Three small programs at tracepoints of the
// kernel count what is dropped on the run's interfaces, in the run's network namespaces alone:
//
//   skb:kfree_skb          a socket buffer, by reason (enum skb_drop_reason)
//   xdp:xdp_redirect_err   an XDP redirection that failed, by error
//   xdp:xdp_exception      an XDP program that failed, or an action that did
//
// The names come from the running kernel's types, so that a newer kernel's reasons are told, too:
// SKB_DROP_REASON_NO_SOCKET is kernel_no_socket. It takes CAP_BPF and CAP_PERFMON (CAP_SYS_ADMIN
// has both).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "base/result.hpp"
#include "ebpf/kernel_types.hpp"

namespace ringbed::engine {

// An interface and the network namespace that it is in.
struct KernelPlace {
  std::uint32_t network = 0;  // inode of the namespace
  std::uint32_t interface = 0;
};

class KernelDrops {
 public:
  // Where a frame was.
  enum class Way : std::uint8_t {
    in,        // received on the interface
    between,   // on its way to the stack of the interface, or out of it
    redirect,  // XDP redirected it
    program,   // an XDP program had it
  };
  struct Count {
    std::string name;
    std::uint64_t frames = 0;
  };

  KernelDrops() = default;
  KernelDrops(KernelDrops&&) noexcept;
  KernelDrops& operator=(KernelDrops&&) noexcept;
  ~KernelDrops();

  // Counts from now on. At most two places. Error: unavailable (privilege, a kernel without
  // reasons: Linux 5.17 has them).
  [[nodiscard]] static base::Result<KernelDrops> open(std::span<const KernelPlace> places,
                                                      const ebpf::KernelTypes& types);

  // By now, at the place of that index; the most frequent first.
  [[nodiscard]] std::vector<Count> counts(std::size_t place, Way way) const;

 private:
  std::vector<base::FileDescriptor> held_;  // map, programs, links
  std::vector<std::string> reasons_;        // names by number
  void* cells_ = nullptr;                   // of the map, shared with the kernel
};

}  // namespace ringbed::engine
