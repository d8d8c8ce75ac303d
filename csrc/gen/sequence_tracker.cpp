#include "gen/sequence_tracker.hpp"

#include <algorithm>

namespace ringbed::gen {

namespace {

constexpr std::uint64_t kWordBits = 64;
constexpr std::uint64_t kMinWords = 2;
constexpr std::uint64_t kMaxWords = 1024;      // 65,536 numbers
constexpr std::uint64_t kWordsAStream = 8192;  // 64 KiB, as long as flows are few

// Forgets `count` numbers from `first` on; the bitmap is circular.
void forget(std::uint64_t* seen, std::uint64_t mask, std::uint64_t first, std::uint64_t count) {
  while (count > 0) {
    const std::uint64_t slot = first & mask;
    const std::uint64_t bit = slot % kWordBits;
    const std::uint64_t run = std::min(kWordBits - bit, count);
    const std::uint64_t ones = run == kWordBits ? ~0ULL : (1ULL << run) - 1;
    seen[slot / kWordBits] &= ~(ones << bit);
    first += run;
    count -= run;
  }
}

}  // namespace

SequenceTracker::SequenceTracker(std::span<const std::uint32_t> flows,
                                 std::uint64_t first_sequence) {
  std::uint64_t cells = 0;
  for (const std::uint32_t count : flows) {
    const std::uint64_t fair = kWordsAStream / std::max<std::uint64_t>(1, count);
    const std::uint64_t words = std::clamp(std::bit_floor(fair), kMinWords, kMaxWords);
    Stream stream;
    stream.first_cell = cells;
    stream.stride = 1 + words;
    stream.window_mask = words * kWordBits - 1;
    streams_.push_back(stream);
    cells += stream.stride * count;
  }
  cells_.resize(cells);
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    for (std::uint64_t flow = 0; flow < flows[i]; ++flow) {
      cells_[streams_[i].first_cell + flow * streams_[i].stride] = first_sequence;
    }
  }
}

void SequenceTracker::receive_out_of_turn(Stream& state, std::uint64_t& next, std::uint64_t* seen,
                                          std::uint64_t sequence) noexcept {
  SequenceCounts& counts = state.counts;
  const std::uint64_t window = state.window_mask + 1;
  const std::uint64_t slot = sequence & state.window_mask;
  std::uint64_t& word = seen[slot / kWordBits];
  const std::uint64_t bit = 1ULL << slot % kWordBits;
  const std::uint64_t ahead = sequence - next;
  if (ahead < 1ULL << 63) {  // a gap: what lies between is missing so far
    forget(seen, state.window_mask, next, std::min(ahead, window));
    word |= bit;
    counts.expected += ahead + 1;
    ++counts.received;
    next = sequence + 1;
    return;
  }
  const std::uint64_t behind = next - sequence;  // at least 1
  if (behind > window) {
    ++counts.received;
    ++counts.reordered;
    ++counts.beyond_window;
    return;
  }
  if ((word & bit) != 0) {
    ++counts.duplicated;
    return;
  }
  word |= bit;
  ++counts.received;
  ++counts.reordered;
}

}  // namespace ringbed::gen
