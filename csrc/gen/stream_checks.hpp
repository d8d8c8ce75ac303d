// Checks and error texts that the parts of a stream's specification share.
#pragma once

#include <span>
#include <string>

#include "base/result.hpp"
#include "gen/stream_spec.hpp"

namespace ringbed::gen {

// `where` is the path in the scenario: traffic.<stream>.<key>.
[[nodiscard]] base::Error invalid(const std::string& where, const std::string& what,
                                  const std::string& hint);

// One weight for each of `count` values, finite, >= 0, not all 0.
[[nodiscard]] base::Status check_weights(std::span<const double> weights, std::size_t count,
                                         const std::string& where);

// What holds for every kind of stream: a name, addresses of one family, VLAN tags, times.
[[nodiscard]] base::Status check_stream(const StreamSpec& spec);

}  // namespace ringbed::gen
