// What a map is: its specification, and the operations that programs (helpers) and user space
// (the bpf system call) have on it, with the kernel's errno values, negative. Each kind is one
// file map_<kind>.cpp and one row of maps.cpp.
#pragma once

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "ebpf/map_batch.hpp"
#include "ebpf/memory.hpp"

namespace ringbed::ebpf {

struct Program;
class Machine;

// Kernel numbers (enum bpf_map_type).
enum class MapType : std::uint32_t {
  unspecified = 0,
  hash = 1,
  array = 2,
  prog_array = 3,
  perf_event_array = 4,
  percpu_hash = 5,
  percpu_array = 6,
  lru_hash = 9,
  lru_percpu_hash = 10,
  lpm_trie = 11,
  array_of_maps = 12,
  hash_of_maps = 13,
  devmap = 14,
  cpumap = 16,
  xskmap = 17,
  queue = 22,
  stack = 23,
  devmap_hash = 25,
  ringbuf = 27,
  bloom_filter = 30,
};

namespace map_flag {
inline constexpr std::uint32_t no_prealloc = 1u << 0, no_common_lru = 1u << 1, numa = 1u << 2,
                               rdonly = 1u << 3, wronly = 1u << 4, zero_seed = 1u << 6,
                               rdonly_prog = 1u << 7, wronly_prog = 1u << 8, mmapable = 1u << 10;
}
namespace update_flag {
inline constexpr std::uint64_t any = 0, no_exist = 1, exist = 2, lock = 4;
}
inline constexpr int kNotSupported = -524;  // the kernel's ENOTSUPP

// A slot that the object file fills: of a prog_array with a program, of a map of maps with a map.
struct InitialSlot {
  std::uint32_t index = 0;
  std::string target;
};

struct MapSpec {
  std::string name;
  MapType type = MapType::unspecified;
  std::uint32_t key_size = 0;
  std::uint32_t value_size = 0;
  std::uint32_t max_entries = 0;
  std::uint32_t flags = 0;
  std::uint64_t extra = 0;  // bloom_filter: hash functions in the low four bits
  std::uint32_t pinning = 0;
  std::shared_ptr<const MapSpec> inner;  // of a map of maps
  std::vector<InitialSlot> slots;
  std::vector<std::uint8_t> contents;  // of the one value of .data, .rodata, .bss
  bool frozen = false;                 // read-only for everybody (.rodata)
  std::uint32_t key_type = 0;          // BTF ids; 0: unknown
  std::uint32_t value_type = 0;
  std::optional<std::uint32_t> lock_at;  // of a bpf_spin_lock in the value
};

// Into a map's value: its lock, where it has one, stays as it is.
void copy_value(const MapSpec& spec, std::uint8_t* to, const std::uint8_t* from,
                std::size_t bytes) noexcept;

// What bpf_redirect_map finds in a slot.
struct RedirectSlot {
  bool found = false;
  std::uint32_t value = 0;  // ifindex, CPU or socket
};

// get_next_key of the array kinds: every index, in order.
int next_index(const std::uint8_t* key, std::uint8_t* next, std::uint32_t max_entries);

class Map {
 public:
  explicit Map(MapSpec spec) : spec_(std::move(spec)) {}
  virtual ~Map() = default;
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

  // --- programs. Keys and values are key_size and value_size bytes. -----------------------------
  // The VM address of the value, or 0.
  virtual Address find(const std::uint8_t* key, std::uint32_t cpu);
  virtual int update(const std::uint8_t* key, const std::uint8_t* value, std::uint64_t flags,
                     std::uint32_t cpu);
  virtual int erase(const std::uint8_t* key);
  virtual int push(const std::uint8_t* value, std::uint64_t flags);
  virtual int pop(std::uint8_t* value);
  virtual int peek(std::uint8_t* value);
  // The address of the value behind `key` for bpf_for_each_map_elem; advances through the map.
  // -ENOTSUPP where the kernel has no such walk.
  [[nodiscard]] virtual bool walkable() const { return false; }

  // --- user space. Per-CPU values are user_value_bytes(): every CPU's, rounded up to eight. ------
  virtual int read(const std::uint8_t* key, std::uint8_t* value, std::uint64_t flags);
  virtual int write(const std::uint8_t* key, const std::uint8_t* value, std::uint64_t flags);
  virtual int remove(const std::uint8_t* key);
  virtual int take(const std::uint8_t* key, std::uint8_t* value);  // look up and delete
  // The key after `key` (nullptr: the first) in the map's own order; -ENOENT at the end.
  virtual int next_key(const std::uint8_t* key, std::uint8_t* next);
  [[nodiscard]] virtual std::uint32_t user_value_bytes() const { return spec_.value_size; }
  // Many entries at once; kNotSupported where the kind has not that operation.
  virtual int batch(BatchOperation operation, Batch& batch);

  // The region whose elements find() returns, each at its start; 0: none, or not always.
  [[nodiscard]] virtual std::uint32_t value_region() const { return 0; }
  // How find() computes an element from an index, for kinds that do no more than that.
  struct Indexed {
    bool direct = false;
    std::uint32_t cpus = 1;  // element = index * cpus + the current CPU
  };
  [[nodiscard]] virtual Indexed indexed() const { return {}; }
  // The slots of a prog_array, max_entries of them, where they stay.
  [[nodiscard]] virtual const Program* const* programs() const { return nullptr; }

  // --- kinds that hold something else than bytes -------------------------------------------------
  [[nodiscard]] virtual const Program* program(std::uint32_t) const { return nullptr; }
  virtual int set_program(std::uint32_t, const Program*) { return -EINVAL; }
  [[nodiscard]] virtual RedirectSlot redirect_slot(std::uint64_t) const { return {}; }

  // What the kernel charges for the map, in bytes: an estimate by the kernel's own layout.
  [[nodiscard]] virtual std::uint64_t memory_bytes() const = 0;

  [[nodiscard]] const MapSpec& spec() const noexcept { return spec_; }
  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

 protected:
  friend class Machine;
  MapSpec spec_;
  std::uint32_t number_ = 0;  // index in the machine: its handle's low half
};

}  // namespace ringbed::ebpf
