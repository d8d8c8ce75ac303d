// The clock of a NIC (PTP hardware clock, Documentation/driver-api/ptp.rst), seen from
// CLOCK_MONOTONIC: turns the time stamps that the NIC writes into times of the host. Both clocks
// are read one inside the other, several times, and the narrowest pair counts: it is wrong by half
// its width at most.
#pragma once

#include <time.h>

#include <cstdint>
#include <memory>

#include "base/result.hpp"
#include "port/clock_line.hpp"
#include "port/descriptor.hpp"

namespace ringbed::port {

class HardwareClock {
 public:
  // /dev/ptp<number>, and looks at it. Error: unavailable.
  [[nodiscard]] static base::Result<std::unique_ptr<HardwareClock>> open(int number);
  // Any other clock of the system.
  [[nodiscard]] static base::Result<std::unique_ptr<HardwareClock>> of(clockid_t clock);

  // Looks at the clocks again; ten times a second is enough. A clock that can no longer be read
  // leaves everything as it was. One thread.
  void look() noexcept;

  // CLOCK_MONOTONIC, in nanoseconds, when the NIC's clock showed `stamp`; 0 for before the host was
  // started. Any thread.
  [[nodiscard]] std::uint64_t monotonic(std::uint64_t stamp) const noexcept {
    return line_.ours(stamp);
  }

  // How far off the looks can be: the widest of their pairs so far, halved.
  [[nodiscard]] std::uint64_t uncertainty_ns() const noexcept { return uncertainty_ns_; }

 private:
  HardwareClock(FileDescriptor device, clockid_t clock)
      : device_(std::move(device)), clock_(clock) {}
  [[nodiscard]] static base::Result<std::unique_ptr<HardwareClock>> start(
      std::unique_ptr<HardwareClock> clock, const std::string& name);
  [[nodiscard]] int try_look() noexcept;  // 0 or errno

  FileDescriptor device_;
  clockid_t clock_;
  ClockLine line_;
  std::uint64_t uncertainty_ns_ = 0;
};

}  // namespace ringbed::port
