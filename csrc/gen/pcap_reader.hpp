// Reads captures: pcap (libpcap's format in both byte orders with micro- and nanosecond times, and
// the variant of "modified" libpcap) and pcapng (draft-ietf-opsawg-pcapng: sections of either
// byte order, interfaces with their own link type and time resolution, enhanced, simple and
// obsolete packet blocks; all others are skipped). No length is trusted; a fault ends the reading
// with an error that names the byte offset, and the frames before it stand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "gen/capture_input.hpp"
#include "gen/stream_spec.hpp"
#include "wire/link_type.hpp"

namespace ringbed::gen {

namespace link_type = wire::link_type;

// Longest frame that a capture may hold; libpcap and Wireshark have the same limit.
inline constexpr std::uint32_t kMaxCapturedBytes = 262'144;

struct CapturedFrame {
  base::ByteView bytes;           // as captured, without FCS; valid until the next next()
  std::uint32_t wire_length = 0;  // on the wire, without FCS; >= bytes.size()
  std::uint16_t link_type = 0;
  std::uint16_t sub_ns_ps = 0;  // picoseconds within time_ns, where the file has them
  std::int64_t time_ns = 0;     // since 1970; 0 where the file has no time
  std::uint32_t interface = 0;  // pcapng: counted over all sections
  bool timed = false;           // simple packet blocks carry no time
  std::uint64_t offset = 0;     // of the record in the file
};

// Time units of an interface: ticks since 1970 plus an offset.
struct TimeScale {
  bool binary = false;  // ticks of 2^-exponent seconds, else of 10^-exponent
  std::uint8_t exponent = 6;
  std::int64_t offset_s = 0;
  // Nanoseconds (saturated to the range of int64) and the picoseconds beyond them.
  void convert(std::uint64_t ticks, std::int64_t& ns, std::uint16_t& sub_ns_ps) const noexcept;
};

struct CaptureInterface {
  std::uint16_t link_type = 0;
  std::uint32_t snap_length = 0;  // 0: no limit
  std::uint8_t fcs_bytes = 0;     // at the end of each frame
  TimeScale time;
};

class PcapReader {
 public:
  enum class Read : std::uint8_t { frame, end, error };

  // Reads as far as the first header. Errors: io, invalid (not a capture; a compressed file is
  // recognised and the hint says what to type).
  [[nodiscard]] static base::Result<PcapReader> open(const std::string& path);
  // The same over bytes that outlive the reader.
  [[nodiscard]] static base::Result<PcapReader> over(base::ByteView bytes);

  // After `end` or `error` it gives the same again. Does not allocate for frames (interfaces do,
  // once each).
  [[nodiscard]] Read next(CapturedFrame& frame) noexcept;
  // Starts again with the first frame; clears an error.
  [[nodiscard]] base::Status rewind();

  // Why next() gave `error`; message has the file and the byte offset.
  [[nodiscard]] const base::Error& error() const noexcept { return *error_; }
  [[nodiscard]] bool failed() const noexcept { return error_.has_value(); }
  // Frames read since the start.
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }
  [[nodiscard]] bool is_pcapng() const noexcept { return pcapng_; }
  [[nodiscard]] const std::vector<CaptureInterface>& interfaces() const noexcept {
    return interfaces_;
  }
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  explicit PcapReader(CaptureInput input) : input_(std::move(input)) {}
  [[nodiscard]] static base::Result<PcapReader> start(CaptureInput input);
  [[nodiscard]] base::Status begin();
  [[nodiscard]] base::Status begin_pcap();
  [[nodiscard]] Read next_pcap(CapturedFrame& frame) noexcept;

  // pcapng.cpp
  [[nodiscard]] Read next_block(CapturedFrame& frame) noexcept;
  [[nodiscard]] base::Status begin_section();
  [[nodiscard]] base::Status add_interface(std::uint32_t block_length);
  [[nodiscard]] bool packet_block(std::uint32_t type, std::uint32_t block_length,
                                  CapturedFrame& frame) noexcept;
  [[nodiscard]] bool end_block(std::uint32_t block_length) noexcept;

  template <typename T>
  [[nodiscard]] T load(const std::uint8_t* from) const noexcept {
    return swapped_ ? base::byte_swap(base::load_native<T>(from)) : base::load_native<T>(from);
  }
  void finish_frame(const CaptureInterface& interface, base::ByteView bytes,
                    std::uint64_t wire_length, CapturedFrame& frame) noexcept;
  [[nodiscard]] base::Error fault(std::uint64_t offset, const std::string& what) const;
  Read fail(std::uint64_t offset, const std::string& what) noexcept;
  [[nodiscard]] Read cut_short(std::uint64_t offset, const char* what) noexcept;

  CaptureInput input_;
  bool pcapng_ = false;
  bool swapped_ = false;
  std::uint8_t record_header_bytes_ = 16;  // pcap; 24 for the modified variant
  std::uint32_t section_first_ = 0;        // pcapng: index of the section's first interface
  std::uint64_t frames_ = 0;
  std::vector<CaptureInterface> interfaces_;
  std::optional<base::Error> error_;
};

}  // namespace ringbed::gen
