#include "sim/pause_timeline.hpp"

#include <algorithm>

namespace ringbed::sim {

PauseTimeline::PauseTimeline(std::vector<Interval> pauses, const Noise& noise, base::Random random)
    : noise_(noise), random_(random) {
  std::sort(pauses.begin(), pauses.end(),
            [](const Interval& a, const Interval& b) { return a.start < b.start; });
  for (const Interval& pause : pauses) {
    if (!pauses_.empty() && pause.start <= pauses_.back().end) {
      pauses_.back().end = std::max(pauses_.back().end, pause.end);
    } else {
      pauses_.push_back(pause);
    }
  }
  if (noise_.rate_hz > 0.0) {
    mean_gap_ = static_cast<double>(kPsPerSecond) / noise_.rate_hz;
    draw_noise(0);
  }
  advance();
}

void PauseTimeline::draw_noise(Picoseconds after) noexcept {
  const auto gap = static_cast<Picoseconds>(mean_gap_ * random_.exponential() + 0.5);
  next_noise_.start = after + gap;
  next_noise_.end = next_noise_.start + sample(noise_.length, random_);
}

// Takes the earlier of the next scheduled pause and the next noise, merged with what they overlap.
void PauseTimeline::advance() noexcept {
  const bool has_pause = next_pause_ < pauses_.size();
  if (!has_pause && next_noise_.start == kNever) {
    current_ = {kNever, kNever};
    return;
  }
  const Picoseconds earliest =
      has_pause ? std::min(pauses_[next_pause_].start, next_noise_.start) : next_noise_.start;
  current_ = {earliest, earliest};
  for (;;) {
    if (next_pause_ < pauses_.size() && pauses_[next_pause_].start <= current_.end) {
      current_.end = std::max(current_.end, pauses_[next_pause_++].end);
    } else if (next_noise_.start <= current_.end && next_noise_.start != kNever) {
      current_.end = std::max(current_.end, next_noise_.end);
      draw_noise(next_noise_.end);
    } else {
      break;
    }
  }
}

Picoseconds PauseTimeline::running_from_slow(Picoseconds now) noexcept {
  while (now >= current_.start) {
    const Interval pause = current_;
    if (now < pause.end) {
      return pause.end;  // current_ stays: finish() from here on must see that it is over
    }
    paused_ += pause.end - pause.start;
    advance();
  }
  return now;
}

Picoseconds PauseTimeline::finish_slow(Picoseconds start, Picoseconds work) noexcept {
  Picoseconds end = start + work;
  while (end > current_.start) {
    if (current_.end > start) {
      // The part of the pause that lies after the start delays the work.
      const Picoseconds from = std::max(start, current_.start);
      end += current_.end - from;
    }
    paused_ += current_.end - current_.start;
    advance();
  }
  return end;
}

}  // namespace ringbed::sim
