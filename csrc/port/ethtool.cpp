#include "port/ethtool.hpp"

#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace ringbed::port {

namespace {

// The kernel writes as many strings and counters as there are when it is asked, and they may have
// become more since their number was (a queue came).
constexpr std::size_t kSlack = 256;

// Room for any structure of ethtool's that ends in an array.
class Request {
 public:
  template <typename Head>
  Request(const Head& head, std::size_t tail) : words_((sizeof(Head) + tail + 7) / 8) {
    std::memcpy(words_.data(), &head, sizeof head);
  }
  [[nodiscard]] void* data() noexcept { return words_.data(); }
  template <typename Head>
  [[nodiscard]] Head head() const noexcept {
    Head head;
    std::memcpy(&head, words_.data(), sizeof head);
    return head;
  }
  [[nodiscard]] const std::uint8_t* tail(std::size_t head_bytes) const noexcept {
    return reinterpret_cast<const std::uint8_t*>(words_.data()) + head_bytes;
  }

 private:
  std::vector<std::uint64_t> words_;
};

std::string text(const char* from, std::size_t most) { return {from, strnlen(from, most)}; }

}  // namespace

base::Result<Ethtool> Ethtool::open(std::string interface) {
  FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) {
    return system_error(base::ErrorCode::unavailable, "cannot open a socket for ethtool", errno,
                        "");
  }
  return Ethtool(std::move(socket), std::move(interface));
}

int Ethtool::ask(void* request, unsigned long question) const noexcept {
  ifreq frame{};
  interface_.copy(frame.ifr_name, sizeof frame.ifr_name - 1);
  frame.ifr_data = static_cast<char*>(request);
  return ioctl(socket_.get(), question, &frame) == 0 ? 0 : errno;
}
int Ethtool::ask(void* request) const noexcept { return ask(request, SIOCETHTOOL); }

template <typename Struct>
std::optional<Struct> Ethtool::get(std::uint32_t command) const {
  Struct answer{};
  answer.cmd = command;
  return ask(&answer) == 0 ? std::optional(answer) : std::nullopt;
}

std::optional<Ethtool::Driver> Ethtool::driver() const {
  const auto info = get<ethtool_drvinfo>(ETHTOOL_GDRVINFO);
  if (!info) {
    return std::nullopt;
  }
  return Driver{text(info->driver, sizeof info->driver), text(info->version, sizeof info->version),
                text(info->bus_info, sizeof info->bus_info)};
}

std::optional<ethtool_channels> Ethtool::channels() const {
  return get<ethtool_channels>(ETHTOOL_GCHANNELS);
}
std::optional<ethtool_ringparam> Ethtool::rings() const {
  return get<ethtool_ringparam>(ETHTOOL_GRINGPARAM);
}
std::optional<ethtool_coalesce> Ethtool::coalescing() const {
  return get<ethtool_coalesce>(ETHTOOL_GCOALESCE);
}
std::optional<ethtool_ts_info> Ethtool::timestamping() const {
  return get<ethtool_ts_info>(ETHTOOL_GET_TS_INFO);
}

std::optional<hwtstamp_config> Ethtool::stamping() const {
  hwtstamp_config answer{};
  return ask(&answer, SIOCGHWTSTAMP) == 0 ? std::optional(answer) : std::nullopt;
}

// The kernel first tells how long its masks of link modes are: as a negative number.
std::optional<std::uint32_t> Ethtool::speed() const {
  ethtool_link_settings head{};
  head.cmd = ETHTOOL_GLINKSETTINGS;
  Request first(head, 0);
  if (ask(first.data()) != 0) {
    return std::nullopt;
  }
  const int words = -first.head<ethtool_link_settings>().link_mode_masks_nwords;
  if (words <= 0) {
    return std::nullopt;
  }
  head.link_mode_masks_nwords = static_cast<__s8>(words);
  Request second(head, static_cast<std::size_t>(words) * 3 * sizeof(std::uint32_t));
  if (ask(second.data()) != 0) {
    return std::nullopt;
  }
  const std::uint32_t mbits = second.head<ethtool_link_settings>().speed;
  const bool unknown = mbits == 0 || mbits == static_cast<std::uint32_t>(SPEED_UNKNOWN);
  return unknown ? std::nullopt : std::optional(mbits);
}

