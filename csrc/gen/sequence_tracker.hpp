// Loss, duplication and reordering by sequence number, flow by flow. A packet is reordered when it
// arrives after one with a higher number (RFC 4737 section 3.3, type-P-reordered), a duplicate when
// its number was seen before (RFC 5560). A circular bitmap a flow remembers what was seen of the
// last window() numbers, in the manner of the anti-replay window of RFC 6479; few flows get
// a long window, many flows one of 128 (24 bytes a flow).
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace ringbed::gen {

struct SequenceCounts {
  std::uint64_t received = 0;    // distinct packets
  std::uint64_t duplicated = 0;  // further copies
  std::uint64_t reordered = 0;   // of the received: came after a higher number
  // Of the received and reordered: so late that the window had forgotten the number, which is
  // why a copy could have been taken for a late original.
  std::uint64_t beyond_window = 0;
  std::uint64_t expected = 0;  // numbers up to the highest seen, summed over the flows
};

class SequenceTracker {
 public:
  // flows[s]: flows of stream s. Every flow's first number is `first_sequence`.
  explicit SequenceTracker(std::span<const std::uint32_t> flows, std::uint64_t first_sequence = 0);

  // A packet has arrived. Numbers may wrap past 2^64: order is by serial arithmetic (RFC 1982).
  // O(1), at most one cache miss where there are many flows. Preconditions: indices in range.
  void receive(std::uint32_t stream, std::uint32_t flow, std::uint64_t sequence) noexcept {
    Stream& state = streams_[stream];
    std::uint64_t* cell = cells_.data() + state.first_cell + std::uint64_t{flow} * state.stride;
    std::uint64_t& next = cell[0];
    std::uint64_t* seen = cell + 1;
    const std::uint64_t slot = sequence & state.window_mask;
    const std::uint64_t bit = 1ULL << (slot & 63);
    const std::uint64_t ahead = sequence - next;
    if (ahead == 0) [[likely]] {
      ++next;
      seen[slot >> 6] |= bit;
      ++state.counts.received;
      ++state.counts.expected;
      return;
    }
    receive_out_of_turn(state, next, seen, sequence);
  }

  [[nodiscard]] const SequenceCounts& counts(std::uint32_t stream) const noexcept {
    return streams_[stream].counts;
  }
  // Packets of the stream that never came, when `offered` were sent.
  [[nodiscard]] std::uint64_t lost(std::uint32_t stream, std::uint64_t offered) const noexcept {
    const std::uint64_t received = streams_[stream].counts.received;
    return offered > received ? offered - received : 0;
  }
  // How many numbers back a copy is recognised.
  [[nodiscard]] std::uint64_t window(std::uint32_t stream) const noexcept {
    return streams_[stream].window_mask + 1;
  }
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return cells_.size() * sizeof(std::uint64_t) + streams_.size() * sizeof(Stream);
  }

 private:
  struct Stream {
    std::uint64_t first_cell = 0;
    std::uint64_t stride = 0;  // cells a flow: next number, bitmap words
    std::uint64_t window_mask = 0;
    SequenceCounts counts;
  };
  void receive_out_of_turn(Stream& state, std::uint64_t& next, std::uint64_t* seen,
                           std::uint64_t sequence) noexcept;

  std::vector<Stream> streams_;
  std::vector<std::uint64_t> cells_;
};

}  // namespace ringbed::gen
