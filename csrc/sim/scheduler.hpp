// The event scheduler: a fixed set of event sources, each of which announces the time of its own
// next event. Up to four sources (a core or two) are simply compared: nothing is cheaper. More are
// kept in a winner tree (Knuth, TAOCP 3, 5.4.1), where update() costs log2(sources). Of equal times
// the source with the lower number wins, which makes the order of events, and with it the digest,
// a matter of definition.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "sim/time.hpp"

namespace ringbed::sim {

class Scheduler {
 public:
  explicit Scheduler(std::uint32_t sources)
      : leaves_(std::bit_ceil(sources < kCompared ? kCompared : sources)),
        times_(leaves_, kNever),
        winners_(leaves_) {
    for (std::uint32_t node = leaves_ - 1; node > 0; --node) {
      winners_[node] = node >= leaves_ / 2 ? 2 * node - leaves_ : winners_[2 * node];
    }
  }

  // Announces the next event of `source`.
  void update(std::uint32_t source, Picoseconds when) noexcept {
    times_[source] = when;
    if (leaves_ != kCompared) [[unlikely]] {
      replay(source);
    }
  }

  [[nodiscard]] std::uint32_t earliest() const noexcept {
    if (leaves_ != kCompared) [[unlikely]] {
      return winners_[1];
    }
    // Values, not indices, so that it compiles to conditional moves.
    const Picoseconds first = times_[0];
    const Picoseconds second = times_[1];
    const Picoseconds third = times_[2];
    const Picoseconds fourth = times_[3];
    const bool in_low = second < first;
    const bool in_high = fourth < third;
    const Picoseconds low = in_low ? second : first;
    const Picoseconds high = in_high ? fourth : third;
    return high < low ? 2U + static_cast<std::uint32_t>(in_high)
                      : static_cast<std::uint32_t>(in_low);
  }
  [[nodiscard]] Picoseconds time_of(std::uint32_t source) const noexcept { return times_[source]; }

 private:
  static constexpr std::uint32_t kCompared = 4;

  // Plays the matches from the source's leaf to the root again.
  void replay(std::uint32_t source) noexcept {
    std::uint32_t node = (source + leaves_) / 2;
    const std::uint32_t pair = source & ~1U;
    winners_[node] = times_[pair + 1] < times_[pair] ? pair + 1 : pair;
    while (node > 1) {
      node /= 2;
      const std::uint32_t left = winners_[2 * node];
      const std::uint32_t right = winners_[2 * node + 1];
      winners_[node] = times_[right] < times_[left] ? right : left;
    }
  }

  std::uint32_t leaves_;
  std::vector<Picoseconds> times_;
  std::vector<std::uint32_t> winners_;
};

}  // namespace ringbed::sim
