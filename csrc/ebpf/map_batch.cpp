#include "ebpf/map_batch.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "base/endian.hpp"
#include "ebpf/key_index.hpp"
#include "ebpf/map.hpp"

namespace ringbed::ebpf {

namespace {

int lookup_each(Map& map, Batch& batch) {
  const std::uint32_t key_size = map.spec().key_size;
  const std::uint32_t room = std::exchange(batch.count, 0);
  std::vector<std::uint8_t> last(key_size);
  std::vector<std::uint8_t> key(key_size);
  bool begun = batch.in != nullptr;
  if (begun) std::memcpy(last.data(), batch.in, key_size);
  int result = 0;
  while (batch.count < room) {
    result = map.next_key(begun ? last.data() : nullptr, key.data());
    if (result != 0) break;
    std::uint8_t* value = batch.values + std::size_t{batch.count} * map.user_value_bytes();
    result = map.read(key.data(), value, 0);
    if (result == 0) {
      std::memcpy(batch.keys + std::size_t{batch.count} * key_size, key.data(), key_size);
      ++batch.count;
    } else if (result != -ENOENT) {  // an empty slot is passed over
      return result;
    }
    last.swap(key);
    begun = true;
  }
  if (batch.count > 0) std::memcpy(batch.out, last.data(), key_size);
  return result;
}

int change_each(Map& map, bool update, Batch& batch) {
  const std::uint32_t given = std::exchange(batch.count, 0);
  int result = 0;
  while (batch.count < given && result == 0) {
    const std::uint8_t* key = batch.keys + std::size_t{batch.count} * map.spec().key_size;
    const std::uint8_t* value = batch.values + std::size_t{batch.count} * map.user_value_bytes();
    result = update ? map.write(key, value, batch.element_flags) : map.remove(key);
    if (result == 0) ++batch.count;
  }
  return result;
}

}  // namespace

// BPF_F_LOCK is refused like any other flag.
int generic_batch(Map& map, BatchOperation operation, Batch& batch) {
  if (batch.element_flags != 0) return -EINVAL;
  if (batch.count == 0) return 0;
  if (operation == BatchOperation::lookup) return lookup_each(map, batch);
  return change_each(map, operation == BatchOperation::update, batch);
}

int bucket_batch(Map& map, const KeyIndex& index, BatchOperation operation, Batch& batch) {
  if (operation != BatchOperation::lookup && operation != BatchOperation::take) {
    return generic_batch(map, operation, batch);
  }
  if (batch.element_flags != 0 || batch.flags != 0) return -EINVAL;
  if (batch.count == 0) return 0;
  const std::uint32_t room = std::exchange(batch.count, 0);
  std::uint32_t bucket = batch.in == nullptr ? 0 : base::load_native<std::uint32_t>(batch.in);
  if (bucket >= index.buckets()) return -ENOENT;
  const std::uint32_t key_size = map.spec().key_size;
  int result = -ENOENT;
  for (; bucket < index.buckets(); ++bucket) {
    const std::uint32_t entries = index.chain_length(bucket);
    if (entries > room - batch.count) {
      result = batch.count == 0 ? -ENOSPC : 0;
      break;
    }
    for (std::uint32_t slot = index.head(bucket); slot != KeyIndex::kNone;) {
      std::uint8_t* key = batch.keys + std::size_t{batch.count} * key_size;
      std::memcpy(key, index.key(slot), key_size);
      slot = index.below(slot);  // before the entry is gone
      std::uint8_t* value = batch.values + std::size_t{batch.count} * map.user_value_bytes();
      map.read(key, value, 0);
      if (operation == BatchOperation::take) map.remove(key);
      ++batch.count;
    }
  }
  base::store_native(batch.out, bucket);
  return result;
}

}  // namespace ringbed::ebpf
