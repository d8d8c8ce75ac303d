// Random times: what the scenario calls a distribution (proto message Distribution), and its
// sampler. A constant draws nothing, so a component's other draws do not depend on it.
#pragma once

#include <cstdint>

#include "base/random.hpp"
#include "sim/time.hpp"

namespace ringbed::sim {

struct Distribution {
  enum class Kind : std::uint8_t { constant, exponential, uniform, normal, lognormal, pareto };
  Kind kind = Kind::constant;
  Picoseconds a = 0;   // constant; mean; lower end; median; minimum
  Picoseconds b = 0;   // upper end; standard deviation
  double shape = 0.0;  // sigma of the lognormal, alpha of the Pareto distribution

  [[nodiscard]] bool is_zero() const noexcept { return kind == Kind::constant && a == 0; }
  [[nodiscard]] bool is_constant() const noexcept { return kind == Kind::constant; }
};

// One draw; never negative.
[[nodiscard]] Picoseconds sample_slow(const Distribution& law, base::Random& random) noexcept;

[[nodiscard]] inline Picoseconds sample(const Distribution& law, base::Random& random) noexcept {
  return law.is_constant() ? law.a : sample_slow(law, random);
}

}  // namespace ringbed::sim
