// prog_array: the targets of tail calls (kernel/bpf/arraymap.c, fd_array).
#include <vector>

#include "base/endian.hpp"
#include "ebpf/map_factories.hpp"

namespace ringbed::ebpf {

namespace {

class ProgArray final : public Map {
 public:
  explicit ProgArray(MapSpec spec) : Map(std::move(spec)), programs_(spec_.max_entries) {}

  [[nodiscard]] const Program* program(std::uint32_t index) const override {
    return programs_[index];
  }
  [[nodiscard]] const Program* const* programs() const override { return programs_.data(); }
  int set_program(std::uint32_t index, const Program* program) override {
    if (index >= spec_.max_entries) {
      return -E2BIG;
    }
    programs_[index] = program;
    return 0;
  }
  int erase(const std::uint8_t* key) override { return remove(key); }
  // The kernel gives the program's id; a program here has none, its slot stands for it.
  int read(const std::uint8_t* key, std::uint8_t* value, std::uint64_t) override {
    const std::uint32_t index = base::load_native<std::uint32_t>(key);
    if (index >= spec_.max_entries || programs_[index] == nullptr) {
      return -ENOENT;
    }
    base::store_native(value, index);
    return 0;
  }
  int remove(const std::uint8_t* key) override {
    const std::uint32_t index = base::load_native<std::uint32_t>(key);
    if (index >= spec_.max_entries) {
      return -E2BIG;
    }
    const bool held = programs_[index] != nullptr;
    programs_[index] = nullptr;
    return held ? 0 : -ENOENT;
  }
  int next_key(const std::uint8_t* key, std::uint8_t* next) override {
    return next_index(key, next, spec_.max_entries);
  }
  [[nodiscard]] std::uint64_t memory_bytes() const override { return 320 + spec_.max_entries * 8; }

 private:
  std::vector<const Program*> programs_;
};

}  // namespace

std::unique_ptr<Map> make_prog_array(MapSpec spec, const MapContext&) {
  return std::make_unique<ProgArray>(std::move(spec));
}

int check_prog_array(const MapSpec& spec) {
  return spec.value_size == 4 ? check_array_sizes(spec, map_flag::numa) : -EINVAL;
}

}  // namespace ringbed::ebpf
