// One stream at work: when its next frame leaves, and the frame.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.hpp"
#include "gen/generator.hpp"
#include "gen/stream_spec.hpp"

namespace ringbed::gen {

class Source {
 public:
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // Departure of the next frame; kNever when there is none.
  [[nodiscard]] std::uint64_t next_ps() const noexcept { return next_ps_; }
  // Writes the frame that leaves at next_ps() and all of `meta` but its stream, and moves on. The
  // frame has room for FrameTemplate::round_up(max_frame_bytes()). Precondition: there is one.
  virtual void emit(std::uint8_t* frame, FrameMeta& meta) noexcept = 0;

  [[nodiscard]] virtual std::uint32_t max_frame_bytes() const noexcept = 0;
  // What all of its frames have in common; none where there is nothing of the kind.
  [[nodiscard]] virtual std::optional<FrameImage> image() const { return std::nullopt; }
  [[nodiscard]] virtual std::uint32_t flows() const noexcept = 0;
  [[nodiscard]] virtual std::size_t memory_bytes() const noexcept = 0;
  [[nodiscard]] virtual base::Status status() const { return {}; }

 protected:
  explicit Source(const StreamSpec& spec) noexcept
      : stop_ps_(spec.stop_ns == 0 ? kNever : spec.stop_ns * kPsPerNs),
        left_(spec.packets == 0 ? UINT64_MAX : spec.packets) {}

  // The next frame would leave at `departure_ps`.
  void schedule(std::uint64_t departure_ps) noexcept {
    next_ps_ = left_ != 0 && departure_ps < stop_ps_ ? departure_ps : kNever;
  }
  // Books the frame that was written, and schedules the one after it.
  void sent(std::uint64_t next_departure_ps) noexcept {
    --left_;
    schedule(next_departure_ps);
  }

 private:
  std::uint64_t next_ps_ = kNever;
  std::uint64_t stop_ps_;
  std::uint64_t left_;
};

// The kinds of streams. Errors: invalid, io.
using MadeSource = base::Result<std::unique_ptr<Source>>;
[[nodiscard]] MadeSource make_udp_source(const StreamSpec& spec, std::uint64_t seed,
                                         std::uint64_t line_rate_bps);
[[nodiscard]] MadeSource make_tcp_source(const StreamSpec& spec, std::uint64_t seed,
                                         std::uint64_t line_rate_bps);
[[nodiscard]] MadeSource make_syn_flood_source(const StreamSpec& spec, std::uint64_t seed,
                                               std::uint64_t line_rate_bps);
[[nodiscard]] MadeSource make_replay_source(const StreamSpec& spec, std::uint64_t seed,
                                            std::uint64_t line_rate_bps);

}  // namespace ringbed::gen
