#include "port/hardware_clock.hpp"

#include <fcntl.h>

#include <algorithm>
#include <string>

namespace ringbed::port {

namespace {

constexpr int kTries = 8;  // pairs a look

bool nanoseconds(clockid_t clock, std::uint64_t& now) noexcept {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) {
    return false;
  }
  now = static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
        static_cast<std::uint64_t>(time.tv_nsec);
  return true;
}

// The clock of a character device, as the kernel numbers them (clock_getres(2), "Dynamic clocks").
clockid_t clock_of(int descriptor) noexcept {
  constexpr std::uint32_t kFileClock = 3;
  return static_cast<clockid_t>((~static_cast<std::uint32_t>(descriptor) << 3) | kFileClock);
}

}  // namespace

base::Result<std::unique_ptr<HardwareClock>> HardwareClock::open(int number) {
  const std::string path = "/dev/ptp" + std::to_string(number);
  FileDescriptor device(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!device) {
    return system_error(base::ErrorCode::unavailable, "cannot open " + path, errno,
                        "let this user read " + path);
  }
  const clockid_t clock = clock_of(device.get());
  return start(std::unique_ptr<HardwareClock>(new HardwareClock(std::move(device), clock)), path);
}

base::Result<std::unique_ptr<HardwareClock>> HardwareClock::of(clockid_t clock) {
  return start(std::unique_ptr<HardwareClock>(new HardwareClock(FileDescriptor(), clock)),
               "the clock");
}

base::Result<std::unique_ptr<HardwareClock>> HardwareClock::start(
    std::unique_ptr<HardwareClock> clock, const std::string& name) {
  if (const int error = clock->try_look(); error != 0) {
    return system_error(base::ErrorCode::unavailable, name + " cannot be read", error, "");
  }
  return clock;
}

int HardwareClock::try_look() noexcept {
  std::uint64_t narrowest = UINT64_MAX;
  std::uint64_t stamp = 0;
  std::uint64_t middle = 0;
  for (int i = 0; i < kTries; ++i) {
    std::uint64_t before = 0;
    std::uint64_t after = 0;
    std::uint64_t shown = 0;
    if (!nanoseconds(CLOCK_MONOTONIC, before) || !nanoseconds(clock_, shown) ||
        !nanoseconds(CLOCK_MONOTONIC, after)) {
      return errno;
    }
    if (after - before < narrowest) {
      narrowest = after - before;
      stamp = shown;
      middle = before + narrowest / 2;
    }
  }
  uncertainty_ns_ = std::max(uncertainty_ns_, (narrowest + 1) / 2);
  line_.look(stamp, middle);
  return 0;
}

void HardwareClock::look() noexcept { static_cast<void>(try_look()); }

}  // namespace ringbed::port
