// Draws an index by weight in constant time: Walker's alias method with Vose's construction
// (Vose 1991). One 64-bit draw gives the column and, with what is left of it, the coin.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"

namespace ringbed::gen {

class AliasTable {
 public:
  AliasTable() = default;
  // Weights >= 0, finite, not all 0. O(n); 8 bytes an entry.
  explicit AliasTable(std::span<const double> weights);
  // Zipf: weight of index i is 1 / (i + 1)^exponent.
  [[nodiscard]] static AliasTable zipf(std::size_t count, double exponent);

  // An index below size(). Precondition: size() > 0.
  [[nodiscard]] std::uint32_t draw(base::Random& random) const noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(random.next()) * columns_.size();
    const auto index = static_cast<std::uint32_t>(product >> 64);
    const auto coin = static_cast<std::uint32_t>(static_cast<std::uint64_t>(product) >> 32);
    const Column& column = columns_[index];
    // Nobody could predict a branch on the coin.
    const auto keep = static_cast<std::uint32_t>(-static_cast<std::int32_t>(coin < column.keep));
    return column.alias ^ ((column.alias ^ index) & keep);
  }

  [[nodiscard]] std::size_t size() const noexcept { return columns_.size(); }
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return columns_.size() * sizeof(Column);
  }

 private:
  struct Column {
    std::uint32_t keep;   // of 2^32: probability to stay with this index
    std::uint32_t alias;  // else this one
  };
  std::vector<Column> columns_;
};

}  // namespace ringbed::gen
