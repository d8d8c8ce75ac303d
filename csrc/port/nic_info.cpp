#include "port/nic_info.hpp"

#include <linux/net_tstamp.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace ringbed::port {

namespace {

int numa_node_of(const std::string& bus) {
  int node = -1;
  if (!bus.empty() && bus.find('/') == std::string::npos) {
    std::ifstream file("/sys/bus/pci/devices/" + bus + "/numa_node");
    file >> node;
  }
  return node;
}

void ask_driver(NicInfo& info) {
  const auto ethtool = Ethtool::open(info.link.name);
  if (!ethtool) {
    return;
  }
  const Ethtool& driver = ethtool.value();
  info.driver = driver.driver().value_or(Ethtool::Driver{});
  info.channels = driver.channels();
  info.rings = driver.rings();
  info.coalescing = driver.coalescing();
  info.speed_mbps = driver.speed();
  info.offloads = driver.features();
  if (const auto clock = driver.timestamping()) {
    info.rx_hardware_timestamps = (clock->so_timestamping & SOF_TIMESTAMPING_RX_HARDWARE) != 0;
    info.tx_hardware_timestamps = (clock->so_timestamping & SOF_TIMESTAMPING_TX_HARDWARE) != 0;
    info.clock = clock->phc_index;
  }
  info.numa_node = numa_node_of(info.driver.bus);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// By the words that drivers use in the names of such counters.
bool counts_losses(const std::string& name) {
  static constexpr auto kWords = std::to_array<std::string_view>(
      {"drop", "discard", "miss", "err", "no_buf", "nobuf", "no_desc", "full", "fail", "overrun"});
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return contains(name, word); });
}

}  // namespace

std::uint32_t NicInfo::rx_queues() const noexcept {
  if (channels && channels->rx_count + channels->combined_count != 0) {
    return channels->rx_count + channels->combined_count;
  }
  return link.rx_queues;
}

base::Result<std::vector<NicInfo>> nics() {
  auto netlink = Netlink::open();
  if (!netlink) {
    return netlink.error();
  }
  auto links = netlink.value().links();
  if (!links) {
    return links.error();
  }
  auto routes = netlink.value().default_routes();
  if (!routes) {
    return routes.error();
  }
  const auto features = xdp_features();
  std::vector<NicInfo> rows;
  for (LinkInfo& link : links.value()) {
    if ((link.flags & IFF_LOOPBACK) != 0) {
      continue;
    }
    NicInfo info;
    info.link = std::move(link);
    info.default_route = std::find(routes.value().begin(), routes.value().end(), info.link.index) !=
                         routes.value().end();
    if (features) {
      const auto found = features.value().find(info.link.index);
      info.xdp = found == features.value().end() ? XdpFeatures{} : found->second;
    }
    ask_driver(info);
    rows.push_back(std::move(info));
  }
  return rows;
}

// veth and many others: rx_queue_N_packets or rx_queue_N_xdp_packets.
std::vector<std::uint64_t> frames_by_queue(const std::string& interface) {
  std::vector<std::uint64_t> queues;
  const auto ethtool = Ethtool::open(interface);
  if (!ethtool) {
    return queues;
  }
  constexpr std::string_view kPrefix = "rx_queue_";
  for (const auto& [name, value] : ethtool.value().statistics()) {
    if (name.rfind(kPrefix, 0) != 0) {
      continue;
    }
    std::size_t queue = 0;
    const char* const end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(name.data() + kPrefix.size(), end, queue);
    const std::string_view what(rest, static_cast<std::size_t>(end - rest));
    if (error == std::errc{} && queue < 4096 && (what == "_packets" || what == "_xdp_packets")) {
      queues.resize(std::max(queues.size(), queue + 1));
      queues[queue] = std::max(queues[queue], value);
    }
  }
  return queues;
}

base::Result<std::vector<Ethtool::Statistic>> loss_counters(const std::string& interface) {
  auto netlink = Netlink::open();
  if (!netlink) {
    return netlink.error();
  }
  auto found = netlink.value().link(interface);
  if (!found) {
    return found.error();
  }
  const LinkInfo& link = found.value();
  std::vector<Ethtool::Statistic> counters{
      {"rx_dropped", link.rx_dropped},      {"tx_dropped", link.tx_dropped},
      {"rx_errors", link.rx_errors},        {"tx_errors", link.tx_errors},
      {"rx_missed_errors", link.rx_missed}, {"rx_over_errors", link.rx_over},
      {"rx_nohandler", link.rx_nohandler},  {"tx_carrier_errors", link.tx_carrier},
  };
  if (const auto ethtool = Ethtool::open(interface)) {
    for (Ethtool::Statistic& counter : ethtool.value().statistics()) {
      if (counts_losses(counter.name)) {
        counters.push_back(std::move(counter));
      }
    }
  }
  return counters;
}

std::uint64_t backlog_drops() {
  std::uint64_t sum = 0;
  std::ifstream file("/proc/net/softnet_stat");
  for (std::string line; std::getline(file, line);) {
    std::uint64_t processed = 0;
    std::uint64_t dropped = 0;
    std::istringstream columns(line);
    if (columns >> std::hex >> processed >> dropped) {
      sum += dropped;
    }
  }
  return sum;
}

}  // namespace ringbed::port
