// What a driver says of an interface and lets be changed: ethtool's ioctl (linux/ethtool.h), in the
// calling thread's network namespace. A driver that does not know a question is no error: the
// answer is empty. Blocking, one thread, not for hot paths.
#pragma once

#include <linux/ethtool.h>
#include <linux/net_tstamp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "port/descriptor.hpp"

namespace ringbed::port {

class Ethtool {
 public:
  // Error: unavailable. Whether the interface exists shows with the first question.
  [[nodiscard]] static base::Result<Ethtool> open(std::string interface);

  struct Driver {
    std::string name;
    std::string version;
    std::string bus;  // e.g. a PCI address
  };
  [[nodiscard]] std::optional<Driver> driver() const;
  [[nodiscard]] std::optional<ethtool_channels> channels() const;
  [[nodiscard]] std::optional<ethtool_ringparam> rings() const;
  [[nodiscard]] std::optional<ethtool_coalesce> coalescing() const;
  // Of hardware clocks: SOF_TIMESTAMPING_* bits and the PTP clock's number (-1: none).
  [[nodiscard]] std::optional<ethtool_ts_info> timestamping() const;
  // Mbit/s, while the link is up and the driver knows.
  [[nodiscard]] std::optional<std::uint32_t> speed() const;
  // Names of the offloads that are switched on.
  [[nodiscard]] std::vector<std::string> features() const;

  struct Statistic {
    std::string name;
    std::uint64_t value = 0;
  };
  // The driver's own counters.
  [[nodiscard]] std::vector<Statistic> statistics() const;

  // Which frames the NIC stamps now (its own ioctl, SIOCGHWTSTAMP).
  [[nodiscard]] std::optional<hwtstamp_config> stamping() const;

  // 0, or the errno of the refusal. `cmd` of the structure is filled in.
  [[nodiscard]] int set(ethtool_channels channels) const noexcept;
  [[nodiscard]] int set(ethtool_ringparam rings) const noexcept;
  [[nodiscard]] int set(ethtool_coalesce coalescing) const noexcept;
  // The driver may stamp more than it was asked to.
  [[nodiscard]] int set(hwtstamp_config stamping) const noexcept;

 private:
  Ethtool(FileDescriptor socket, std::string interface)
      : socket_(std::move(socket)), interface_(std::move(interface)) {}

  // 0 or errno. `request` begins with the command, if the ioctl is ethtool's.
  [[nodiscard]] int ask(void* request, unsigned long ioctl) const noexcept;
  [[nodiscard]] int ask(void* request) const noexcept;
  template <typename Struct>
  [[nodiscard]] std::optional<Struct> get(std::uint32_t command) const;
  [[nodiscard]] std::vector<std::string> strings(std::uint32_t set) const;

  FileDescriptor socket_;
  std::string interface_;
};

}  // namespace ringbed::port
