// The table of port backends. A new one is one file and one row in registry.cpp; the contract suite
// iterates the table.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "port/frame_recipe.hpp"
#include "port/net_address.hpp"
#include "port/port.hpp"

namespace ringbed::port {

// How the XDP backend attaches and binds. `best`: the first of the others that works.
enum class XdpMode : std::uint8_t { best, native, generic };
enum class XdpCopy : std::uint8_t { best, zero_copy, copy };

enum class Choice : std::uint8_t { automatic, off, on };
// A program that somebody else has attached, and its map of AF_XDP sockets: the port then attaches
// none of its own and only serves its queues. The descriptor stays the caller's.
struct ForeignProgram {
  int sockets = -1;  // BPF_MAP_TYPE_XSKMAP by queue; -1: no such program
  bool native = false;
};

struct XdpOptions {
  XdpMode mode = XdpMode::best;
  XdpCopy copy = XdpCopy::best;
  bool need_wakeup = true;
  // Preferred busy polling (Linux 5.11): the port's own thread drives the driver. Automatic: with
  // zero-copy (figures: docs/live.md).
  Choice busy_poll = Choice::automatic;
  std::uint32_t busy_poll_us = 50;
  std::uint32_t busy_poll_budget = 64;  // frames a poll
  // Bursts leave as live frames (live_sender.hpp) and not through the socket, which in copy mode
  // makes a socket buffer of each frame. For one queue, and a veth pair whose other end has native
  // XDP. Automatic: where it works.
  Choice live_frames = Choice::off;
  ForeignProgram foreign{};
  // The kernel's function that asks the driver for a frame's time (bpf_xdp_metadata_rx_timestamp),
  // by its number in the kernel's BTF: stamps are wanted, where they can be had. 0: they are not.
  std::uint32_t stamp_function = 0;
};

// An address and a UDP port in host order.
struct SocketAddress {
  NetAddress address;
  std::uint16_t port = 0;
};

// What the kernel is asked for beyond a datagram at a time; what it does not have is left out and
// Capabilities::mode says so.
struct SocketTuning {
  bool gso = false;  // UDP_SEGMENT (Linux 4.18): datagrams of one flow and size go down as one
  bool gro = false;  // UDP_GRO (Linux 5.0): such come up as one
  // SO_BUSY_POLL and SO_PREFER_BUSY_POLL (Linux 5.11): a receive call drives the driver; 0: not.
  std::uint32_t busy_poll_us = 0;
  std::uint32_t busy_poll_budget = 64;  // frames a poll
};

struct SocketOptions {
  std::vector<SocketAddress>
      receive;  // what is received (an address of zeros: any); groups are joined
  std::vector<std::uint16_t> send_from;   // UDP ports beside those
  std::array<std::uint8_t, 6> own_mac{};  // what the frames say that are made of datagrams
  std::array<std::uint8_t, 6> peer_mac{};
  bool v6 = false;  // all of them; one or the other
  SocketTuning tuning;
};

// How the backend `kernel` sends.
struct KernelOptions {
  std::vector<FrameRecipe> recipes;  // what a descriptor's `options` of n means: recipes[n - 1]
  std::uint32_t longest_frame = 0;   // that will be sent; 0: whatever fits
  std::uint32_t hold = 0;            // frames that tx_burst() may keep until flush(), at most
};

// What is opened: all queues of one interface at once.
struct PortConfig {
  std::string where;                    // the interface, of backends that are on one
  std::uint32_t queues = 1;             // ports to open, one a queue
  base::MutableBytes area;              // the umem: page-aligned, outlives the ports
  std::uint32_t frame_bytes = 2048;     // a power of two, 2048 or more
  std::uint32_t rx_frames = 1024;       // a queue
  std::uint32_t tx_descriptors = 1024;  // a queue
  XdpOptions xdp;
  SocketOptions socket;
  KernelOptions kernel;

  [[nodiscard]] std::uint32_t frames() const noexcept {
    return static_cast<std::uint32_t>(area.size() / frame_bytes);
  }
  // The first frame that is not an rx frame.
  [[nodiscard]] std::uint32_t first_tx_frame() const noexcept { return queues * rx_frames; }
};

using Ports = std::vector<std::unique_ptr<Port>>;

// Whether a backend can work here; reason and hint are empty when it can.
struct Availability {
  bool available = true;
  std::string_view reason;
  std::string_view hint;
};

struct Backend {
  std::string_view name;
  std::string_view text;
  bool on_interface;                     // of the network, PortConfig::where
  bool datagrams_only;                   // carries UDP datagrams, not frames as they are
  bool attaches_xdp;                     // hangs an XDP program on the interface
  Availability (*available)() noexcept;  // asks the kernel; microseconds
  base::Result<Ports> (*create)(const PortConfig&);
};

[[nodiscard]] std::span<const Backend> backends() noexcept;

// Opens the backend of that name in the calling thread's network namespace. Errors: invalid (no
// such backend, a configuration that cannot be), unavailable (privilege, kernel, driver: with the
// remedy), resource (memory), io (a file).
[[nodiscard]] base::Result<Ports> open_ports(std::string_view backend, const PortConfig& config);

}  // namespace ringbed::port