std::vector<std::string> Ethtool::strings(std::uint32_t set) const {
  ethtool_sset_info info{};
  info.cmd = ETHTOOL_GSSET_INFO;
  info.sset_mask = 1ULL << set;
  Request size(info, sizeof(std::uint32_t));
  if (ask(size.data()) != 0 || size.head<ethtool_sset_info>().sset_mask == 0) {
    return {};
  }
  std::uint32_t count = 0;
  std::memcpy(&count, size.tail(sizeof info), sizeof count);
  ethtool_gstrings head{};
  head.cmd = ETHTOOL_GSTRINGS;
  head.string_set = set;
  head.len = count;
  Request names(head, (std::size_t{count} + kSlack) * ETH_GSTRING_LEN);
  if (count == 0 || ask(names.data()) != 0) {
    return {};
  }
  std::vector<std::string> list;
  const std::uint32_t told = std::min(count, names.head<ethtool_gstrings>().len);
  for (std::uint32_t i = 0; i < told; ++i) {
    const auto* const at = names.tail(sizeof head) + std::size_t{i} * ETH_GSTRING_LEN;
    list.push_back(text(reinterpret_cast<const char*>(at), ETH_GSTRING_LEN));
  }
  return list;
}

std::vector<std::string> Ethtool::features() const {
  const std::vector<std::string> names = strings(ETH_SS_FEATURES);
  const std::size_t blocks = (names.size() + 31) / 32;
  ethtool_gfeatures head{};
  head.cmd = ETHTOOL_GFEATURES;
  head.size = static_cast<std::uint32_t>(blocks);
  Request answer(head, blocks * sizeof(ethtool_get_features_block));
  if (names.empty() || ask(answer.data()) != 0) {
    return {};
  }
  std::vector<std::string> on;
  for (std::size_t i = 0; i < names.size(); ++i) {
    ethtool_get_features_block block;
    std::memcpy(&block, answer.tail(sizeof head) + i / 32 * sizeof block, sizeof block);
    if ((block.active >> (i % 32) & 1U) != 0 && !names[i].empty()) {
      on.push_back(names[i]);
    }
  }
  return on;
}

std::vector<Ethtool::Statistic> Ethtool::statistics() const {
  const std::vector<std::string> names = strings(ETH_SS_STATS);
  ethtool_stats head{};
  head.cmd = ETHTOOL_GSTATS;
  head.n_stats = static_cast<std::uint32_t>(names.size());
  Request answer(head, (names.size() + kSlack) * sizeof(std::uint64_t));
  if (names.empty() || ask(answer.data()) != 0) {
    return {};
  }
  std::vector<Statistic> list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::uint64_t value = 0;
    std::memcpy(&value, answer.tail(sizeof head) + i * sizeof value, sizeof value);
    list.push_back({names[i], value});
  }
  return list;
}

int Ethtool::set(ethtool_channels channels) const noexcept {
  channels.cmd = ETHTOOL_SCHANNELS;
  return ask(&channels);
}
int Ethtool::set(ethtool_ringparam rings) const noexcept {
  rings.cmd = ETHTOOL_SRINGPARAM;
  return ask(&rings);
}
int Ethtool::set(ethtool_coalesce coalescing) const noexcept {
  coalescing.cmd = ETHTOOL_SCOALESCE;
  return ask(&coalescing);
}
int Ethtool::set(hwtstamp_config stamping) const noexcept { return ask(&stamping, SIOCSHWTSTAMP); }

}  // namespace ringbed::port
