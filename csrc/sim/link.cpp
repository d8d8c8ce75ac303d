#include "sim/link.hpp"

#include <algorithm>
#include <string>

namespace ringbed::sim {

namespace {

base::Random substream(std::uint64_t seed, std::string_view name, std::string_view what) {
  return {seed, std::string(name).append(".").append(what)};
}

}  // namespace

Link::Link(const LinkConfig& config, std::uint64_t seed, std::string_view name,
           std::vector<LinkFault> faults)
    : config_(config),
      faults_(std::move(faults)),
      byte_whole_(8 * kPsPerSecond / config.rate_bps),
      byte_part_(8 * kPsPerSecond % config.rate_bps),
      starts_(config.queue_frames),
      plain_(config.jitter.is_zero() && config.loss <= 0.0 && config.duplicate <= 0.0 &&
             config.reorder <= 0.0 && config.corrupt <= 0.0 && faults_.empty()),
      loss_(substream(seed, name, "loss")),
      duplicate_(substream(seed, name, "duplicate")),
      reorder_(substream(seed, name, "reorder")),
      jitter_(substream(seed, name, "jitter")),
      corrupt_(substream(seed, name, "corrupt")) {}

const LinkFault* Link::fault_at(Picoseconds now) noexcept {
  while (next_fault_ < faults_.size() && faults_[next_fault_].end <= now) {
    ++next_fault_;
  }
  // Faults may overlap: the first one that holds now decides, a down link before a lossy one.
  const LinkFault* found = nullptr;
  for (std::size_t i = next_fault_; i < faults_.size() && faults_[i].start <= now; ++i) {
    if (faults_[i].end > now && (found == nullptr || faults_[i].down)) {
      found = &faults_[i];
    }
  }
  return found;
}

void Link::impair(Transit& transit, Picoseconds start, std::uint32_t length) noexcept {
  const LinkFault* fault = fault_at(start);
  const bool lost = loss_.chance(fault != nullptr && !fault->down ? fault->loss : config_.loss);
  if (fault != nullptr && fault->down) {
    transit.dropped = base::Reason::link_down;
    return;
  }
  if (lost) {
    transit.dropped = base::Reason::link_loss;
    return;
  }
  transit.arrival += sample(config_.jitter, jitter_);
  if (reorder_.chance(config_.reorder)) {
    transit.arrival += config_.reorder_delay;
  }
  if (corrupt_.chance(config_.corrupt)) {
    transit.flip = corrupt_.next() | 1;
  }
  if (duplicate_.chance(config_.duplicate)) {
    wire_free_ += serialize(length);  // the copy takes its own time on the wire
    transit.copy_arrival = wire_free_ + config_.delay + sample(config_.jitter, jitter_);
  }
}

}  // namespace ringbed::sim
