// The XDP program that hands every frame of an interface to the AF_XDP socket of its queue, and
// passes frames of queues without a socket on to the kernel. Seven instructions, loaded through
// bpf(2) as they are: no compiler and no libbpf at run time. It hangs on a bpf_link, so that it
// leaves the interface when the process ends, however it ends.
//
//   return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_PASS)
//
// Where the NIC stamps what it receives, another one writes its time in front of the frame first
// (Documentation/networking/xdp-rx-metadata.rst).
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "port/descriptor.hpp"
#include "port/registry.hpp"

namespace ringbed::port {

class XdpProgram {
 public:
  struct Wish {
    std::uint32_t queues = 1;
    XdpMode mode = XdpMode::best;
    bool multi_buffer = false;         // frames longer than a page may come in pieces
    std::uint32_t stamp_function = 0;  // XdpOptions::stamp_function
  };
  // Loads and attaches to the interface of that index. Error: unavailable (which privilege, which
  // kernel option, another program there, no native XDP in the driver), resource.
  [[nodiscard]] static base::Result<XdpProgram> attach(std::uint32_t interface, const Wish& wish);

  // Attaches nothing: stands for a program of somebody else.
  [[nodiscard]] static base::Result<XdpProgram> borrow(const ForeignProgram& foreign);

  // Frames of `queue` go to `socket` from now on; the socket must be bound.
  [[nodiscard]] base::Status serve(std::uint32_t queue, int socket);

  [[nodiscard]] bool native() const noexcept { return native_; }
  // The NIC's time is in front of each frame (Capabilities::rx_stamps).
  [[nodiscard]] bool stamps() const noexcept { return stamps_; }

 private:
  FileDescriptor sockets_;  // BPF_MAP_TYPE_XSKMAP
  FileDescriptor program_;
  FileDescriptor link_;
  bool native_ = false;
  bool stamps_ = false;
};

}  // namespace ringbed::port
