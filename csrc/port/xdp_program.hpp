// The XDP program that hands every frame of an interface to the AF_XDP socket of its queue, and
// passes frames of queues without a socket on to the kernel. Seven instructions, loaded through
// bpf(2) as they are: no compiler and no libbpf at run time. It hangs on a bpf_link, so that it
// leaves the interface when the process ends, however it ends.
//
//   return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_PASS)
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "port/descriptor.hpp"
#include "port/registry.hpp"

namespace ringbed::port {

class XdpProgram {
 public:
  // Loads and attaches to the interface of that index. `multi_buffer`: frames longer than a page
  // may come in pieces. Error: unavailable (which privilege, which
  // kernel option, another program there, no native XDP in the driver), resource.
  [[nodiscard]] static base::Result<XdpProgram> attach(std::uint32_t interface,
                                                       std::uint32_t queues, XdpMode mode,
                                                       bool multi_buffer);

  // Attaches nothing: stands for a program of somebody else.
  [[nodiscard]] static base::Result<XdpProgram> borrow(const ForeignProgram& foreign);

  // Frames of `queue` go to `socket` from now on; the socket must be bound.
  [[nodiscard]] base::Status serve(std::uint32_t queue, int socket);

  [[nodiscard]] bool native() const noexcept { return native_; }

 private:
  FileDescriptor sockets_;  // BPF_MAP_TYPE_XSKMAP
  FileDescriptor program_;
  FileDescriptor link_;
  bool native_ = false;
};

}  // namespace ringbed::port
