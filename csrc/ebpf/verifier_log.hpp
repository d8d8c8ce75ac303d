// What the kernel's verifier says about a program that it refuses, made into one error: the source
// line, the reason, the registers that matter, what usually fixes it; the whole log in a file.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ebpf/object.hpp"

namespace ringbed::ebpf {

// `error`: positive errno of BPF_PROG_LOAD. The log goes to a new file in `folder` (empty: the one
// for temporary files), whose path is in the message.
[[nodiscard]] base::Error verifier_error(const ProgramSpec& program, std::string_view log,
                                         int error, const std::string& folder);

}  // namespace ringbed::ebpf
