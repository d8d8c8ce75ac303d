// Everything that decides how an interface can be used, from the four places where Linux keeps it:
// rtnetlink (link, queues, routes), ethtool (driver, channels, rings, offloads, clocks), the netdev
// family (XDP) and sysfs (NUMA node). And the counters that say where frames got lost.
#pragma once

#include <string>
#include <vector>

#include "port/ethtool.hpp"
#include "port/netdev.hpp"
#include "port/netlink.hpp"

namespace ringbed::port {

struct NicInfo {
  LinkInfo link;
  Ethtool::Driver driver;
  std::optional<ethtool_channels> channels;
  std::optional<ethtool_ringparam> rings;
  std::optional<ethtool_coalesce> coalescing;
  std::optional<std::uint32_t> speed_mbps;
  std::optional<XdpFeatures> xdp;  // none: the kernel does not tell
  std::vector<std::string> offloads;
  bool rx_hardware_timestamps = false;
  bool tx_hardware_timestamps = false;
  int clock = -1;      // /dev/ptpN; -1: none
  int numa_node = -1;  // -1: none, or not a device on a bus
  bool default_route = false;

  // Receive queues in use now.
  [[nodiscard]] std::uint32_t rx_queues() const noexcept;
};

// All interfaces of the calling thread's network namespace, but loopback. Error: unavailable.
[[nodiscard]] base::Result<std::vector<NicInfo>> nics();

// Frames received on each queue so far, by the driver's counters; empty where it has none.
[[nodiscard]] std::vector<std::uint64_t> frames_by_queue(const std::string& interface);

// Counters of frames lost at an interface, by the kernel's and the driver's own names. Error:
// invalid (no such interface).
[[nodiscard]] base::Result<std::vector<Ethtool::Statistic>> loss_counters(
    const std::string& interface);

// Frames that the kernel's backlog had no room for, all processors added up
// (/proc/net/softnet_stat, second column).
[[nodiscard]] std::uint64_t backlog_drops();

}  // namespace ringbed::port
