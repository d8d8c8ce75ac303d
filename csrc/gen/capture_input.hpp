// The bytes of a capture file through a window of bounded size: whole in memory (fuzzers, tests),
// or a file read with pread() a buffer at a time. Not mmap: a file that shrinks while it is read is
// then a short read and not SIGBUS, and the memory of a run does not grow with the file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ringbed::gen {

class CaptureInput {
 public:
  static constexpr std::size_t kBufferBytes = 1U << 20;

  // Errors: io (does not exist, no permission, a directory).
  [[nodiscard]] static base::Result<CaptureInput> open(const std::string& path);
  // `bytes` must outlive the input.
  [[nodiscard]] static CaptureInput over(base::ByteView bytes);

  CaptureInput(CaptureInput&& other) noexcept;
  CaptureInput& operator=(CaptureInput&& other) noexcept;
  ~CaptureInput();

  // The next bytes without taking them: at least `count` (at most kBufferBytes) of them, fewer only
  // at the end of the input or after a read error. Valid until the next call.
  [[nodiscard]] base::ByteView peek(std::size_t count) noexcept;
  // Takes `count` bytes, also past the end.
  void skip(std::uint64_t count) noexcept { offset_ += count; }
  // Where the next byte stands.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  void rewind() noexcept { offset_ = 0; }
  // errno of the read that failed, or 0.
  [[nodiscard]] int read_errno() const noexcept { return read_errno_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept { return buffer_.size(); }

 private:
  CaptureInput() = default;
  void fill() noexcept;

  int descriptor_ = -1;
  bool seekable_ = true;
  int read_errno_ = 0;
  std::uint64_t offset_ = 0;        // of the next byte to hand out
  std::uint64_t window_start_ = 0;  // offset of the window's first byte
  base::ByteView window_;           // over buffer_, or the memory that was given
  std::vector<std::uint8_t> buffer_;
  std::string name_ = "capture";
};

}  // namespace ringbed::gen
