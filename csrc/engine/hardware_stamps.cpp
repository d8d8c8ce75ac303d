#include "engine/hardware_stamps.hpp"

#include <algorithm>
#include <cstring>

#include "port/bpf.hpp"
#include "port/ethtool.hpp"

namespace ringbed::engine {

namespace {

// Loads a program, for this interface alone, that asks for the stamp of every frame. Nothing is
// attached: the kernel resolves the question to the driver's own function while it loads.
base::Status ask_for_stamps(std::uint32_t interface, std::uint32_t function) {
  using enum port::BpfAssembler::Register;
  port::BpfAssembler program;
  program.store(r10, -port::kStampBytes, 0, port::kStampBytes);
  program.alu(BPF_MOV, r2, r10);
  program.alu(BPF_ADD, r2, -port::kStampBytes);
  program.call_kernel(function);
  program.alu(BPF_MOV, r0, XDP_PASS);
  program.exit();
  auto loaded = port::load_xdp_for(interface, program.code(), "ringbed_stamps");
  return loaded ? base::Status() : base::Status(loaded.error());
}

}  // namespace

HardwareStamps HardwareStamps::look_for(const base::Result<port::LinkInfo>& interface,
                                        const Namespace& within,
                                        const base::Result<ebpf::KernelTypes>& types) {
  if (!interface) {
    return HardwareStamps(interface.error().message);
  }
  const std::string& name = interface.value().name;
  if (!types) {
    return HardwareStamps(name + ": " + types.error().message);
  }
  const auto function = types.value().function("bpf_xdp_metadata_rx_timestamp");
  if (!function) {
    return HardwareStamps("the kernel has no receive timestamps for XDP (Linux 6.3 has)");
  }
  HardwareStamps made;
  const base::Status ran = within([&]() -> base::Status {
    if (base::Status asked = ask_for_stamps(interface.value().index, *function); !asked) {
      return base::Error{base::ErrorCode::unavailable,
                         "the driver of " + name + " gives XDP no receive timestamps (" +
                             asked.error().message + ")",
                         ""};
    }
    const auto ethtool = port::Ethtool::open(name);
    const auto clocks = ethtool ? ethtool.value().timestamping() : std::nullopt;
    if (!clocks || clocks->phc_index < 0) {
      return base::Error{
          base::ErrorCode::unavailable,
          "the driver of " + name +
              " answers for receive timestamps, but has no clock that they could be read against",
          ""};
    }
    auto clock = port::HardwareClock::open(clocks->phc_index);
    if (!clock) {
      return clock.error();
    }
    made.clock_ = std::move(clock).value();
    made.text_ = "of " + name + " by /dev/ptp" + std::to_string(clocks->phc_index);
    return {};
  });
  if (!ran) {
    return HardwareStamps(ran.error().message);
  }
  made.function_ = *function;
  return made;
}

void HardwareStamps::refused() {
  *this = HardwareStamps(text_ + ": the driver does not take the program that asks for them");
}

std::string HardwareStamps::text() const {
  return clock_ ? text_ + ", read to " + std::to_string(clock_->uncertainty_ns()) + " ns" : text_;
}

std::uint64_t Arrivals::stamp(std::uint64_t address, std::uint64_t now) noexcept {
  std::uint64_t stamp = 0;
  std::uint8_t* const at = area_.data() + address - port::kStampBytes;
  std::memcpy(&stamp, at, sizeof stamp);
  if (stamp == 0) {
    ++without_;
    return now;
  }
  std::memset(at, 0, sizeof stamp);
  // Nothing is found before it has arrived: what says so is the clocks' uncertainty.
  return std::min(now, clock_.since_start(hardware_->monotonic(stamp)));
}

}  // namespace ringbed::engine
