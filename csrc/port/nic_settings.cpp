#include "port/nic_settings.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "port/netlink.hpp"

namespace ringbed::port {

namespace {

constexpr std::string_view kFirstLine = "ringbed-nic-settings 1";
constexpr std::string_view kPrefix = "nic-";

std::string boot() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

std::uint64_t network_namespace() {
  struct stat facts {};
  return stat("/proc/thread-self/ns/net", &facts) == 0 ? facts.st_ino : 0;
}

std::string mac_text(const LinkInfo& link) {
  std::string text;
  for (const std::uint8_t byte : link.mac) {
    static constexpr char kDigits[] = "0123456789abcdef";
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

// Structures of ethtool's are arrays of 32-bit numbers.
template <typename Struct>
void write_numbers(std::ostream& out, const char* name, const std::optional<Struct>& value) {
  if (value) {
    std::array<std::uint32_t, sizeof(Struct) / 4> numbers;
    std::memcpy(numbers.data(), &*value, sizeof *value);
    out << name;
    for (const std::uint32_t number : numbers) {
      out << ' ' << number;
    }
    out << '\n';
  }
}

template <typename Struct>
std::optional<Struct> read_numbers(std::istream& in) {
  std::array<std::uint32_t, sizeof(Struct) / 4> numbers{};
  for (std::uint32_t& number : numbers) {
    if (!(in >> number)) {
      return std::nullopt;
    }
  }
  Struct value;
  std::memcpy(&value, numbers.data(), sizeof value);
  return value;
}

base::Result<LinkInfo> link_of(const std::string& interface) {
  auto netlink = Netlink::open();
  return netlink ? netlink.value().link(interface) : base::Result<LinkInfo>(netlink.error());
}

std::string number(std::uint64_t value) { return std::to_string(value); }

// Whether the kernel may be asked for `wanted` at all, and what it is asked for.
std::uint32_t within(std::uint32_t wanted, std::uint32_t most) {
  return most == 0 ? wanted : std::min(wanted, most);
}

}  // namespace

base::Result<NicSettings> NicSettings::apply(const std::string& interface, const NicWish& wish,
                                             const std::string& folder) {
  auto ethtool = Ethtool::open(interface);
  if (!ethtool) {
    return ethtool.error();
  }
  NicSettings settings(interface, std::move(ethtool).value());
  base::Status status = settings.plan(wish);
  if (status) {
    status = settings.remember(folder);
  }
  if (status) {
    status = settings.change();
  }
  if (!status) {
    return status.error();
  }
  return settings;
}

NicSettings::~NicSettings() {
  // A moved-from object has no file and, its socket gone, changes nothing; nor does one whose
  // interface is gone.
  static_cast<void>(put_back(ethtool_, before_));
  if (!path_.empty()) {
    unlink(path_.c_str());
  }
}

base::Status NicSettings::plan(const NicWish& wish) {
  const auto channels = ethtool_.channels();
  const auto link = link_of(interface_);
  if (!link) {
    return link.error();
  }
  if (!channels) {
    if (link.value().rx_queues < wish.queues) {
      return base::Error{base::ErrorCode::unavailable,
                         "interface " + interface_ + " has " + number(link.value().rx_queues) +
                             " receive queues, the scenario wants " + number(wish.queues),
                         "set nic.queues to " + number(link.value().rx_queues)};
    }
  } else {
    const bool combined = channels->max_combined != 0;
    const std::uint32_t now =
        combined ? channels->combined_count + channels->rx_count : channels->rx_count;
    const std::uint32_t most = combined ? channels->max_combined : channels->max_rx;
    if (now != wish.queues) {
      if (most < wish.queues) {
        return base::Error{base::ErrorCode::unavailable,
                           "interface " + interface_ + " can have " + number(most) +
                               " channels, the scenario wants " + number(wish.queues) + " queues",
                           "set nic.queues to " + number(most) + " or less"};
      }
      before_.channels = channels;
      wanted_.channels = channels;
      if (combined) {
        wanted_.channels->combined_count = wish.queues;
        wanted_.channels->rx_count = 0;
        wanted_.channels->tx_count = 0;
      } else {
        wanted_.channels->rx_count = wish.queues;
        wanted_.channels->tx_count = std::min(wish.queues, channels->max_tx);
      }
    }
  }
  plan_rings(wish);
  plan_coalescing(wish);
  plan_stamping(wish);
  return {};
}

void NicSettings::plan_rings(const NicWish& wish) {
  if (wish.rx_descriptors == 0) {
    return;
  }
  const auto rings = ethtool_.rings();
  if (!rings || rings->rx_max_pending == 0) {
    notes_.push_back(interface_ + ": ring sizes not supported by the driver, left alone");
    return;
  }
  ethtool_ringparam wanted = *rings;
  wanted.rx_pending = within(wish.rx_descriptors, rings->rx_max_pending);
  wanted.tx_pending = within(wish.tx_descriptors, rings->tx_max_pending);
  if (wanted.rx_pending < wish.rx_descriptors) {
    notes_.push_back(interface_ + ": the driver's receive rings have at most " +
                     number(rings->rx_max_pending) + " descriptors; the scenario wants " +
                     number(wish.rx_descriptors));
  }
  if (wanted.rx_pending != rings->rx_pending || wanted.tx_pending != rings->tx_pending) {
    before_.rings = rings;
    wanted_.rings = wanted;
  }
}

void NicSettings::plan_coalescing(const NicWish& wish) {
  if (!wish.coalesce_usecs) {
    return;
  }
  const auto now = ethtool_.coalescing();
  if (!now) {
    notes_.push_back(interface_ + ": coalescing not supported by the driver, left alone");
    return;
  }
  ethtool_coalesce wanted = *now;
  wanted.rx_coalesce_usecs = *wish.coalesce_usecs;
  if (now->rx_max_coalesced_frames != 0 || wish.coalesce_frames != 0) {
    wanted.rx_max_coalesced_frames = wish.coalesce_frames;
  }
  wanted.use_adaptive_rx_coalesce = 0;
  if (std::memcmp(&wanted, &*now, sizeof wanted) != 0) {
    before_.coalescing = now;
    wanted_.coalescing = wanted;
  }
}

// A driver without stamps, or without a clock to read them against, is not asked.
void NicSettings::plan_stamping(const NicWish& wish) {
  const auto able = wish.stamps ? ethtool_.timestamping() : std::nullopt;
  const auto now = able && able->phc_index >= 0 ? ethtool_.stamping() : std::nullopt;
  if (now && now->rx_filter != HWTSTAMP_FILTER_ALL &&
      (able->rx_filters & (1U << HWTSTAMP_FILTER_ALL)) != 0) {
    before_.stamping = now;
    wanted_.stamping = now;
    wanted_.stamping->rx_filter = HWTSTAMP_FILTER_ALL;
  }
}

// Complete before anything is changed, and locked while the change stands.
base::Status NicSettings::remember(const std::string& folder) {
  if (folder.empty() || !before_.any()) {
    return {};
  }
  const auto link = link_of(interface_);
  if (!link) {
    return link.error();
  }
  std::ostringstream text;
  text << kFirstLine << "\nboot " << boot() << "\nnamespace " << network_namespace()
       << "\ninterface " << interface_ << ' ' << mac_text(link.value()) << '\n';
  write_numbers(text, "channels", before_.channels);
  write_numbers(text, "rings", before_.rings);
  write_numbers(text, "coalescing", before_.coalescing);
  write_numbers(text, "stamping", before_.stamping);
  const std::string content = text.str();
  const std::string path = folder + "/" + std::string(kPrefix) + number(network_namespace()) + "-" +
                           number(link.value().index) + ".state";
  const std::string temporary = path + "." + number(static_cast<std::uint64_t>(getpid()));
  FileDescriptor file(open(temporary.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600));
  const auto failed = [&](const std::string& what) {
    const int error = errno;
    unlink(temporary.c_str());
    return system_error(base::ErrorCode::unavailable, what, error,
                        "make " + folder + " writable: without it the settings of " + interface_ +
                            " could not be put back after a crash");
  };
  if (!file || flock(file.get(), LOCK_EX | LOCK_NB) != 0 ||
      write(file.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()) ||
      fsync(file.get()) != 0) {
    return failed("cannot write down the settings of " + interface_);
  }
  // link() and not rename(): it never takes the place of another run's file.
  if (::link(temporary.c_str(), path.c_str()) != 0) {
    if (errno != EEXIST) {
      return failed("cannot write down the settings of " + interface_);
    }
    unlink(temporary.c_str());
    return base::Error{
        base::ErrorCode::unavailable,
        "another ringbed run has changed the settings of " + interface_ + " and is still alive",
        "wait for it, or use another interface (" + path + ")"};
  }
  unlink(temporary.c_str());
  path_ = path;
  lock_ = std::move(file);
  return {};
}

base::Status NicSettings::change() {
  if (wanted_.channels) {
    if (const int error = ethtool_.set(*wanted_.channels); error != 0) {
      const std::uint32_t now =
          std::max(before_.channels->combined_count, before_.channels->rx_count);
      const std::uint32_t wanted =
          std::max(wanted_.channels->combined_count, wanted_.channels->rx_count);
      before_.channels.reset();
      if (now == 0) {
        return base::Error{base::ErrorCode::unavailable,
                           "interface " + interface_ + " has no queues: no program serves it",
                           "start the one that it belongs to (a tap has as many queues as it has "
                           "been opened for)"};
      }
      const std::string what = "interface " + interface_ + " has " + number(now) +
                               " channels and does not take the " + number(wanted) +
                               " that nic.queues wants";
      if (wanted > now) {
        return system_error(base::ErrorCode::unavailable, what, error,
                            "set nic.queues to " + number(now));
      }
      notes_.push_back(what + " (" + std::strerror(error) +
                       "): frames that it steers to the other queues pass the device by");
    } else {
      notes_.push_back(interface_ + ": channels set for the run, put back at its end");
    }
  }
  change(wanted_.rings, before_.rings, "ring sizes");
  change(wanted_.coalescing, before_.coalescing, "coalescing");
  change(wanted_.stamping, before_.stamping, "frames to be stamped");
  return {};
}

template <typename Setting>
void NicSettings::change(const std::optional<Setting>& wanted, std::optional<Setting>& before,
                         const char* name) {
  if (!wanted) {
    return;
  }
  if (const int error = ethtool_.set(*wanted); error != 0) {
    before.reset();
    notes_.push_back(interface_ + ": the driver refuses other " + name + " (" +
                     std::strerror(error) + "), left alone");
  } else {
    notes_.push_back(interface_ + ": " + name + " set for the run, put back at its end");
  }
}

// Returns 0 or the last refusal.
int NicSettings::put_back(const Ethtool& ethtool, const Before& before) noexcept {
  int refusal = 0;
  const auto put = [&](const auto& setting) {
    if (setting) {
      const int error = ethtool.set(*setting);
      refusal = error != 0 ? error : refusal;
    }
  };
  put(before.stamping);
  put(before.coalescing);
  put(before.rings);
  put(before.channels);
  return refusal;
}

std::optional<NicSettings::Before> NicSettings::read(const std::string& path,
                                                     std::string& interface) {
  std::ifstream file(path);
  std::string line;
  std::string word;
  if (!std::getline(file, line) || line != kFirstLine) {
    return Before{};
  }
  Before before;
  std::string mac;
  while (file >> word) {
    if (word == "boot") {
      file >> word;
      if (word != boot()) {
        return Before{};  // what a boot before this one had is gone
      }
    } else if (word == "namespace") {
      std::uint64_t number = 0;
      file >> number;
      if (number != network_namespace()) {
        return std::nullopt;  // for somebody else
      }
    } else if (word == "interface") {
      file >> interface >> mac;
    } else if (word == "channels") {
      before.channels = read_numbers<ethtool_channels>(file);
    } else if (word == "rings") {
      before.rings = read_numbers<ethtool_ringparam>(file);
    } else if (word == "coalescing") {
      before.coalescing = read_numbers<ethtool_coalesce>(file);
    } else if (word == "stamping") {
      before.stamping = read_numbers<hwtstamp_config>(file);
    }
  }
  const auto link = link_of(interface);
  return link && mac_text(link.value()) == mac ? before : Before{};
}

// Files whose run has died, of this namespace; those of an earlier boot or of an interface that is
// gone have no name in `interface`.
void NicSettings::for_each_left_behind(const std::string& folder, const Visit& visit) {
  DIR* const directory = folder.empty() ? nullptr : opendir(folder.c_str());
  if (directory == nullptr) {
    return;
  }
  while (const dirent* entry = readdir(directory)) {
    const std::string name = entry->d_name;
    if (name.rfind(kPrefix, 0) != 0) {
      continue;
    }
    const std::string path = folder + "/" + name;
    const FileDescriptor file(open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!file || flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      continue;  // its run is alive
    }
    std::string interface;
    if (const auto before = read(path, interface)) {
      visit(path, before->any() ? interface : std::string(), *before);
    }
  }
  closedir(directory);
}

std::vector<std::string> NicSettings::left_behind(const std::string& folder) {
  std::vector<std::string> interfaces;
  for_each_left_behind(folder,
                       [&](const std::string&, const std::string& interface, const Before&) {
                         if (!interface.empty()) {
                           interfaces.push_back(interface);
                         }
                       });
  return interfaces;
}

std::vector<std::string> NicSettings::restore_left_behind(const std::string& folder) {
  std::vector<std::string> told;
  for_each_left_behind(folder, [&](const std::string& path, const std::string& interface,
                                   const Before& before) {
    if (!interface.empty()) {
      const auto ethtool = Ethtool::open(interface);
      const int error = ethtool ? put_back(ethtool.value(), before) : 0;
      told.push_back(interface + ": settings that a killed run had changed " +
                     (error == 0 ? std::string("were put back")
                                 : std::string("could not be put back: ") + std::strerror(error)));
      if (error == EPERM) {
        return;  // somebody who may will need the file
      }
    }
    unlink(path.c_str());
  });
  return told;
}

}  // namespace ringbed::port
