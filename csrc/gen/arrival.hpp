// When a stream's frames leave: constant, Poisson, burst (on/off) and ramp arrival processes, in
// packets a second, bits a second or as a share of the line. Departures are integers of
// picoseconds without drift: all three units are one thing, a frame that is worth W units at a
// rate of R units a second, and the constant process carries the remainder of W * 10^12 / R from
// frame to frame, so that frame n leaves at floor(sum of W * 10^12 / R) exactly.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "gen/stream_spec.hpp"

namespace ringbed::gen {

class Arrival {
 public:
  // The shortest and longest frame that advance() will be told about.
  struct Lengths {
    std::uint32_t min = 0;
    std::uint32_t max = 0;
  };

  // The first frame leaves at `start_ps`, under Poisson one gap later. Errors: invalid (a rate
  // that is not a positive number, a burst that is never on, ...); the message names the `stream`.
  [[nodiscard]] static base::Result<Arrival> create(const RateSpec& rate,
                                                    std::uint64_t line_rate_bps,
                                                    std::uint64_t start_ps, Lengths lengths,
                                                    std::uint64_t seed, const std::string& stream);

  // When the next frame leaves; kNever when no other will. Never goes back.
  [[nodiscard]] std::uint64_t departure_ps() const noexcept { return departure_ps_; }

  // A frame of `length` bytes leaves at departure_ps(): moves on to the next.
  void advance(std::uint32_t length) noexcept {
    if (kind_ == RateSpec::Kind::constant) [[likely]] {
      if (!add(departure_ps_, gap(length))) [[unlikely]] {
        departure_ps_ = kNever;
      }
      return;
    }
    advance_other(length);
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept { return gaps_.size() * sizeof(Gap); }

 private:
  // W * 10^12 / rate_, whole picoseconds and remainder.
  struct Gap {
    std::uint64_t ps = 0;
    std::uint64_t remainder = 0;
  };

  explicit Arrival(std::uint64_t seed, const std::string& stream)
      : random_(seed, "traffic." + stream + ".arrival") {}
  [[nodiscard]] std::uint64_t units(std::uint32_t length) const noexcept;
  [[nodiscard]] const Gap& gap(std::uint32_t length) const noexcept {
    return gaps_[gaps_.size() == 1 ? 0 : length - first_length_];
  }
  void set_rate(double rate, Lengths lengths);
  // Adds a gap to `clock_ps` and its remainder.
  [[nodiscard]] bool add(std::uint64_t& clock_ps, const Gap& gap) noexcept {
    remainder_ += gap.remainder;  // both below rate_ <= 2^62
    const std::uint64_t carry = remainder_ >= rate_ ? 1 : 0;
    remainder_ -= carry != 0 ? rate_ : 0;
    const std::uint64_t before = clock_ps;
    clock_ps += gap.ps + carry;
    return clock_ps >= before && gap.ps != kNever;
  }
  void advance_other(std::uint32_t length) noexcept;
  void advance_poisson(const Gap& gap) noexcept;
  void advance_burst(const Gap& gap) noexcept;
  void advance_ramp(std::uint32_t length) noexcept;

  RateSpec::Kind kind_ = RateSpec::Kind::constant;
  RateSpec::Unit unit_ = RateSpec::Unit::pps;
  std::uint64_t departure_ps_ = 0;
  std::uint64_t rate_ = 0;       // denominator of the gaps
  std::uint64_t remainder_ = 0;  // of rate_, carried from frame to frame
  std::uint32_t first_length_ = 0;
  std::vector<Gap> gaps_;  // by length; one where all frames are worth the same

  double carry_ps_ = 0.0;  // poisson: fraction of a picosecond, carried

  std::uint64_t start_ps_ = 0;  // burst, ramp
  std::uint64_t on_ps_ = 0;     // burst
  std::uint64_t off_ps_ = 0;
  std::uint64_t on_clock_ps_ = 0;      // time spent in the on state
  std::uint64_t on_clock_end_ps_ = 0;  // where the current on state ends, on that clock
  std::uint64_t silence_ps_ = 0;       // off states so far

  double ramp_ps_ = 0.0;     // length of the ramp; 0 once it is over
  double ramp_from_ = 0.0;   // units a picosecond
  double ramp_slope_ = 0.0;  // units a picosecond squared
  double ramp_units_ = 0.0;  // sent since the start
  double ramp_total_ = 0.0;  // units that the ramp holds
  base::Random random_;
};

}  // namespace ringbed::gen
