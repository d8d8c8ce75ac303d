#include "port/privilege.hpp"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace ringbed::port {

namespace {

std::uint64_t effective() noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (syscall(SYS_capget, &header, data.data()) != 0) {
    return 0;
  }
  return std::uint64_t{data[1].effective} << 32 | data[0].effective;
}

std::string joined(const std::vector<std::string_view>& names, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i != 0) {
      text += i + 1 == names.size() ? last : ", ";
    }
    text += names[i];
  }
  return text;
}

std::vector<std::string_view> missing(std::span<const Capability> wanted) {
  std::vector<std::string_view> names;
  for (const Capability capability : wanted) {
    if (!has(capability)) {
      names.push_back(to_string(capability));
    }
  }
  return names;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char character) {
    return static_cast<char>(std::tolower(character));
  });
  return text;
}

}  // namespace

std::string_view to_string(Capability capability) noexcept {
  switch (capability) {
    case Capability::net_admin: return "CAP_NET_ADMIN";
    case Capability::net_raw: return "CAP_NET_RAW";
    case Capability::ipc_lock: return "CAP_IPC_LOCK";
    case Capability::sys_admin: return "CAP_SYS_ADMIN";
    case Capability::perfmon: return "CAP_PERFMON";
    case Capability::bpf: return "CAP_BPF";
  }
  return "";
}

std::string_view purpose_of(Capability capability) noexcept {
  switch (capability) {
    case Capability::net_admin: return "--on veth, --on nic: interfaces, XDP and AF_XDP";
    case Capability::net_raw: return "--on veth, --on nic: AF_XDP and packet sockets";
    case Capability::ipc_lock: return "frames beyond the limit of locked memory";
    case Capability::sys_admin: return "--on veth: network namespaces";
    case Capability::perfmon: return "the kernel's own reasons for drops";
    case Capability::bpf: return "--on veth, --on nic, classifiers: eBPF programs";
  }
  return "";
}

bool has(Capability capability) noexcept {
  const std::uint64_t set = effective();
  const auto holds = [set](Capability one) {
    return (set >> static_cast<unsigned>(one) & 1U) != 0;
  };
  const bool split_off = capability == Capability::bpf || capability == Capability::perfmon;
  return holds(capability) || (split_off && holds(Capability::sys_admin));
}

std::string lacking(std::span<const Capability> wanted) { return joined(missing(wanted), " and "); }

base::Status require(std::span<const Capability> wanted, std::string_view purpose) {
  const std::vector<std::string_view> names = missing(wanted);
  if (names.empty()) {
    return {};
  }
  std::vector<std::string_view> all;
  for (const Capability capability : wanted) {
    all.push_back(to_string(capability));
  }
  std::string set = lower(joined(all, ","));
  std::erase(set, ' ');
  return base::Error{base::ErrorCode::unavailable,
                     std::string(purpose) + " needs " + joined(names, " and ") +
                         ", which this process does not have",
                     "run as root, or give node the capabilities: setcap " + set +
                         "+ep on a copy of it (README, without root)"};
}

}  // namespace ringbed::port
