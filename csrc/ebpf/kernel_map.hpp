// A map in the kernel, with the same user-space operations as a map of the VM (map.hpp): raw keys
// and values, results 0 or a negative errno. So whoever compares the two writes one loop.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "base/result.hpp"
#include "ebpf/map.hpp"

namespace ringbed::ebpf {

class KernelMap {
 public:
  KernelMap(MapSpec spec, base::FileDescriptor descriptor)
      : spec_(std::move(spec)), descriptor_(std::move(descriptor)) {}

  // An empty map, without BTF. Errors: invalid, unavailable, resource.
  [[nodiscard]] static base::Result<KernelMap> create(const MapSpec& spec);
  // The map behind a descriptor; name, kind and sizes come from the kernel.
  [[nodiscard]] static base::Result<KernelMap> adopt(base::FileDescriptor descriptor);

  // As in Map: key_size and user_value_bytes() bytes. Null keys where the kind has none.
  int read(const std::uint8_t* key, std::uint8_t* value, std::uint64_t flags) const;
  int write(const std::uint8_t* key, const std::uint8_t* value, std::uint64_t flags) const;
  int remove(const std::uint8_t* key) const;
  int take(const std::uint8_t* key, std::uint8_t* value) const;
  int next_key(const std::uint8_t* key, std::uint8_t* next) const;
  int batch(BatchOperation operation, Batch& batch) const;
  // Per-CPU kinds: every possible CPU's value, rounded up to eight bytes.
  [[nodiscard]] std::uint32_t user_value_bytes() const;

  // Every key that is there, in the map's order.
  [[nodiscard]] std::vector<std::vector<std::uint8_t>> keys() const;
  // Writable by user space no more.
  int freeze() const;

  [[nodiscard]] const MapSpec& spec() const noexcept { return spec_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }
  [[nodiscard]] std::uint32_t id() const;
  // Bytes that the kernel charges for it (fdinfo memlock); 0 when it does not say.
  [[nodiscard]] std::uint64_t memory_bytes() const;

 private:
  MapSpec spec_;
  base::FileDescriptor descriptor_;
};

[[nodiscard]] bool per_cpu(MapType type) noexcept;

}  // namespace ringbed::ebpf
