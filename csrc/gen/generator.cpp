#include "gen/generator.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "gen/frame_template.hpp"
#include "gen/source.hpp"
#include "gen/stream_checks.hpp"

namespace ringbed::gen {

namespace {

MadeSource make_source(const StreamSpec& spec, std::uint64_t seed, std::uint64_t line_rate_bps) {
  if (auto status = check_stream(spec); !status) {
    return status.error();
  }
  switch (spec.kind) {
    case StreamSpec::Kind::udp: return make_udp_source(spec, seed, line_rate_bps);
    case StreamSpec::Kind::tcp: return make_tcp_source(spec, seed, line_rate_bps);
    case StreamSpec::Kind::syn_flood: return make_syn_flood_source(spec, seed, line_rate_bps);
    case StreamSpec::Kind::replay: return make_replay_source(spec, seed, line_rate_bps);
  }
  return invalid("traffic." + spec.name, "an unknown kind of stream", "");
}

}  // namespace

Generator::Generator(Generator&&) noexcept = default;
Generator& Generator::operator=(Generator&&) noexcept = default;
Generator::~Generator() = default;

base::Result<Generator> Generator::create(std::span<const StreamSpec> streams, std::uint64_t seed,
                                          std::uint64_t line_rate_bps, Limits limits) {
  Generator generator;
  generator.packet_limit_ = limits.packets == 0 ? UINT64_MAX : limits.packets;
  generator.end_ps_ = limits.duration_ps == 0 ? kNever : limits.duration_ps;
  std::uint32_t longest = FrameTemplate::kMinFrameBytes;
  std::set<std::string> names;
  for (const StreamSpec& spec : streams) {
    if (!names.insert(spec.name).second) {
      return invalid("traffic." + spec.name, "two streams have this name", "rename one of them");
    }
    auto source = make_source(spec, seed, line_rate_bps);
    if (!source) {
      return source.error();
    }
    longest = std::max(longest, source.value()->max_frame_bytes());
    generator.sources_.push_back(std::move(source).value());
    generator.heap_.push_back(
        {generator.sources_.back()->next_ps(), static_cast<std::uint32_t>(generator.heap_.size())});
  }
  generator.max_frame_bytes_ = FrameTemplate::round_up(longest);
  for (std::size_t i = generator.heap_.size() / 2; i > 0; --i) {
    generator.sift_down(i - 1);
  }
  return generator;
}

bool Generator::next(base::MutableBytes frame, FrameMeta& meta) noexcept {
  if (peek_ps() == kNever) [[unlikely]] {
    return false;
  }
  assert(frame.size() >= max_frame_bytes_);
  Turn& turn = heap_.front();
  Source& source = *sources_[turn.stream];
  meta.stream = turn.stream;
  source.emit(frame.data(), meta);
  turn.departure_ps = source.next_ps();
  if (heap_.size() > 1) {
    sift_down(0);
  }
  ++frames_;
  return true;
}

std::uint64_t Generator::peek_ps() const noexcept {
  if (heap_.empty() || frames_ >= packet_limit_) {
    return kNever;
  }
  const std::uint64_t departure = heap_.front().departure_ps;
  return departure < end_ps_ ? departure : kNever;
}

void Generator::sift_down(std::size_t at) noexcept {
  const Turn moving = heap_[at];
  for (;;) {
    std::size_t child = 2 * at + 1;
    if (child >= heap_.size()) {
      break;
    }
    if (child + 1 < heap_.size() && heap_[child + 1].before(heap_[child])) {
      ++child;
    }
    if (!heap_[child].before(moving)) {
      break;
    }
    heap_[at] = heap_[child];
    at = child;
  }
  heap_[at] = moving;
}

std::uint32_t Generator::flows(std::uint32_t stream) const noexcept {
  return sources_[stream]->flows();
}

std::optional<FrameImage> Generator::image(std::uint32_t stream) const {
  return sources_[stream]->image();
}

std::size_t Generator::memory_bytes() const noexcept {
  std::size_t bytes = heap_.capacity() * sizeof(Turn);
  for (const auto& source : sources_) {
    bytes += source->memory_bytes();
  }
  return bytes;
}

base::Status Generator::status() const {
  for (const auto& source : sources_) {
    if (auto status = source->status(); !status) {
      return status;
    }
  }
  return {};
}

}  // namespace ringbed::gen
