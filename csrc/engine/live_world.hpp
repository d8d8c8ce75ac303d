// What a live run needs of a world: the two ends of a real link as ports, and the kernel's own
// counters of the interfaces behind them, which the books are checked against.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/plan.hpp"
#include "port/netlink.hpp"
#include "port/registry.hpp"

namespace ringbed::engine {

// What both ends are made of.
struct LiveSetup {
  std::uint32_t frame_bytes = 2048;   // of every frame, a power of two
  std::uint32_t mtu = 1500;           // what the link must carry
  std::uint32_t generator_rx = 2048;  // frames a queue
  std::uint32_t generator_tx = 1024;  // frames a queue
  std::uint32_t device_rx = 1024;     // frames a queue
  std::uint32_t device_tx = 1024;     // descriptors a queue
  std::string device_backend = "xdp";
};

class LiveWorld {
 public:
  virtual ~LiveWorld() = default;
  LiveWorld(const LiveWorld&) = delete;
  LiveWorld& operator=(const LiveWorld&) = delete;

  // One port a queue. Opened once each; they end before the world does.
  [[nodiscard]] virtual base::Result<port::Ports> open_generator(
      const port::PortConfig& config) = 0;
  [[nodiscard]] virtual base::Result<port::Ports> open_device(const port::PortConfig& config) = 0;

  // The interfaces as the kernel counts them now.
  [[nodiscard]] virtual base::Result<port::LinkInfo> generator_link() = 0;
  [[nodiscard]] virtual base::Result<port::LinkInfo> device_link() = 0;

  // Does `work` in the network namespace of the device's interface.
  [[nodiscard]] virtual base::Status at_device(const std::function<base::Status()>& work) = 0;

  // The world carries nothing but this run, so that every frame must be accounted for.
  [[nodiscard]] virtual bool closed() const noexcept = 0;

 protected:
  LiveWorld() = default;
};

}  // namespace ringbed::engine
