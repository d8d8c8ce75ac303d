// What the port contract needs of a backend's surroundings: a port, its umem, and somebody outside
// who sends to it and sees what it sends. For backends on interfaces that is a packet socket at
// the other end of a veth pair, in namespaces that vanish with the rig.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "port/registry.hpp"
#include "ring/memory_area.hpp"

namespace ringbed::port {

using Frame = std::vector<std::uint8_t>;

class Rig {
 public:
  static constexpr std::uint32_t kFrameBytes = 2048;
  static constexpr std::uint32_t kRxFrames = 64;
  static constexpr std::uint32_t kTxFrames = 256;
  static constexpr std::uint32_t kTxDescriptors = 64;
  static constexpr std::uint32_t kMaxQueues = 4;

  Rig()
      : memory_(ring::MemoryArea::map((kMaxQueues * kRxFrames + kTxFrames) * kFrameBytes).value()) {
  }
  virtual ~Rig() = default;

  [[nodiscard]] virtual Port& port(std::uint32_t queue = 0) { return *ports_[queue]; }
  [[nodiscard]] std::uint8_t* at(std::uint64_t address) { return memory_.data() + address; }
  [[nodiscard]] static std::uint64_t tx_address(std::uint32_t frame) {
    return std::uint64_t{kMaxQueues * kRxFrames + frame} * kFrameBytes;
  }

  // A frame of the kind that the backend carries, told apart by its number. Where there are several
  // queues, numbers spread over them.
  [[nodiscard]] virtual Frame make(std::uint32_t number, std::size_t length) const = 0;
  // The same on the way out, where the direction shows; observe() turns it round.
  [[nodiscard]] virtual Frame make_outgoing(std::uint32_t number, std::size_t length) const {
    return make(number, length);
  }
  [[nodiscard]] virtual std::uint32_t number_of(const std::uint8_t* frame,
                                                std::size_t length) const = 0;
  // The one outside sends a frame; false when it cannot just now.
  virtual bool inject(const Frame& frame) = 0;
  // What has come out of the port since the last call.
  virtual std::vector<Frame> observe() = 0;

 protected:
  [[nodiscard]] PortConfig config() const {
    PortConfig config;
    config.area = {memory_.data(), memory_.size()};
    config.frame_bytes = kFrameBytes;
    config.rx_frames = kRxFrames;
    config.tx_descriptors = kTxDescriptors;
    return config;
  }

  ring::MemoryArea memory_;
  Ports ports_;
};

// `xdp` with live frames for bursts.
inline constexpr std::string_view kXdpLive = "xdp_live";
// `socket` with GSO, GRO and busy polling.
inline constexpr std::string_view kSocketRows = "socket_rows";
// ... over IPv6.
inline constexpr std::string_view kSocketV6 = "socket_v6";

// The rig of the backend of that name, or of one of the above, with 1 or 2 queues; or null, and
// `why` says what is missing.
std::unique_ptr<Rig> make_rig(std::string_view name, std::uint32_t queues, std::string& why);

// A skip that says why; with REQUIRE_LIVE=1 a failure.
#define RINGBED_SKIP_OR_FAIL(why)                                                                \
  if (const char* r = std::getenv("REQUIRE_LIVE"); r != nullptr && std::string_view(r) == "1") { \
    FAIL() << (why);                                                                             \
  } else {                                                                                       \
    GTEST_SKIP() << (why);                                                                       \
  }

}  // namespace ringbed::port
