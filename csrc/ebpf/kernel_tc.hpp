// The clsact filter of kernel_link.hpp, over libbpf's netlink calls, in the calling thread's
// network namespace.
#pragma once

#include <cstdint>

#include "base/result.hpp"

namespace ringbed::ebpf {

// Puts the program in the place of ringbed's filter at ingress; makes the clsact qdisc when it is
// missing. The value: whether it was.
[[nodiscard]] base::Result<bool> attach_clsact(std::uint32_t interface, int program);
// Takes the filter away, and with `hook` the qdisc.
void detach_clsact(std::uint32_t interface, bool hook) noexcept;

}  // namespace ringbed::ebpf
