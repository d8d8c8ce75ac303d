#include "gen/arrival.hpp"

#include <algorithm>
#include <cmath>

namespace ringbed::gen {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint32_t kMinWireFrameBytes = 60;  // without FCS; shorter frames are padded to it

// A rate as an exact fraction: a double is an integer times a power of two, so scaling the units
// by `shift` bits makes the rate an integer. Rates below 2^-56 units a second lose their last bits.
struct IntegerRate {
  std::uint64_t rate;
  unsigned shift;
};
IntegerRate to_integer(double rate) {
  constexpr unsigned kMaxShift = 56;
  unsigned shift = 0;
  while (shift < kMaxShift && rate < 0x1.0p53 && rate != std::floor(rate)) {
    rate *= 2.0;
    ++shift;
  }
  return {std::max<std::uint64_t>(1, static_cast<std::uint64_t>(rate)), shift};
}

base::Error bad(const std::string& where, const std::string& what, const std::string& hint) {
  return {base::ErrorCode::invalid, where + ": " + what, hint};
}

constexpr double kMaxRate = 0x1.0p62;

bool usable(double rate) { return rate >= 0.0 && rate <= kMaxRate; }  // NaN is not

}  // namespace

base::Result<Arrival> Arrival::create(const RateSpec& spec, std::uint64_t line_rate_bps,
                                      std::uint64_t start_ps, Lengths lengths, std::uint64_t seed,
                                      const std::string& stream) {
  const std::string where = "traffic." + stream + ".rate";
  const bool ramp = spec.kind == RateSpec::Kind::ramp;
  if (spec.unit == RateSpec::Unit::line_share && line_rate_bps == 0) {
    return bad(where, "a share of the line's rate needs a line that has a rate", "set link.rate");
  }
  const double scale =
      spec.unit == RateSpec::Unit::line_share ? static_cast<double>(line_rate_bps) : 1.0;
  const double rate = spec.rate * scale;
  const double rate_to = spec.rate_to * scale;
  if (!usable(rate) || (rate == 0.0 && !ramp)) {
    return bad(where, "the rate must be a number above 0", "for example 200kpps, 1Gbps or 50%");
  }
  if (ramp && (!usable(rate_to) || (rate == 0.0 && rate_to == 0.0) || spec.ramp_ns == 0)) {
    return bad(where, "a ramp needs a duration and two rates that are not both 0",
               "for example ramp: { from: 0pps, to: 1Mpps, over: 1s }");
  }
  if (spec.kind == RateSpec::Kind::burst && spec.on_ns == 0) {
    return bad(where, "a burst that is never on sends nothing", "set `on` to more than 0ns");
  }
  constexpr std::uint64_t kMaxNs = kNever / kPsPerNs / 4;
  if (spec.on_ns > kMaxNs || spec.off_ns > kMaxNs || spec.ramp_ns > kMaxNs) {
    return bad(where, "a time beyond 53 days", "use a shorter one");
  }

  Arrival arrival(seed, stream);
  arrival.kind_ = spec.kind;
  arrival.unit_ = spec.unit;
  arrival.start_ps_ = start_ps;
  arrival.departure_ps_ = start_ps;
  arrival.on_ps_ = spec.on_ns * kPsPerNs;
  arrival.off_ps_ = spec.off_ns * kPsPerNs;
  arrival.on_clock_end_ps_ = arrival.on_ps_;
  if (ramp) {
    arrival.ramp_ps_ = static_cast<double>(spec.ramp_ns) * static_cast<double>(kPsPerNs);
    arrival.ramp_from_ = rate / static_cast<double>(kPsPerSecond);
    const double to = rate_to / static_cast<double>(kPsPerSecond);
    arrival.ramp_slope_ = (to - arrival.ramp_from_) / arrival.ramp_ps_;
    arrival.ramp_total_ = (arrival.ramp_from_ + to) / 2.0 * arrival.ramp_ps_;
  }
  arrival.set_rate(ramp ? rate_to : rate, lengths);
  if (spec.kind == RateSpec::Kind::poisson) {
    // The process starts without a frame. Its first gap has the mean of a longest frame's:
    // nothing was sent yet that would say better.
    arrival.advance_poisson(arrival.gap(lengths.max));
  }
  return arrival;
}

std::uint64_t Arrival::units(std::uint32_t length) const noexcept {
  switch (unit_) {
    case RateSpec::Unit::pps: return 1;
    case RateSpec::Unit::bps: return std::uint64_t{length} * 8;
    case RateSpec::Unit::line_share:
      return std::uint64_t{std::max(length, kMinWireFrameBytes) + kWireOverheadBytes} * 8;
  }
  return 1;
}

