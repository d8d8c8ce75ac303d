#include "engine/hardware_stamps.hpp"

#include "port/bpf.hpp"
#include "port/ethtool.hpp"

namespace ringbed::engine {

namespace {

// Loads a program, for this interface alone, that asks for the stamp of every frame. Nothing is
// attached: the kernel resolves the question to the driver's own function while it loads.
base::Status ask_for_stamps(std::uint32_t interface, const base::Result<ebpf::KernelTypes>& types) {
  using enum port::BpfAssembler::Register;
  if (!types) {
    return types.error();
  }
  const auto function = types.value().function("bpf_xdp_metadata_rx_timestamp");
  if (!function) {
    return base::Error{base::ErrorCode::unavailable, "the kernel has no receive timestamps for XDP",
                       "boot Linux 6.3 or newer"};
  }
  port::BpfAssembler program;
  program.store(r10, -8, 0, 8);
  program.alu(BPF_MOV, r2, r10);
  program.alu(BPF_ADD, r2, -8);
  program.call_kernel(*function);
  program.alu(BPF_MOV, r0, XDP_PASS);
  program.exit();
  auto loaded = port::load_xdp_for(interface, program.code(), "ringbed_stamps");
  return loaded ? base::Status() : base::Status(loaded.error());
}

}  // namespace

std::string why_software_stamps(LiveWorld& world, const base::Result<ebpf::KernelTypes>& types) {
  const auto link = world.device_link();
  if (!link) {
    return link.error().message;
  }
  const std::string& name = link.value().name;
  std::string why;
  const base::Status ran = world.at_device([&]() -> base::Status {
    const base::Status asked = ask_for_stamps(link.value().index, types);
    const auto ethtool = port::Ethtool::open(name);
    const auto clocks = ethtool ? ethtool.value().timestamping() : std::nullopt;
    const int clock = clocks ? clocks->phc_index : -1;
    if (!asked) {
      why = name + ": " + asked.error().message;
    } else if (clock < 0) {
      why = "the driver of " + name +
            " answers for receive timestamps, but has no clock that they could be read against";
    } else {
      why = "the driver of " + name + " has receive timestamps of /dev/ptp" +
            std::to_string(clock) + ", which this ringbed does not read";
    }
    return {};
  });
  return ran ? why : ran.error().message;
}

}  // namespace ringbed::engine
