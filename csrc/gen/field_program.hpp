// What a field takes from frame to frame: values in turn, counting, uniform, Zipf, a Gaussian walk,
// a weighted choice. One program draws from one substream, traffic.<stream>.field.<field>.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "gen/alias_table.hpp"
#include "gen/slot.hpp"
#include "gen/stream_spec.hpp"
#include "wire/field.hpp"

namespace ringbed::gen {

class FieldProgram {
 public:
  // Largest range of a Zipf program without values.
  static constexpr std::uint64_t kMaxZipfRange = 1'000'000;

  // Errors: invalid (a value that does not fit the field, an empty range, ...).
  [[nodiscard]] static base::Result<FieldProgram> create(const FieldProgramSpec& spec,
                                                         const wire::FieldSpec& field,
                                                         bool little_endian, std::uint64_t seed,
                                                         const std::string& stream);

  // Writes the next value. O(1).
  template <FrameEdit::Covered kCovered>
  void apply(const Slot& slot, FrameEdit& edit) noexcept {
    const std::uint64_t value = next();
    if (wide_.empty()) [[likely]] {
      edit.set<kCovered>(slot, value);
    } else {
      edit.set_wide(slot, wide_[value].data());
    }
  }

  // The next value; for fields over 64 bits with values, the index of the value.
  [[nodiscard]] std::uint64_t next() noexcept {
    if (taken_ == ahead_.size()) [[unlikely]] {
      draw();
    }
    return ahead_[taken_++];
  }

  // True when the value never changes and is known: it may be part of the image.
  [[nodiscard]] bool fixed() const noexcept { return kind_ == Kind::list && values_.size() == 1; }
  // The field is over 64 bits and the program counts: only its last 64 bits change.
  [[nodiscard]] bool wide() const noexcept { return !wide_.empty(); }
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return values_.size() * sizeof(std::uint64_t) + wide_.size() * kWideBytes +
           table_.memory_bytes();
  }

 private:
  using Kind = FieldProgramSpec::Kind;

  FieldProgram(std::uint64_t seed, const std::string& stream, const std::string& field)
      : random_(seed, "traffic." + stream + ".field." + field) {}
  [[nodiscard]] base::Status take_values(const FieldProgramSpec& spec, const wire::FieldSpec& field,
                                         bool little_endian, const std::string& where);
  [[nodiscard]] base::Status take_range(const FieldProgramSpec& spec, const wire::FieldSpec& field,
                                        const std::string& where);
  // Fills ahead_: what kind the program is of costs one decision for many values. The substream is
  // the program's own, so that nobody sees when it is drawn from.
  void draw() noexcept;
  template <typename Draw>
  void fill(Draw one) noexcept {
    for (std::uint64_t& value : ahead_) {
      value = one();
    }
  }
  [[nodiscard]] std::uint64_t walk(base::Random& random) noexcept {
    // Below 2^52: as a signed number it is the same, and one instruction converts it.
    const auto value = min_ + static_cast<std::uint64_t>(static_cast<std::int64_t>(walk_ + 0.5));
    walk_ += sigma_ * random.normal();
    if (walk_ < 0.0 || walk_ > width_) [[unlikely]] {
      reflect();
    }
    return value;
  }
  void reflect() noexcept;

  std::array<std::uint64_t, 16> ahead_{};
  std::size_t taken_ = ahead_.size();  // of ahead_
  Kind kind_ = Kind::list;
  std::uint64_t position_ = 0;  // list: next index; increment: next value
  std::uint64_t min_ = 0;
  std::uint64_t max_ = 0;
  std::uint64_t step_ = 1;
  double walk_ = 0.0;  // distance from min
  double width_ = 0.0;
  double sigma_ = 0.0;
  std::vector<std::uint64_t> values_;
  std::vector<std::array<std::uint8_t, kWideBytes>> wide_;
  AliasTable table_;
  base::Random random_;
};

// Longest value of a field that is a number: 2^bits - 1 times its unit.
[[nodiscard]] std::uint64_t largest_value(const wire::FieldSpec& field) noexcept;

// A value as the number that a slot takes (fields of at most 64 bits). Errors: invalid.
[[nodiscard]] base::Result<std::uint64_t> to_number(const ValueSpec& value,
                                                    const wire::FieldSpec& field,
                                                    bool little_endian, const std::string& where);

}  // namespace ringbed::gen
