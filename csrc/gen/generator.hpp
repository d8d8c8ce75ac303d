// Merges the streams of a scenario into one sequence of frames in order of departure; streams that
// want to send at the same picosecond go in the order of their index. Deterministic: the frames
// depend on the specifications and the seed alone. Every stream draws from substreams of its own
// (traffic.<name>.arrival, .size, .field.<field>, ...), so that a change to one stream, or to one
// field of it, leaves every other draw alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "gen/frame_image.hpp"
#include "gen/stream_spec.hpp"

namespace ringbed::gen {

class Source;  // one stream at work

struct FrameMeta {
  std::uint64_t departure_ps = 0;
  std::uint64_t sequence = 0;  // within its flow, from 0
  std::uint32_t stream = 0;    // index of its specification
  std::uint32_t flow = 0;      // within its stream
  std::uint32_t length = 0;    // bytes without FCS
};

// What bounds the whole; 0 means no bound.
struct Limits {
  std::uint64_t packets = 0;
  std::uint64_t duration_ps = 0;  // departures are before it
};

class Generator {
 public:
  // Everything that memory is needed for happens here. Errors: invalid (a specification that
  // cannot be: which stream, what is wrong, what would be right), io and invalid for a capture
  // to replay, resource.
  [[nodiscard]] static base::Result<Generator> create(std::span<const StreamSpec> streams,
                                                      std::uint64_t seed,
                                                      std::uint64_t line_rate_bps, Limits limits);
  Generator(Generator&&) noexcept;
  Generator& operator=(Generator&&) noexcept;
  ~Generator();

  // Writes the next frame to `frame`, which holds at least max_frame_bytes(); the bytes behind
  // meta.length, up to max_frame_bytes(), may be overwritten. False at the end. No allocation;
  // replay of a capture larger than 1 MiB reads the file a buffer at a time. O(log streams).
  bool next(base::MutableBytes frame, FrameMeta& meta) noexcept;

  // Departure of the frame that next() would write; kNever at the end.
  [[nodiscard]] std::uint64_t peek_ps() const noexcept;
  // Longest frame of any stream, rounded up to a multiple of 64.
  [[nodiscard]] std::uint32_t max_frame_bytes() const noexcept { return max_frame_bytes_; }
  [[nodiscard]] std::size_t stream_count() const noexcept { return sources_.size(); }
  // FrameMeta::flow of the stream is below this.
  [[nodiscard]] std::uint32_t flows(std::uint32_t stream) const noexcept;
  // What all frames of the stream have in common; none where their lengths differ or where they
  // follow no template (TCP, SYN floods, replays).
  [[nodiscard]] std::optional<FrameImage> image(std::uint32_t stream) const;
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }
  // Bytes that the generator holds.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;
  // What broke a replay that could be read at the start (the file changed); ok() otherwise.
  [[nodiscard]] base::Status status() const;

 private:
  Generator() = default;
  struct Turn {
    std::uint64_t departure_ps;
    std::uint32_t stream;
    [[nodiscard]] bool before(const Turn& other) const noexcept {
      return departure_ps != other.departure_ps ? departure_ps < other.departure_ps
                                                : stream < other.stream;
    }
  };
  void sift_down(std::size_t at) noexcept;

  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<Turn> heap_;  // binary min-heap, one entry a stream
  std::uint64_t frames_ = 0;
  std::uint64_t packet_limit_ = UINT64_MAX;
  std::uint64_t end_ps_ = kNever;
  std::uint32_t max_frame_bytes_ = 0;
};

}  // namespace ringbed::gen
