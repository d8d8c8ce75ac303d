// What can carry a run in this build and on this machine; the table that `doctor` prints and that
// scenarios are checked against.
#pragma once

#include <span>
#include <string_view>

namespace ringbed::engine {

struct Backend {
  std::string_view name;
  std::string_view text;
  bool available;
  std::string_view reason;  // why not, when not
  std::string_view hint;    // what would provide it
};

[[nodiscard]] std::span<const Backend> backends() noexcept;

}  // namespace ringbed::engine
