// Writes a capture of Ethernet frames: pcap with nanosecond times, or pcapng with one interface
// of nanosecond resolution. The file appears under its name only when finish() succeeds: until
// then it has no name at all (O_TMPFILE, gone even after kill -9) or, where the file system lacks
// that, a temporary one beside it. Pipes and devices are written directly.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ringbed::gen {

enum class CaptureFormat : std::uint8_t { pcap, pcapng };

class PcapWriter {
 public:
  // Errors: io (no such folder, no permission).
  [[nodiscard]] static base::Result<PcapWriter> create(const std::string& path,
                                                       CaptureFormat format = CaptureFormat::pcap);
  PcapWriter(PcapWriter&& other) noexcept;
  PcapWriter& operator=(PcapWriter&& other) noexcept;
  // Without finish(): nothing is left behind.
  ~PcapWriter();

  // Appends a frame (without FCS, at most 262,144 bytes). `wire_length` 0: all of it was captured.
  // False once anything failed; status() says what. pcap holds times up to the year 2106
  // (2^32 s), pcapng up to 2554.
  bool write(std::uint64_t time_ns, base::ByteView frame, std::uint32_t wire_length = 0) noexcept;
  // Writes what is buffered and gives the file its name. Errors: io; resource when the disk is
  // full.
  [[nodiscard]] base::Status finish();

  [[nodiscard]] base::Status status() const;
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }
  // Of frames, without the file's own headers.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  static constexpr std::size_t kBufferBytes = 1U << 20;

  PcapWriter() = default;
  void file_header() noexcept;
  bool flush() noexcept;
  bool fail(int error_number) noexcept;
  [[nodiscard]] bool publish() noexcept;
  void discard() noexcept;
  template <typename T>
  void put(T value) noexcept {
    base::store_native(buffer_.data() + used_, value);
    used_ += sizeof value;
  }

  int descriptor_ = -1;
  int errno_ = 0;
  CaptureFormat format_ = CaptureFormat::pcap;
  bool direct_ = false;   // a pipe or device: no temporary file
  bool unnamed_ = false;  // O_TMPFILE
  std::string path_;
  std::string temporary_;  // empty while unnamed or direct
  std::vector<std::uint8_t> buffer_;
  std::size_t used_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t frames_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace ringbed::gen
