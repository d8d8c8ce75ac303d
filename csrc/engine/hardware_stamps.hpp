// When frames arrive by the clock of the NIC that gets them, instead of when a core finds them in
// its ring. XDP programs ask the driver for a frame's time (bpf_xdp_metadata_rx_timestamp, Linux
// 6.3; Documentation/networking/xdp-rx-metadata.rst); to be of use for a run's times, the clock
// that it is of must be one that the host can read, too (a PTP clock).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "ebpf/kernel_types.hpp"
#include "engine/live_clock.hpp"
#include "port/hardware_clock.hpp"
#include "port/netlink.hpp"
#include "port/port.hpp"

namespace ringbed::engine {

// Of the interface at one end of a run.
class HardwareStamps {
 public:
  // No stamps.
  HardwareStamps() = default;
  explicit HardwareStamps(std::string why_not) : text_(std::move(why_not)) {}

  using Namespace = std::function<base::Status(const std::function<base::Status()>&)>;
  // `within` does things in the network namespace of the interface.
  [[nodiscard]] static HardwareStamps look_for(const base::Result<port::LinkInfo>& interface,
                                               const Namespace& within,
                                               const base::Result<ebpf::KernelTypes>& types);

  // port::XdpOptions::stamp_function
  [[nodiscard]] std::uint32_t function() const noexcept { return function_; }
  // The ports are open and their frames carry no stamps after all.
  void refused();

  // nullptr: frames arrive when they are found.
  [[nodiscard]] const port::HardwareClock* clock() const noexcept { return clock_.get(); }
  // Now and then, so that the clocks do not run apart. One thread.
  void look() noexcept {
    if (clock_) {
      clock_->look();
    }
  }
  // Whose stamps they are, or what was tried and is missing; a sentence.
  [[nodiscard]] std::string text() const;

 private:
  std::unique_ptr<port::HardwareClock> clock_;
  std::uint32_t function_ = 0;
  std::string text_;
};

// The arrivals of one thread's frames.
class Arrivals {
 public:
  Arrivals(base::MutableBytes area, const LiveClock& clock) noexcept : area_(area), clock_(clock) {}

  // From now on frames have stamps (Capabilities::rx_stamps) of this clock; before the run.
  void stamped_by(const port::HardwareClock* hardware) noexcept { hardware_ = hardware; }

  // When the frame at `address` arrived, counted from the start of the run; `now`: when it was
  // found, which is what counts for a frame without a stamp. Once a frame.
  [[nodiscard]] std::uint64_t of(std::uint64_t address, std::uint64_t now) noexcept {
    return hardware_ == nullptr ? now : stamp(address, now);
  }
  // Frames that had none, of those asked for while there was a clock.
  [[nodiscard]] std::uint64_t without() const noexcept { return without_; }

 private:
  [[nodiscard]] std::uint64_t stamp(std::uint64_t address, std::uint64_t now) noexcept;

  base::MutableBytes area_;
  const LiveClock& clock_;
  const port::HardwareClock* hardware_ = nullptr;
  std::uint64_t without_ = 0;
};

}  // namespace ringbed::engine
