// How long a stream's frames are: fixed, drawn from a list by weight (IMIX), or uniform.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "gen/alias_table.hpp"
#include "gen/stream_spec.hpp"

namespace ringbed::gen {

class SizeProgram {
 public:
  // `needed`: bytes that headers and message take, the least that a size may be (a frame that
  // needs less than 60 is padded to 60). `largest`: the most that the headers can express.
  // Errors: invalid.
  [[nodiscard]] static base::Result<SizeProgram> create(const SizeSpec& spec, std::uint32_t needed,
                                                        std::uint32_t largest, std::uint64_t seed,
                                                        const std::string& stream);

  // Bytes of the next frame that headers and payload fill; draws only where there is a choice.
  [[nodiscard]] std::uint32_t next() noexcept {
    if (min_ == max_) {
      return min_;
    }
    return choices_.empty() ? static_cast<std::uint32_t>(random_.between(min_, max_))
                            : choices_[table_.draw(random_)];
  }

  [[nodiscard]] std::uint32_t min() const noexcept { return min_; }
  [[nodiscard]] std::uint32_t max() const noexcept { return max_; }
  [[nodiscard]] bool fixed() const noexcept { return min_ == max_; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return choices_.size() * sizeof(std::uint32_t) + table_.memory_bytes();
  }

 private:
  SizeProgram(std::uint64_t seed, const std::string& stream)
      : random_(seed, "traffic." + stream + ".size") {}

  std::uint32_t min_ = 0;
  std::uint32_t max_ = 0;
  std::vector<std::uint32_t> choices_;
  AliasTable table_;
  base::Random random_;
};

}  // namespace ringbed::gen
