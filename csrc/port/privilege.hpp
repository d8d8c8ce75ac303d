// Which capabilities this process lacks (capabilities(7)), by name, so that an error can say what
// exactly is missing instead of "run as root".
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ringbed::port {

// The kernel's numbers (linux/capability.h).
enum class Capability : std::uint8_t {
  net_admin = 12,
  net_raw = 13,
  ipc_lock = 14,
  sys_admin = 21,
  perfmon = 38,
  bpf = 39,
};

inline constexpr auto kCapabilities =
    std::to_array<Capability>({Capability::net_admin, Capability::net_raw, Capability::bpf,
                               Capability::perfmon, Capability::sys_admin, Capability::ipc_lock});

[[nodiscard]] std::string_view to_string(Capability capability) noexcept;
// What ringbed wants it for.
[[nodiscard]] std::string_view purpose_of(Capability capability) noexcept;

// Whether the calling thread has it in effect. CAP_SYS_ADMIN stands in for CAP_BPF and CAP_PERFMON,
// as it does in the kernel.
[[nodiscard]] bool has(Capability capability) noexcept;

// "CAP_NET_RAW and CAP_BPF": those of `wanted` that are not there; empty when all are.
[[nodiscard]] std::string lacking(std::span<const Capability> wanted);

// Ok, or unavailable: `purpose` needs what is lacking, and how to give it.
[[nodiscard]] base::Status require(std::span<const Capability> wanted, std::string_view purpose);

}  // namespace ringbed::port
