#include "engine/map_watch.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ebpf/kernel_syscall.hpp"

namespace ringbed::engine {

namespace {

using ebpf::MapType;

constexpr std::uint32_t kSmallEntries = 512;
constexpr std::uint64_t kDrainEvery = 32;  // so that a ring also fills up now and then

std::string map_name(const std::string& name, const std::uint8_t* key, std::uint32_t bytes) {
  return "map " + name + "[" + hex_of({key, bytes}) + "]";
}

bool is_lru(MapType type) { return type == MapType::lru_hash || type == MapType::lru_percpu_hash; }
// How many entries of an LRU map one CPU can fill: with BPF_F_NO_COMMON_LRU its share only.
std::uint32_t lru_entries(const ebpf::MapSpec& spec) {
  return (spec.flags & ebpf::map_flag::no_common_lru) == 0
             ? spec.max_entries
             : spec.max_entries / std::max(ebpf::possible_cpus(), 1U);
}
bool is_line(MapType type) { return type == MapType::queue || type == MapType::stack; }

}  // namespace

std::string hex_of(base::ByteView bytes, std::size_t most) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < std::min(bytes.size(), most); ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 0xf];
  }
  return bytes.size() > most ? text + "…" : text;
}

MapWatch::MapWatch(const ebpf::ObjectSpec& object, std::vector<BpfExecutor*> executors,
                   BpfExecutor* shadow)
    : executors_(std::move(executors)), shadow_(shadow) {
  for (std::size_t index = 0; index < object.maps.size(); ++index) {
    add(index, object.maps[index]);
  }
  for (Watched& map : maps_) {
    if (map.key_bytes > 0 && map.small) snapshot(map, map.before);
  }
}

void MapWatch::add(std::size_t index, const ebpf::MapSpec& spec) {
  Watched map;
  map.index = index;
  map.name = spec.name;
  map.type = spec.type;
  map.key_bytes = spec.key_size;
  map.max_entries = spec.max_entries;
  map.lru_entries = lru_entries(spec);
  map.value_bytes = executors_[0]->value_bytes(index);
  switch (spec.type) {
    // Only user space changes these, and what it reads there are numbers of kernel objects.
    case MapType::prog_array:
    case MapType::xskmap:
    case MapType::devmap:
    case MapType::devmap_hash:
    case MapType::cpumap:
    case MapType::perf_event_array: return;
    case MapType::bloom_filter:
      excepted_.push_back("map " + spec.name +
                          ": a bloom_filter's hash is seeded by the kernel: false positives "
                          "fall on other values");
      return;
    case MapType::array_of_maps:
    case MapType::hash_of_maps: map.keys_only = true; break;
    default: break;
  }
  if (spec.frozen) return;
  map.small = spec.max_entries <= kSmallEntries && map.value_bytes <= 4096;
  maps_.push_back(std::move(map));
}

void MapWatch::leave_out(Watched& map, const std::string& why) {
  map.left_out = true;
  excepted_.push_back("map " + map.name + ": " + why);
}

// With so many bytes of keys and values. The kernel's LRU keeps free entries a CPU: it evicts a
// little before the map is full.
bool MapWatch::may_evict(const Watched& map, std::size_t bytes) noexcept {
  constexpr std::size_t kMargin = 256;
  return is_lru(map.type) && bytes / (map.key_bytes + map.value_bytes) + kMargin > map.lru_entries;
}

std::string MapWatch::evicting() {
  for (Watched& map : maps_) {
    if (is_lru(map.type) && !map.left_out) snapshot(map, map.now);
    if (is_lru(map.type) && (map.left_out || may_evict(map, map.now.size()))) return map.name;
  }
  return {};
}

void MapWatch::snapshot(const Watched& map, std::vector<std::uint8_t>& into) {
  const std::size_t stride = map.key_bytes + map.value_bytes;
  into.clear();
  std::size_t at = 0;
  const std::uint8_t* last = nullptr;
  for (;;) {
    into.resize(at + stride);
    last = at == 0 ? nullptr : into.data() + at - stride;
    if (executors_[0]->next_key(map.index, last, into.data() + at) != 0) break;
    if (executors_[0]->read(map.index, into.data() + at, into.data() + at + map.key_bytes) != 0) {
      std::memset(into.data() + at + map.key_bytes, 0, map.value_bytes);
    }
    at += stride;
  }
  into.resize(at);
}