void Arrival::set_rate(double rate, Lengths lengths) {
  const bool same = unit_ == RateSpec::Unit::pps;
  first_length_ = lengths.min;
  gaps_.resize(same ? 1 : lengths.max - lengths.min + 1);
  if (rate <= 0.0) {  // a ramp down to silence
    std::ranges::fill(gaps_, Gap{kNever, 0});
    rate_ = 1;
    return;
  }
  const auto [integer, shift] = to_integer(rate);
  rate_ = integer;
  for (std::size_t i = 0; i < gaps_.size(); ++i) {
    const auto length = static_cast<std::uint32_t>(lengths.min + i);
    const Wide work = (static_cast<Wide>(units(length)) * kPsPerSecond) << shift;
    const Wide whole = work / rate_;
    gaps_[i] = whole >= kNever ? Gap{kNever, 0}
                               : Gap{static_cast<std::uint64_t>(whole),
                                     static_cast<std::uint64_t>(work % rate_)};
  }
}

void Arrival::advance_other(std::uint32_t length) noexcept {
  switch (kind_) {
    case RateSpec::Kind::constant: return;  // inline, in the header
    case RateSpec::Kind::poisson: advance_poisson(gap(length)); return;
    case RateSpec::Kind::burst: advance_burst(gap(length)); return;
    case RateSpec::Kind::ramp: advance_ramp(length); return;
  }
}

void Arrival::advance_poisson(const Gap& gap) noexcept {
  const double mean =
      static_cast<double>(gap.ps) + static_cast<double>(gap.remainder) / static_cast<double>(rate_);
  const double wait = random_.exponential() * mean + carry_ps_;
  if (!(wait < 0x1.0p63) || departure_ps_ > kNever / 2) [[unlikely]] {
    departure_ps_ = kNever;
    return;
  }
  const auto whole = static_cast<std::uint64_t>(wait);
  carry_ps_ = wait - static_cast<double>(whole);
  departure_ps_ += whole;
}

// A constant process on a clock that stands still in the off states: over many cycles exactly
// on * rate frames leave in each, whether or not a gap divides the on time.
void Arrival::advance_burst(const Gap& gap) noexcept {
  if (!add(on_clock_ps_, gap)) [[unlikely]] {
    departure_ps_ = kNever;
    return;
  }
  if (on_clock_ps_ >= on_clock_end_ps_) {
    const std::uint64_t cycles = (on_clock_ps_ - on_clock_end_ps_) / on_ps_ + 1;
    const Wide silence = static_cast<Wide>(cycles) * off_ps_ + silence_ps_;
    if (silence + on_clock_ps_ + start_ps_ >= kNever || on_clock_ps_ > kNever / 2) [[unlikely]] {
      departure_ps_ = kNever;
      return;
    }
    on_clock_end_ps_ += cycles * on_ps_;
    silence_ps_ = static_cast<std::uint64_t>(silence);
  }
  departure_ps_ = start_ps_ + on_clock_ps_ + silence_ps_;
}

// With N units sent, the next frame leaves at the t where the rate's integral is N:
// from*t + slope*t^2/2 = N, solved in the form that does not cancel. sqrt is exact in IEEE 754.
void Arrival::advance_ramp(std::uint32_t length) noexcept {
  if (ramp_ps_ == 0.0) {
    if (!add(departure_ps_, gap(length))) [[unlikely]] {
      departure_ps_ = kNever;
    }
    return;
  }
  ramp_units_ += static_cast<double>(units(length));
  double elapsed = 0.0;
  if (ramp_units_ < ramp_total_) {
    const double square = ramp_from_ * ramp_from_ + 2.0 * ramp_slope_ * ramp_units_;
    elapsed = 2.0 * ramp_units_ / (ramp_from_ + std::sqrt(std::max(0.0, square)));
  } else {
    // From here on the rate is constant; the exact process takes over at this frame.
    const Gap& whole = gap(length);
    if (whole.ps == kNever) {
      departure_ps_ = kNever;
      return;
    }
    const double ps_per_unit = (static_cast<double>(whole.ps) +
                                static_cast<double>(whole.remainder) / static_cast<double>(rate_)) /
                               static_cast<double>(units(length));
    elapsed = ramp_ps_ + (ramp_units_ - ramp_total_) * ps_per_unit;
    ramp_ps_ = 0.0;
  }
  const auto at = start_ps_ + static_cast<std::uint64_t>(elapsed);
  departure_ps_ = std::max(departure_ps_, at);
}

}  // namespace ringbed::gen
