// Many entries of a map in one call, as the bpf system call has it (BPF_MAP_LOOKUP_BATCH and the
// other three; generic_map_*_batch in kernel/bpf/syscall.c, __htab_map_lookup_and_delete_batch in
// hashtab.c), errno by errno. Map and KernelMap take the same Batch.
#pragma once

#include <cstdint>

namespace ringbed::ebpf {

class KeyIndex;
class Map;

enum class BatchOperation : std::uint8_t { lookup, take, update, remove };  // take: and delete

struct Batch {
  std::uint8_t* keys = nullptr;    // `count` keys; written by lookup and take
  std::uint8_t* values = nullptr;  // `count` times user_value_bytes(); not for remove
  std::uint32_t count = 0;         // room, or how many are given; then how many were done
  // Where lookup and take go on: cursor_bytes() that a call left in `out`, opaque; nullptr: at the
  // start. -ENOENT says that the end was reached (and `count` may still be more than 0); -ENOSPC,
  // of the hash kinds, that not even one bucket fits.
  const std::uint8_t* in = nullptr;
  std::uint8_t* out = nullptr;
  std::uint64_t element_flags = 0;
  std::uint64_t flags = 0;
};

// Of a cursor: a key, or a bucket's number.
[[nodiscard]] constexpr std::uint32_t cursor_bytes(std::uint32_t key_size) noexcept {
  return key_size < 4 ? 4 : key_size;
}

[[nodiscard]] constexpr bool writes(BatchOperation operation) noexcept {
  return operation != BatchOperation::lookup;
}

// For kinds with no way of their own: one entry after the other; a cursor is the last key.
int generic_batch(Map& map, BatchOperation operation, Batch& batch);

// For the hash kinds: look-ups (and deletes) by whole buckets of `index`; a cursor is a bucket.
int bucket_batch(Map& map, const KeyIndex& index, BatchOperation operation, Batch& batch);

}  // namespace ringbed::ebpf
