#include "engine/backends.hpp"

#include <vector>

#include "port/registry.hpp"

namespace ringbed::engine {

namespace {

std::vector<Backend> list() {
  std::vector<Backend> rows{
      {"sim", "the simulator: virtual time, no privileges", true, "", ""},
  };
  for (const port::Backend& row : port::backends()) {
    const port::Availability here = row.available();
    rows.push_back({row.name, row.text, here.available, here.reason, here.hint});
  }
  return rows;
}

}  // namespace

std::span<const Backend> backends() noexcept {
  static const std::vector<Backend> rows = list();  // a machine does not change under a process
  return rows;
}

}  // namespace ringbed::engine
