// The two kinds of executor, for make_executor alone.
#pragma once

#include "engine/bpf_executor.hpp"

namespace ringbed::engine {

[[nodiscard]] base::Result<std::unique_ptr<BpfExecutor>> make_vm_executor(
    ExecutorKind kind, const ebpf::ObjectSpec& object, const std::vector<std::string>& only,
    const ExecutorClock& clock);
[[nodiscard]] base::Result<std::unique_ptr<BpfExecutor>> make_kernel_executor(
    base::ByteView file, const ebpf::ObjectSpec& object, const std::vector<std::string>& only);

}  // namespace ringbed::engine