bool MapWatch::same_value(const Watched& map, const std::uint8_t* key, const std::uint8_t* first,
                          const std::uint8_t* other) {
  if (std::memcmp(first, other, map.value_bytes) == 0) return true;
  if (shadow_ == nullptr) return false;
  shadow_value_.resize(map.value_bytes);
  // Present under one clock and absent under another: the clock's doing altogether.
  if (shadow_->read(map.index, key, shadow_value_.data()) != 0) return true;
  for (std::uint32_t at = 0; at < map.value_bytes; at += 8) {
    const std::size_t bytes = std::min<std::size_t>(8, map.value_bytes - at);
    if (std::memcmp(first + at, other + at, bytes) != 0 &&
        std::memcmp(first + at, shadow_value_.data() + at, bytes) == 0) {
      return false;
    }
  }
  return true;
}

bool MapWatch::compare_key(const Watched& map, const std::uint8_t* key, const std::uint8_t* value,
                           MapDifference& found) {
  value_.resize(map.value_bytes);
  for (std::size_t other = 1; other < executors_.size(); ++other) {
    const int fault = executors_[other]->read(map.index, key, value_.data());
    if (fault == 0 && (map.keys_only || same_value(map, key, value, value_.data()))) continue;
    if (fault != 0 && shadow_ != nullptr) {
      shadow_value_.resize(map.value_bytes);
      if (shadow_->read(map.index, key, shadow_value_.data()) != 0) continue;
    }
    // A slot of a map of maps that nobody filled is no entry, although its key is walked.
    if (fault != 0 && map.keys_only) continue;
    found = {map_name(map.name, key, map.key_bytes), hex_of({value, map.value_bytes}),
             fault != 0 ? "absent" : hex_of({value_.data(), map.value_bytes}), other};
    return true;
  }
  return false;
}

bool MapWatch::compare_absent(const Watched& map, const std::uint8_t* key, MapDifference& found) {
  value_.resize(map.value_bytes);
  if (executors_[0]->read(map.index, key, value_.data()) == 0) return false;
  for (std::size_t other = 1; other < executors_.size(); ++other) {
    if (executors_[other]->read(map.index, key, value_.data()) != 0) continue;
    shadow_value_.resize(map.value_bytes);
    if (shadow_ != nullptr && shadow_->read(map.index, key, shadow_value_.data()) == 0) continue;
    found = {map_name(map.name, key, map.key_bytes), "absent",
             hex_of({value_.data(), map.value_bytes}), other};
    return true;
  }
  return false;
}

// Entries that the frame changed, made or removed.
bool MapWatch::changed(Watched& map, MapDifference& found) {
  snapshot(map, map.now);
  if (map.now == map.before) return false;
  if (is_lru(map.type) && map.now.size() >= map.before.size() &&
      map.now.size() / (map.key_bytes + map.value_bytes) >= map.lru_entries) {
    leave_out(map, "a full LRU map: which entry goes is the kernel's own approximation");
    return false;
  }
  const std::size_t stride = map.key_bytes + map.value_bytes;
  bool differs = false;
  for (std::size_t at = 0; at < map.now.size() && !differs; at += stride) {
    const bool same = at + stride <= map.before.size() &&
                      std::memcmp(map.now.data() + at, map.before.data() + at, stride) == 0;
    if (!same) {
      differs = compare_key(map, map.now.data() + at, map.now.data() + at + map.key_bytes, found);
    }
  }
  for (std::size_t at = 0; at < map.before.size() && !differs; at += stride) {
    const bool same = at + stride <= map.now.size() &&
                      std::memcmp(map.now.data() + at, map.before.data() + at, map.key_bytes) == 0;
    if (!same) differs = compare_absent(map, map.before.data() + at, found);
  }
  std::swap(map.before, map.now);
  return differs;
}

