// Logarithm, exponential and power from IEEE-754 basic operations alone. libm may round its
// transcendental functions differently from one release or CPU to the next; results of a
// simulation must not. Together with -ffp-contract=off these give the same bits everywhere.
// Accuracy: relative error below 1e-14 over the ranges that the simulator uses.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace ringbed::base {

// Natural logarithm of x > 0 (normal numbers). ln x = e ln 2 + 2 atanh((m-1)/(m+1)), the series
// of atanh for m in [sqrt(1/2), sqrt(2)) converges by a factor of 34 a term.
[[nodiscard]] constexpr double det_log(double x) noexcept {
  constexpr double kLn2Hi = 6.93147180369123816490e-01;
  constexpr double kLn2Lo = 1.90821492927058770002e-10;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  auto exponent = static_cast<std::int32_t>((bits >> 52) & 0x7ff) - 1023;
  double m = std::bit_cast<double>((bits & 0x000f'ffff'ffff'ffffULL) | 0x3ff0'0000'0000'0000ULL);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++exponent;
  }
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  double sum = 0.0;
  for (int k = 21; k >= 1; k -= 2) {
    sum = sum * z + 1.0 / static_cast<double>(k);
  }
  const double e = static_cast<double>(exponent);
  return e * kLn2Hi + (2.0 * s * sum + e * kLn2Lo);
}

// e to the power x for |x| < 700: 2^k times the Taylor series on [-ln2/2, ln2/2].
[[nodiscard]] constexpr double det_exp(double x) noexcept {
  constexpr double kLn2 = 6.93147180559945286227e-01;
  constexpr double kLn2Hi = 6.93147180369123816490e-01;
  constexpr double kLn2Lo = 1.90821492927058770002e-10;
  if (x < -700.0) {
    return 0.0;
  }
  if (x > 700.0) {
    return std::numeric_limits<double>::infinity();
  }
  const double scaled = x / kLn2;
  const auto k = static_cast<std::int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  const double r = (x - static_cast<double>(k) * kLn2Hi) - static_cast<double>(k) * kLn2Lo;
  double sum = 1.0;
  for (int n = 16; n >= 1; --n) {
    sum = 1.0 + sum * r / static_cast<double>(n);
  }
  return sum * std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
}

// x to the power y for x > 0.
[[nodiscard]] constexpr double det_pow(double x, double y) noexcept {
  return y == 0.0 ? 1.0 : det_exp(y * det_log(x));
}

// Square root by Newton's method; IEEE requires sqrt to be exact, but std::sqrt is not constexpr.
[[nodiscard]] constexpr double det_sqrt(double x) noexcept {
  if (x <= 0.0) {
    return 0.0;
  }
  double guess = det_exp(0.5 * det_log(x));
  for (int i = 0; i < 3; ++i) {
    guess = 0.5 * (guess + x / guess);
  }
  return guess;
}

}  // namespace ringbed::base
