// The two ways of KernelCollection::load, for it alone.
#pragma once

#include <vector>

#include "ebpf/kernel_collection.hpp"

namespace ringbed::ebpf {

// With BTF, CO-RE and everything else that libbpf knows. Error: unavailable where it is missing.
[[nodiscard]] base::Result<KernelCollection> load_with_libbpf(base::ByteView file,
                                                              const ObjectSpec& object,
                                                              const KernelOptions& options);

// By system calls, from what our own reader made of the file: for objects that libbpf
// cannot take. Without BTF, but with CO-RE.
[[nodiscard]] base::Result<KernelCollection> load_directly(const ObjectSpec& object,
                                                           const KernelOptions& options);

// What `options` wants of the object; never empty. Error: invalid, when a name is not there, a type
// is not known, or there is nothing to load.
[[nodiscard]] base::Result<std::vector<const ProgramSpec*>> programs_to_load(
    const ObjectSpec& object, const KernelOptions& options);

}  // namespace ringbed::ebpf
