// bpf(2) by itself: what needs no libbpf. Every call returns a descriptor or 0, or a negative
// errno. Linux, Documentation/bpf and include/uapi/linux/bpf.h.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <string>

#include "base/descriptor.hpp"
#include "base/result.hpp"

namespace ringbed::ebpf {

int bpf_call(bpf_cmd command, bpf_attr& attributes) noexcept;

template <typename T>
[[nodiscard]] std::uint64_t user_pointer(T* pointer) noexcept {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

// How many CPUs per-CPU maps have a value for: those that could ever be there.
[[nodiscard]] std::uint32_t possible_cpus();

// `error` (positive errno) of `what`, with what usually stands behind it: privilege, the limit of
// locked memory, a kernel that is too old.
[[nodiscard]] base::Error kernel_error(const std::string& what, int error);

// Keeps an object (program, map, link) under `path` of a BPF file system beyond the process.
[[nodiscard]] base::Status pin_object(int descriptor, const std::string& path);
// Errors: invalid (nothing there), unavailable.
[[nodiscard]] base::Result<base::FileDescriptor> open_pinned(const std::string& path);

// "" when this process may load BPF programs, else why not.
[[nodiscard]] std::string kernel_refusal();

}  // namespace ringbed::ebpf
