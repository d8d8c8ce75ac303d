#include "engine/stream_stats.hpp"

namespace ringbed::engine {

namespace {

std::vector<std::uint32_t> flows_of(const gen::Generator& generator) {
  std::vector<std::uint32_t> flows(generator.stream_count());
  for (std::uint32_t stream = 0; stream < flows.size(); ++stream) {
    flows[stream] = generator.flows(stream);
  }
  return flows;
}

}  // namespace

StreamStats::StreamStats(const std::vector<gen::StreamSpec>& specs, const gen::Generator& generator,
                         std::uint64_t warmup_ps)
    : warmup_ps_(warmup_ps), tracker_(flows_of(generator)) {
  histograms_.resize(std::min(specs.size(), kMostHistograms));
  for (std::uint32_t i = 0; i < specs.size(); ++i) {
    streams_.push_back({specs[i].name, generator.flows(i), i < kMostHistograms ? i : kNone});
  }
}

std::vector<StreamResult> StreamStats::results() const {
  std::vector<StreamResult> rows;
  for (std::uint32_t i = 0; i < streams_.size(); ++i) {
    const Stream& stream = streams_[i];
    const gen::SequenceCounts& counts = tracker_.counts(i);
    StreamResult row;
    row.name = stream.name;
    row.flows = stream.flows;
    row.offered = stream.offered;
    row.received = counts.received;
    row.lost = tracker_.lost(i, stream.offered);
    row.duplicated = counts.duplicated;
    row.reordered = counts.reordered;
    row.responses = stream.responses;
    row.offered_bytes = stream.bytes;
    row.unsent = stream.unsent;
    if (stream.histograms != kNone) {
      row.response = histograms_[stream.histograms].response;
      row.gap_intended = histograms_[stream.histograms].gap;
      row.gap_achieved = histograms_[stream.histograms].achieved;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::uint64_t StreamStats::offered_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const Stream& stream : streams_) {
    sum += stream.bytes;
  }
  return sum;
}

std::size_t StreamStats::memory_bytes() const noexcept {
  std::size_t sum = tracker_.memory_bytes() + streams_.size() * sizeof(Stream);
  for (const Histograms& rows : histograms_) {
    sum += rows.response.bytes() + rows.gap.bytes() + rows.achieved.bytes();
  }
  return sum;
}

}  // namespace ringbed::engine
