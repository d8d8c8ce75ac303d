// Settings of an interface that a run needs otherwise than they are: channels, ring sizes,
// coalescing, which frames are stamped. Unlike what a descriptor holds they outlive a process, so
// they are written down before the first change, in a file that the process keeps locked, and put
// back at the end; after kill -9 whoever starts next finds the file unlocked and puts them back. A
// file is about one interface of one network namespace of one boot; it only speaks to those.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "port/descriptor.hpp"
#include "port/ethtool.hpp"

namespace ringbed::port {

struct NicWish {
  std::uint32_t queues = 1;
  // Only where the driver has such a setting; 0: leave it alone.
  std::uint32_t rx_descriptors = 0;
  std::uint32_t tx_descriptors = 0;
  std::optional<std::uint32_t> coalesce_usecs;
  std::uint32_t coalesce_frames = 0;  // with coalesce_usecs; 0: by time alone
  bool stamps = false;                // every received frame by the NIC's clock
};

class NicSettings {
 public:
  // Changes what differs; `folder`: where it is written down (empty: nowhere). Errors: unavailable
  // (fewer queues than wished, another run has changed this interface).
  [[nodiscard]] static base::Result<NicSettings> apply(const std::string& interface,
                                                       const NicWish& wish,
                                                       const std::string& folder);
  NicSettings(NicSettings&& other) noexcept = default;
  NicSettings& operator=(NicSettings&& other) = delete;
  ~NicSettings();

  // What was changed, and what was left alone and why; a sentence each.
  [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }

  // Interfaces of this namespace that runs which were killed have left changed.
  static std::vector<std::string> left_behind(const std::string& folder);
  // Puts them back. Returns a sentence for each interface.
  static std::vector<std::string> restore_left_behind(const std::string& folder);

 private:
  // As they were; empty: not changed.
  struct Before {
    std::optional<ethtool_channels> channels;
    std::optional<ethtool_ringparam> rings;
    std::optional<ethtool_coalesce> coalescing;
    std::optional<hwtstamp_config> stamping;

    [[nodiscard]] bool any() const noexcept { return channels || rings || coalescing || stamping; }
  };

  NicSettings(std::string interface, Ethtool ethtool)
      : interface_(std::move(interface)), ethtool_(std::move(ethtool)) {}

  [[nodiscard]] base::Status plan(const NicWish& wish);
  void plan_rings(const NicWish& wish);
  void plan_coalescing(const NicWish& wish);
  void plan_stamping(const NicWish& wish);
  [[nodiscard]] base::Status remember(const std::string& folder);
  [[nodiscard]] base::Status change();
  template <typename Setting>
  void change(const std::optional<Setting>& wanted, std::optional<Setting>& before,
              const char* name);
  using Visit = std::function<void(const std::string& path, const std::string& interface,
                                   const Before& before)>;
  static void for_each_left_behind(const std::string& folder, const Visit& visit);
  static int put_back(const Ethtool& ethtool, const Before& before) noexcept;
  static std::optional<Before> read(const std::string& path, std::string& interface);

  std::string interface_;
  Ethtool ethtool_;
  Before before_;
  Before wanted_;
  std::string path_;     // of the file; empty: none
  FileDescriptor lock_;  // of the file
  std::vector<std::string> notes_;
};

}  // namespace ringbed::port