bool MapWatch::compare_all(Watched& map, MapDifference& found) {
  snapshot(map, map.now);
  const std::size_t stride = map.key_bytes + map.value_bytes;
  if (may_evict(map, map.now.size())) {
    leave_out(map, "a nearly full LRU map: which entry goes is the kernel's own approximation");
    return false;
  }
  for (std::size_t at = 0; at < map.now.size(); at += stride) {
    if (compare_key(map, map.now.data() + at, map.now.data() + at + map.key_bytes, found)) {
      return true;
    }
  }
  // Keys that only the others have.
  for (std::size_t other = 1; other < executors_.size(); ++other) {
    std::vector<std::uint8_t> key;
    std::vector<std::uint8_t> next(map.key_bytes);
    for (std::uint32_t seen = 0; seen < map.max_entries; ++seen) {
      if (executors_[other]->next_key(map.index, key.empty() ? nullptr : key.data(), next.data()) !=
          0) {
        break;
      }
      key = next;
      if (compare_absent(map, key.data(), found)) return true;
    }
  }
  return false;
}

// Queues and stacks have no keys: what comes next out of them.
bool MapWatch::compare_head(const Watched& map, MapDifference& found) {
  std::vector<std::uint8_t> first(map.value_bytes);
  std::vector<std::uint8_t> value(map.value_bytes);
  const int fault = executors_[0]->read(map.index, nullptr, first.data());
  for (std::size_t other = 1; other < executors_.size(); ++other) {
    const int theirs = executors_[other]->read(map.index, nullptr, value.data());
    if (fault == theirs && (fault != 0 || first == value)) continue;
    found = {"map " + map.name, fault != 0 ? "empty" : hex_of(first),
             theirs != 0 ? "empty" : hex_of(value), other};
    return true;
  }
  return false;
}

bool MapWatch::compare_events(const Watched& map, MapDifference& found) {
  const std::vector<ebpf::Event> first = executors_[0]->drain(map.index);
  const std::vector<ebpf::Event> shadow =
      shadow_ == nullptr ? std::vector<ebpf::Event>{} : shadow_->drain(map.index);
  for (std::size_t other = 1; other < executors_.size(); ++other) {
    const std::vector<ebpf::Event> theirs = executors_[other]->drain(map.index);
    const std::size_t most = std::max(first.size(), theirs.size());
    if (shadow_ != nullptr && shadow.size() != first.size()) continue;
    for (std::size_t i = 0; i < most; ++i) {
      const bool both = i < first.size() && i < theirs.size();
      bool same = both && first[i].bytes.size() == theirs[i].bytes.size();
      for (std::size_t at = 0; same && at < first[i].bytes.size(); ++at) {
        // Byte by byte under another clock: a time stamp's word, whole.
        const std::size_t word = at / 8 * 8;
        const std::size_t bytes = std::min<std::size_t>(8, first[i].bytes.size() - word);
        const bool clocked =
            shadow_ != nullptr && shadow[i].bytes.size() == first[i].bytes.size() &&
            std::memcmp(first[i].bytes.data() + word, shadow[i].bytes.data() + word, bytes) != 0;
        same = clocked || first[i].bytes[at] == theirs[i].bytes[at];
      }
      if (same) continue;
      found = {"event " + std::to_string(i) + " of map " + map.name,
               i < first.size() ? hex_of(first[i].bytes) : "absent",
               i < theirs.size() ? hex_of(theirs[i].bytes) : "absent", other};
      return true;
    }
  }
  return false;
}

bool MapWatch::after(std::uint64_t number, MapDifference& found) {
  const bool everything = number % kWholeEvery == kWholeEvery - 1;
  for (Watched& map : maps_) {
    if (map.left_out) continue;
    if (map.type == MapType::ringbuf) {
      if (number % kDrainEvery == kDrainEvery - 1 && compare_events(map, found)) return true;
    } else if (is_line(map.type)) {
      if (compare_head(map, found)) return true;
    } else if (map.small) {
      if (changed(map, found)) return true;
    }
    if (everything && map.key_bytes > 0 && !map.left_out && compare_all(map, found)) return true;
  }
  return false;
}

bool MapWatch::whole(MapDifference& found) {
  for (Watched& map : maps_) {
    if (map.left_out) continue;
    if (map.type == MapType::ringbuf) {
      if (compare_events(map, found)) return true;
    } else if (is_line(map.type)) {
      if (compare_head(map, found)) return true;
    } else if (map.key_bytes > 0 && compare_all(map, found)) {
      return true;
    }
  }
  return false;
}

}  // namespace ringbed::engine
