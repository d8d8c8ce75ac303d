// One queue of the backend `xdp`, made of the parts that xdp_backend.cpp has opened.
#pragma once

#include <memory>

#include "port/live_sender.hpp"
#include "port/napi.hpp"
#include "port/registry.hpp"
#include "port/xdp_program.hpp"
#include "port/xdp_socket.hpp"

namespace ringbed::port {

struct XdpParts {
  XdpSocket socket;
  std::shared_ptr<XdpProgram> program;           // of the interface
  std::shared_ptr<DeferredInterrupts> deferred;  // of the interface, or null
  std::unique_ptr<LiveSender> live;              // for bursts, or null
};

[[nodiscard]] std::unique_ptr<Port> make_xdp_port(const PortConfig& config, std::uint32_t queue,
                                                  XdpParts parts);

}  // namespace ringbed::port
