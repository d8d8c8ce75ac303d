#include "gen/alias_table.hpp"

#include "base/detmath.hpp"

namespace ringbed::gen {

AliasTable::AliasTable(std::span<const double> weights) : columns_(weights.size()) {
  double total = 0.0;
  for (const double weight : weights) {
    total += weight;
  }
  const auto count = static_cast<double>(weights.size());
  std::vector<double> share(weights.size());
  std::vector<std::uint32_t> small;
  std::vector<std::uint32_t> large;
  for (std::uint32_t i = 0; i < weights.size(); ++i) {
    share[i] = weights[i] / total * count;
    (share[i] < 1.0 ? small : large).push_back(i);
  }
  while (!small.empty() && !large.empty()) {
    const std::uint32_t low = small.back();
    const std::uint32_t high = large.back();
    small.pop_back();
    columns_[low] = {static_cast<std::uint32_t>(share[low] * 0x1.0p32), high};
    share[high] -= 1.0 - share[low];
    if (share[high] < 1.0) {
      large.pop_back();
      small.push_back(high);
    }
  }
  // What is left is 1 but for rounding: it keeps itself whatever the coin says.
  for (const auto& rest : {small, large}) {
    for (const std::uint32_t i : rest) {
      columns_[i] = {UINT32_MAX, i};
    }
  }
}

AliasTable AliasTable::zipf(std::size_t count, double exponent) {
  std::vector<double> weights(count);
  for (std::size_t i = 0; i < count; ++i) {
    weights[i] = base::det_pow(static_cast<double>(i + 1), -exponent);
  }
  return AliasTable(weights);
}

}  // namespace ringbed::gen
