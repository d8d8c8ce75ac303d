// Are the maps of several executors equal, frame after frame? Reading every map of the kernel after
// every frame would cost a system call an entry, so the first executor, whose maps are memory, says
// what a frame changed, and only that is read from the others at once. What another executor
// changed without the first one's doing is found by a whole comparison every kWholeEvery frames.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/bpf_executor.hpp"

namespace ringbed::engine {

// A difference: which map and key, and what either side has there.
struct MapDifference {
  std::string field;  // "map flows[0a000001]"
  std::string first;  // hexadecimal, or "absent"
  std::string other;
  std::size_t executor = 0;  // index of the other
};

class MapWatch {
 public:
  static constexpr std::uint64_t kWholeEvery = 1024;

  // `executors` (at least one) outlive the watch, which reads `object` only now. `shadow`, if there
  // is one, ran the same frames with another clock: values in which it differs from the first are
  // the clock's, not the program's, and are left out.
  MapWatch(const ebpf::ObjectSpec& object, std::vector<BpfExecutor*> executors,
           BpfExecutor* shadow);

  // After frame `number`: the first difference, if there is one.
  [[nodiscard]] bool after(std::uint64_t number, MapDifference& found);
  // All of every map, at the end.
  [[nodiscard]] bool whole(MapDifference& found);

  // The name of an LRU map that is full, or so nearly that the kernel's may have evicted already:
  // from then on verdicts and other maps may differ, too. Empty: none is.
  [[nodiscard]] std::string evicting();

  // What cannot be compared, and why; one line each.
  [[nodiscard]] const std::vector<std::string>& excepted() const noexcept { return excepted_; }

 private:
  struct Watched {
    std::size_t index = 0;  // in the object
    std::string name;
    ebpf::MapType type{};
    std::uint32_t key_bytes = 0;
    std::uint32_t value_bytes = 0;
    std::uint32_t max_entries = 0;
    std::uint32_t lru_entries = 0;  // from which on an LRU map may evict
    bool keys_only = false;         // values are numbers of maps
    bool small = false;             // looked through after every frame
    bool left_out = false;
    std::vector<std::uint8_t> before;  // keys and values, one after the other
    std::vector<std::uint8_t> now;
  };

  void add(std::size_t index, const ebpf::MapSpec& spec);
  void snapshot(const Watched& map, std::vector<std::uint8_t>& into);
  [[nodiscard]] bool changed(Watched& map, MapDifference& found);
  [[nodiscard]] bool compare_all(Watched& map, MapDifference& found);
  [[nodiscard]] bool compare_key(const Watched& map, const std::uint8_t* key,
                                 const std::uint8_t* value, MapDifference& found);
  [[nodiscard]] bool compare_absent(const Watched& map, const std::uint8_t* key,
                                    MapDifference& found);
  [[nodiscard]] bool compare_head(const Watched& map, MapDifference& found);
  [[nodiscard]] bool compare_events(const Watched& map, MapDifference& found);
  [[nodiscard]] bool same_value(const Watched& map, const std::uint8_t* key,
                                const std::uint8_t* first, const std::uint8_t* other);
  [[nodiscard]] static bool may_evict(const Watched& map, std::size_t bytes) noexcept;
  void leave_out(Watched& map, const std::string& why);

  std::vector<BpfExecutor*> executors_;
  BpfExecutor* shadow_;
  std::vector<Watched> maps_;
  std::vector<std::string> excepted_;
  std::vector<std::uint8_t> value_;
  std::vector<std::uint8_t> shadow_value_;
};

[[nodiscard]] std::string hex_of(base::ByteView bytes, std::size_t most = 64);

}  // namespace ringbed::engine
