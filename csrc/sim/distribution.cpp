#include "sim/distribution.hpp"

#include "base/detmath.hpp"

namespace ringbed::sim {

namespace {

// The largest time that a draw may give: 10 days, far beyond any use, far below overflow.
constexpr double kLongest = 864'000.0 * static_cast<double>(kPsPerSecond);

Picoseconds rounded(double time) noexcept {
  if (!(time > 0.0)) {
    return 0;
  }
  return static_cast<Picoseconds>((time < kLongest ? time : kLongest) + 0.5);
}

}  // namespace

Picoseconds sample_slow(const Distribution& law, base::Random& random) noexcept {
  const auto a = static_cast<double>(law.a);
  switch (law.kind) {
    case Distribution::Kind::constant: return law.a;
    case Distribution::Kind::exponential: return rounded(a * random.exponential());
    case Distribution::Kind::uniform: return random.between(law.a, law.b);
    case Distribution::Kind::normal:
      return rounded(a + static_cast<double>(law.b) * random.normal());
    case Distribution::Kind::lognormal:
      return rounded(a * base::det_exp(law.shape * random.normal()));
    case Distribution::Kind::pareto:
      return rounded(a * base::det_pow(random.unit_positive(), -1.0 / law.shape));
  }
  return law.a;
}

}  // namespace ringbed::sim
