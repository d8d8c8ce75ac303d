// Whether received frames could carry the time at which the NIC got them. XDP programs ask the
// driver for it (bpf_xdp_metadata_rx_timestamp, Linux 6.3; Documentation/networking/
// xdp-rx-metadata.rst); to be of use for a run's times, the clock that it is of must be one that
// the host can read, too (a PTP clock).
#pragma once

#include <string>

#include "ebpf/kernel_types.hpp"
#include "engine/live_world.hpp"

namespace ringbed::engine {

// Why the stamps of the device's interface are software's: what was tried and what is missing.
[[nodiscard]] std::string why_software_stamps(LiveWorld& world,
                                              const base::Result<ebpf::KernelTypes>& types);

}  // namespace ringbed::engine
