// What the verifier's messages usually mean for whoever wrote the program. One row a message, the
// more particular ones first. A new one is one row, and one file in test/data/bpf/bad.
#pragma once

#include <string_view>

namespace ringbed::ebpf {

// What usually fixes it; "" for a message that no row knows.
[[nodiscard]] std::string_view verifier_hint(std::string_view message) noexcept;

}  // namespace ringbed::ebpf
