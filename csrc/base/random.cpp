#include "base/random.hpp"

#include "base/detmath.hpp"

namespace ringbed::base {

namespace {

// `r` is the start of the tail, `v` the area of a layer. The tables come from det_exp and det_log
// at start-up, so that they are the same bits on every machine.
template <typename Density, typename Inverse>
detail::Ziggurat make_ziggurat(double r, double v, Density density, Inverse inverse) {
  constexpr std::size_t kLayers = detail::Ziggurat::kLayers;
  detail::Ziggurat made;
  auto& [x, f] = made;
  x[0] = v / density(r);
  x[1] = r;
  f[1] = density(r);
  f[0] = f[1];
  for (std::size_t i = 2; i < kLayers; ++i) {
    f[i] = v / x[i - 1] + f[i - 1];
    x[i] = inverse(f[i]);
  }
  x[kLayers] = 0.0;
  f[kLayers] = 1.0;
  return made;
}

constexpr double kExponentialR = 7.69711747013104972;
constexpr double kNormalR = 3.6541528853610088;

}  // namespace

const detail::Ziggurat detail::kExponential = make_ziggurat(
    kExponentialR, 3.9496598225815571993e-3, [](double x) { return det_exp(-x); },
    [](double y) { return -det_log(y); });

const detail::Ziggurat detail::kNormal = make_ziggurat(
    kNormalR, 4.92867323399e-3, [](double x) { return det_exp(-0.5 * x * x); },
    [](double y) { return det_sqrt(-2.0 * det_log(y)); });

double Random::exponential_edge(detail::Ziggurat::Draw draw) noexcept {
  const auto& f = detail::kExponential.f;
  for (; !draw.inside; draw = detail::kExponential.place(next())) {
    if (draw.layer == 0) {
      return kExponentialR - det_log(unit_positive());
    }
    const double low = f[draw.layer];
    if (low + unit() * (f[draw.layer + 1] - low) < det_exp(-draw.x)) {
      break;
    }
  }
  return draw.x;
}

double Random::normal_edge(detail::Ziggurat::Draw draw) noexcept {
  const auto& f = detail::kNormal.f;
  for (; !draw.inside; draw = detail::kNormal.place(next())) {
    if (draw.layer == 0) {
      // Marsaglia's tail: exponential proposals beyond kNormalR.
      double beyond = 0.0;
      do {
        beyond = -det_log(unit_positive()) / kNormalR;
      } while (-2.0 * det_log(unit_positive()) < beyond * beyond);
      draw.x = kNormalR + beyond;
      break;
    }
    const double low = f[draw.layer];
    if (low + unit() * (f[draw.layer + 1] - low) < det_exp(-0.5 * draw.x * draw.x)) {
      break;
    }
  }
  return draw.signed_x();
}

}  // namespace ringbed::base
