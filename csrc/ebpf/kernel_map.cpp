#include "ebpf/kernel_map.hpp"

#include <cstring>
#include <fstream>

#include "ebpf/kernel_syscall.hpp"

namespace ringbed::ebpf {

namespace {

int element(bpf_cmd command, int map, const std::uint8_t* key, const std::uint8_t* value,
            std::uint64_t flags = 0) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(map);
  attributes.key = user_pointer(key);
  attributes.value = user_pointer(value);  // or next_key: the same place
  attributes.flags = flags;
  const int result = bpf_call(command, attributes);
  return result < 0 ? result : 0;
}

}  // namespace

bool per_cpu(MapType type) noexcept {
  return type == MapType::percpu_array || type == MapType::percpu_hash ||
         type == MapType::lru_percpu_hash;
}

base::Result<KernelMap> KernelMap::create(const MapSpec& spec) {
  base::FileDescriptor inner;
  bpf_attr attributes{};
  attributes.map_type = static_cast<std::uint32_t>(spec.type);
  attributes.key_size = spec.key_size;
  attributes.value_size = spec.value_size;
  attributes.max_entries = spec.max_entries;
  attributes.map_flags = spec.flags;
  attributes.map_extra = spec.extra;
  if (spec.inner != nullptr) {
    auto made = create(*spec.inner);
    if (!made) return made;
    inner = std::move(made.value().descriptor_);
    attributes.inner_map_fd = static_cast<std::uint32_t>(inner.get());
  }
  std::strncpy(attributes.map_name, spec.name.c_str(), sizeof attributes.map_name - 1);
  int result = bpf_call(BPF_MAP_CREATE, attributes);
  if (result == -EINVAL) {  // the name has a character that the kernel does not take
    std::memset(attributes.map_name, 0, sizeof attributes.map_name);
    result = bpf_call(BPF_MAP_CREATE, attributes);
  }
  if (result < 0) {
    return kernel_error("map " + spec.name + ": the kernel does not make it", -result);
  }
  return KernelMap(spec, base::FileDescriptor(result));
}

base::Result<KernelMap> KernelMap::adopt(base::FileDescriptor descriptor) {
  bpf_map_info info{};
  bpf_attr attributes{};
  attributes.info.bpf_fd = static_cast<std::uint32_t>(descriptor.get());
  attributes.info.info = user_pointer(&info);
  attributes.info.info_len = sizeof info;
  if (const int result = bpf_call(BPF_OBJ_GET_INFO_BY_FD, attributes); result < 0) {
    return kernel_error("not a map", -result);
  }
  MapSpec spec;
  spec.name = info.name;
  spec.type = static_cast<MapType>(info.type);
  spec.key_size = info.key_size;
  spec.value_size = info.value_size;
  spec.max_entries = info.max_entries;
  spec.flags = info.map_flags;
  return KernelMap(std::move(spec), std::move(descriptor));
}

int KernelMap::read(const std::uint8_t* key, std::uint8_t* value, std::uint64_t flags) const {
  return element(BPF_MAP_LOOKUP_ELEM, descriptor(), key, value, flags);
}

int KernelMap::write(const std::uint8_t* key, const std::uint8_t* value,
                     std::uint64_t flags) const {
  return element(BPF_MAP_UPDATE_ELEM, descriptor(), key, value, flags);
}

int KernelMap::remove(const std::uint8_t* key) const {
  return element(BPF_MAP_DELETE_ELEM, descriptor(), key, nullptr);
}

int KernelMap::take(const std::uint8_t* key, std::uint8_t* value) const {
  return element(BPF_MAP_LOOKUP_AND_DELETE_ELEM, descriptor(), key, value);
}

int KernelMap::next_key(const std::uint8_t* key, std::uint8_t* next) const {
  return element(BPF_MAP_GET_NEXT_KEY, descriptor(), key, next);
}

int KernelMap::batch(BatchOperation operation, Batch& batch) const {
  constexpr bpf_cmd kCommands[] = {BPF_MAP_LOOKUP_BATCH, BPF_MAP_LOOKUP_AND_DELETE_BATCH,
                                   BPF_MAP_UPDATE_BATCH, BPF_MAP_DELETE_BATCH};
  bpf_attr attributes{};
  attributes.batch.in_batch = user_pointer(batch.in);
  attributes.batch.out_batch = user_pointer(batch.out);
  attributes.batch.keys = user_pointer(batch.keys);
  attributes.batch.values = user_pointer(batch.values);
  attributes.batch.count = batch.count;
  attributes.batch.map_fd = static_cast<std::uint32_t>(descriptor());
  attributes.batch.elem_flags = batch.element_flags;
  attributes.batch.flags = batch.flags;
  const int result = bpf_call(kCommands[static_cast<std::size_t>(operation)], attributes);
  batch.count = attributes.batch.count;
  return result < 0 ? result : 0;
}

std::uint32_t KernelMap::user_value_bytes() const {
  return per_cpu(spec_.type) ? (spec_.value_size + 7) / 8 * 8 * possible_cpus() : spec_.value_size;
}

std::vector<std::vector<std::uint8_t>> KernelMap::keys() const {
  std::vector<std::vector<std::uint8_t>> keys;
  std::vector<std::uint8_t> next(spec_.key_size);
  if (next.empty()) return keys;
  const std::uint8_t* last = nullptr;
  // A map that changes meanwhile may start over: never more than it can hold.
  while (keys.size() < spec_.max_entries && next_key(last, next.data()) == 0) {
    keys.push_back(next);
    last = keys.back().data();
  }
  return keys;
}

int KernelMap::freeze() const {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(descriptor());
  return bpf_call(BPF_MAP_FREEZE, attributes);
}

std::uint32_t KernelMap::id() const {
  bpf_map_info info{};
  bpf_attr attributes{};
  attributes.info.bpf_fd = static_cast<std::uint32_t>(descriptor());
  attributes.info.info = user_pointer(&info);
  attributes.info.info_len = sizeof info;
  return bpf_call(BPF_OBJ_GET_INFO_BY_FD, attributes) < 0 ? 0 : info.id;
}

std::uint64_t KernelMap::memory_bytes() const {
  std::ifstream in("/proc/self/fdinfo/" + std::to_string(descriptor()));
  for (std::string word; in >> word;) {
    if (word == "memlock:") {
      std::uint64_t bytes = 0;
      in >> bytes;
      return bytes;
    }
  }
  return 0;
}

}  // namespace ringbed::ebpf
