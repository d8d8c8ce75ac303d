// What a device is made from: plain structs that mirror the messages Device, Pool, Connections and
// Logic of scenario.proto. They are validated by the functions that consume them (create_pool,
// create_table, create_logic, create_device); units are in the names.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "wire/address.hpp"

namespace ringbed::device {

// An IPv4 or IPv6 address as it stands on the wire. IPv4 lies in the first four bytes, the rest is
// zero, so that comparing whole structs is comparing addresses.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  std::uint8_t length = 0;  // 4, 16, or 0: none

  // From 4 or 16 wire bytes; any other length gives "none".
  [[nodiscard]] static IpAddress from(base::ByteView wire) noexcept {
    IpAddress address;
    if (wire.size() == 4 || wire.size() == 16) {
      std::copy(wire.begin(), wire.end(), address.bytes.begin());
      address.length = static_cast<std::uint8_t>(wire.size());
    }
    return address;
  }

  [[nodiscard]] bool is_v4() const noexcept { return length == 4; }
  [[nodiscard]] bool is_v6() const noexcept { return length == 16; }
  [[nodiscard]] bool is_none() const noexcept { return length == 0; }
  [[nodiscard]] bool is_multicast() const noexcept {
    return (is_v4() && (bytes[0] & 0xf0) == 0xe0) || (is_v6() && bytes[0] == 0xff);
  }
  [[nodiscard]] base::ByteView view() const noexcept { return {bytes.data(), length}; }

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

struct Endpoint {
  wire::MacAddress mac;
  IpAddress ip;
  std::uint16_t port = 0;
};

struct PoolConfig {
  std::string kind = "fifo";
  std::uint32_t size = 256;           // buffers, 1 .. 2^30
  std::uint32_t buffer_bytes = 1500;  // capacity of each, at least 1
  std::uint32_t cores = 1;            // get/put are called with core < cores
};

enum class FullPolicy : std::uint8_t { reject_new, evict_oldest };

struct ConnectionsConfig {
  std::string kind = "chained";
  std::uint32_t buckets = 1024;   // chained: hash buckets; f14: ignored (sized by capacity)
  std::uint32_t capacity = 4096;  // connections, 1 .. 2^30
  FullPolicy policy = FullPolicy::reject_new;
  std::uint64_t idle_timeout_ns = 60'000'000'000;  // 0: never
  std::uint64_t seed = 0;  // of the keyed hash (f14); take a secret one where frames are hostile
};

struct LogicConfig {
  std::string kind = "threshold";
  std::uint32_t price_below_cents = 10'000;
  std::uint32_t quantity = 100;
  std::uint32_t order_cache = 16;  // last orders kept, 0: none
  std::uint32_t every = 10;        // logic `sample`: one order in so many messages, at least 1
};

struct DeviceConfig {
  std::string kind = "nanonet";
  Endpoint address;             // the device's own MAC and IP
  Endpoint target;              // what it answers to: unicast or group
  std::uint8_t protocol = 17;   // 17 UDP or 6 TCP
  Endpoint respond_to;          // ip none: the request's source; port 0: the request's port;
                                // mac zero: the request's source MAC
  std::vector<IpAddress> join;  // groups; a group target answers only when it is among them
  bool little_endian = false;   // byte order of the payloads
  bool verify_checksums = true;
  // A UDP or TCP checksum that covers nothing but the pseudo-header counts as right: the sender's
  // kernel left the rest to its NIC (CHECKSUM_PARTIAL), and the way here has none.
  bool partial_checksums = false;
  bool enabled = true;
  ConnectionsConfig connections;
  LogicConfig logic;
};

}  // namespace ringbed::device
