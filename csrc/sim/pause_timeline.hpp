// When a core does not run: pauses from the scenario's faults (a garbage collection, a VM exit)
// and operating-system noise (a Poisson process of interruptions). Times of one core only move
// forward, so looking up costs amortised O(1).
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "sim/distribution.hpp"
#include "sim/time.hpp"

namespace ringbed::sim {

struct Interval {
  Picoseconds start = 0;
  Picoseconds end = 0;
};

// Poisson interruptions: `rate_hz` a second, each as long as `length` says.
struct Noise {
  double rate_hz = 0.0;
  Distribution length;
};

class PauseTimeline {
 public:
  // `pauses` in any order; overlapping ones are merged.
  PauseTimeline(std::vector<Interval> pauses, const Noise& noise, base::Random random);

  // The first moment at or after `now` at which the core runs.
  [[nodiscard]] Picoseconds running_from(Picoseconds now) noexcept {
    return now < current_.start ? now : running_from_slow(now);
  }

  // When `work` that starts at the running moment `start` is done.
  [[nodiscard]] Picoseconds finish(Picoseconds start, Picoseconds work) noexcept {
    return start + work <= current_.start ? start + work : finish_slow(start, work);
  }

  // Time spent in pauses that ended or were entered so far.
  [[nodiscard]] Picoseconds paused() const noexcept { return paused_; }

 private:
  [[nodiscard]] Picoseconds running_from_slow(Picoseconds now) noexcept;
  [[nodiscard]] Picoseconds finish_slow(Picoseconds start, Picoseconds work) noexcept;
  void advance() noexcept;
  void draw_noise(Picoseconds after) noexcept;

  std::vector<Interval> pauses_;
  std::size_t next_pause_ = 0;
  Noise noise_;
  double mean_gap_ = 0.0;  // ps
  Interval next_noise_{kNever, kNever};
  Interval current_{};  // the first pause that is not over yet
  Picoseconds paused_ = 0;
  base::Random random_;
};

}  // namespace ringbed::sim
