// What each stream got: offered and received frames, loss, duplication and reordering by its flows'
// sequences, and the latency of its responses. Booked on the run's own thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/counters.hpp"
#include "base/histogram.hpp"
#include "engine/result.hpp"
#include "gen/generator.hpp"
#include "gen/sequence_tracker.hpp"

namespace ringbed::engine {

class StreamStats {
 public:
  // A histogram is 90 KiB: streams beyond this many have none of their own, so that memory does
  // not grow with them. Their latency is in the run's.
  static constexpr std::size_t kMostHistograms = 64;

  // Gaps are measured between frames that were due at `warmup_ps` or later.
  StreamStats(const std::vector<gen::StreamSpec>& specs, const gen::Generator& generator,
              std::uint64_t warmup_ps);

  void offered(const gen::FrameMeta& frame) noexcept {
    Stream& row = streams_[frame.stream];
    ++row.offered;
    row.bytes += frame.length;
    if (row.histograms == kNone || frame.departure_ps < warmup_ps_) {
      return;
    }
    if (row.last_departure_ps != kNever) {
      // Between whole nanoseconds, so that the mean of many is right to the picosecond.
      histograms_[row.histograms].gap.record(frame.departure_ps / gen::kPsPerNs -
                                             row.last_departure_ps / gen::kPsPerNs);
    }
    row.last_departure_ps = frame.departure_ps;
  }

  // A frame of the stream that was due after the warm-up leaves, on a real clock.
  void sent(std::uint32_t stream, std::uint64_t now_ns) noexcept {
    Stream& row = streams_[stream];
    if (row.histograms == kNone) {
      return;
    }
    if (row.last_sent_ns != kNever) {
      histograms_[row.histograms].achieved.record(now_ns - row.last_sent_ns);
    }
    row.last_sent_ns = now_ns;
  }

  // A frame of the stream was due and will not leave.
  void unsent(std::uint32_t stream) noexcept { ++streams_[stream].unsent; }

  void received(std::uint32_t stream, std::uint32_t flow, std::uint64_t sequence) noexcept {
    tracker_.receive(stream, flow, sequence);
  }

  void answered(std::uint32_t stream, std::uint64_t ns, bool measured) noexcept {
    Stream& row = streams_[stream];
    ++row.responses;
    if (measured && row.histograms != kNone) {
      histograms_[row.histograms].response.record(ns);
    }
  }

  void publish(base::LiveCounters live) const noexcept {
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      live.set(i, base::StreamCounter::offered, streams_[i].offered);
      live.set(i, base::StreamCounter::responses, streams_[i].responses);
    }
  }

  [[nodiscard]] std::vector<StreamResult> results() const;
  [[nodiscard]] std::uint64_t offered_bytes() const noexcept;
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  static constexpr std::uint64_t kNever = UINT64_MAX;

  struct Stream {
    std::string name;
    std::uint32_t flows = 0;
    std::uint32_t histograms = kNone;
    std::uint64_t offered = 0;
    std::uint64_t bytes = 0;
    std::uint64_t responses = 0;
    std::uint64_t unsent = 0;
    std::uint64_t last_departure_ps = kNever;
    std::uint64_t last_sent_ns = kNever;
  };
  struct Histograms {
    base::Histogram response;
    base::Histogram gap;
    base::Histogram achieved;
  };

  std::uint64_t warmup_ps_;
  std::vector<Stream> streams_;
  std::vector<Histograms> histograms_;
  gen::SequenceTracker tracker_;
};

}  // namespace ringbed::engine
