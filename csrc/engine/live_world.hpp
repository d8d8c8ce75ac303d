// What a live run needs of a world: the two ends of a real link as ports, and the kernel's own
// counters of the interfaces behind them, which the books are checked against.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/kernel_drops.hpp"
#include "engine/plan.hpp"
#include "engine/result.hpp"
#include "port/host_stack.hpp"
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
  std::string generator_backend = "xdp";
  bool device_datagrams = false;  // that backend carries datagrams only
  bool generator_datagrams = false;
  bool device_xdp = true;  // that backend hangs an XDP program on its interface
  bool generator_xdp = true;
  std::string state_folder;  // remembers what is changed of the machine; empty: nowhere
};

// The loss counters of an interface in the calling thread's namespace, added to `counters`.
void add_losses(const std::string& interface, std::vector<KernelCounter>& counters);

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

  // What the kernel's stack has dropped at either end by now, where sockets get their datagrams
  // from it and nobody else does; zeros elsewhere.
  [[nodiscard]] virtual base::Result<port::StackCounters::Drops> generator_stack() {
    return port::StackCounters::Drops{};
  }
  [[nodiscard]] virtual base::Result<port::StackCounters::Drops> device_stack() {
    return port::StackCounters::Drops{};
  }

  // Frames for these groups reach the device from now on, besides its own address. Where nothing
  // filters there is nothing to do. Error: unavailable.
  [[nodiscard]] virtual base::Status listen_to(std::span<const wire::MacAddress> groups) {
    static_cast<void>(groups);
    return {};
  }

  // Counters of losses at both ends, by the kernel's names, as they are now. Best effort.
  [[nodiscard]] virtual std::vector<KernelCounter> losses() = 0;
  // Frames received so far on each queue of the device's interface; empty: the driver does not
  // tell.
  [[nodiscard]] virtual std::vector<std::uint64_t> frames_by_queue() = 0;
  // What a user should know of how the world was made; a sentence each.
  [[nodiscard]] virtual std::vector<std::string> notes() const { return {}; }
  // Where the kernel's drops are the run's: the generator's end, then the device's; one place where
  // both are the same. Error: io.
  [[nodiscard]] virtual base::Result<std::vector<KernelPlace>> places() = 0;
  // Does `work` in the network namespace of that end's interface.
  [[nodiscard]] virtual base::Status at_generator(const std::function<base::Status()>& work) = 0;
  [[nodiscard]] virtual base::Status at_device(const std::function<base::Status()>& work) = 0;

  // Senders may leave UDP and TCP checksums to a NIC although none is on the way (a veth pair).
  [[nodiscard]] virtual bool leaves_checksums() const noexcept { return false; }

  // The world carries nothing but this run, so that every frame must be accounted for.
  [[nodiscard]] virtual bool closed() const noexcept = 0;

 protected:
  LiveWorld() = default;
};

}  // namespace ringbed::engine
