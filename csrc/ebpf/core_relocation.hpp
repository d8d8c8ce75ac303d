// CO-RE: fits a program to the types of the kernel that runs, as libbpf does before it loads one
// (its relo_core.c), so that an object does the same in the VM as in that kernel: the offset of a
// member that stands elsewhere here, its size, whether it exists at all, the value of an
// enumerator.
#pragma once

#include "base/result.hpp"
#include "ebpf/btf.hpp"
#include "ebpf/kernel_types.hpp"
#include "ebpf/object.hpp"

namespace ringbed::ebpf {

// Changes the program's code. What the kernel has not becomes a call of a helper that nobody has,
// which faults when it is reached: a program that asks first whether it exists never does. Errors:
// invalid (a relocation that makes no sense, or that several types answer differently).
[[nodiscard]] base::Status fit_to_kernel(std::vector<RawInstruction>& code,
                                         const std::vector<CoreRelocation>& relocations,
                                         const Btf& local, const KernelTypes& kernel);

// The running kernel's types, where a program of the object asks for them and the kernel tells
// them.
[[nodiscard]] std::optional<KernelTypes> types_asked_for(const ObjectSpec& object);

}  // namespace ringbed::ebpf
