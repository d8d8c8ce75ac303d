#include "gen/capture_input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ringbed::gen {

base::Result<CaptureInput> CaptureInput::open(const std::string& path) {
  CaptureInput input;
  input.name_ = path;
  input.descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (input.descriptor_ < 0) {
    return base::Error{base::ErrorCode::io, "cannot open " + path + ": " + std::strerror(errno),
                       errno == ENOENT ? "check the path; files in a scenario are relative to it"
                                       : "check the file's permissions"};
  }
  struct stat status {};
  if (::fstat(input.descriptor_, &status) == 0 && S_ISDIR(status.st_mode)) {
    return base::Error{base::ErrorCode::io, path + " is a folder, not a capture",
                       "name a .pcap or .pcapng file in it"};
  }
  input.seekable_ = ::lseek(input.descriptor_, 0, SEEK_CUR) >= 0;
  input.buffer_.resize(kBufferBytes);
  return input;
}

CaptureInput CaptureInput::over(base::ByteView bytes) {
  CaptureInput input;
  input.window_ = bytes;
  return input;
}

CaptureInput::CaptureInput(CaptureInput&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      seekable_(other.seekable_),
      read_errno_(other.read_errno_),
      offset_(other.offset_),
      window_start_(other.window_start_),
      window_(std::exchange(other.window_, {})),
      buffer_(std::move(other.buffer_)),  // keeps its place: window_ stays valid
      name_(std::move(other.name_)) {}

CaptureInput& CaptureInput::operator=(CaptureInput&& other) noexcept {
  if (this != &other) {
    this->~CaptureInput();
    new (this) CaptureInput(std::move(other));
  }
  return *this;
}

CaptureInput::~CaptureInput() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

base::ByteView CaptureInput::peek(std::size_t count) noexcept {
  const auto inside = [&] {
    return offset_ >= window_start_ && offset_ - window_start_ <= window_.size() &&
           window_.size() - (offset_ - window_start_) >= count;
  };
  if (!inside() && descriptor_ >= 0) {
    fill();
  }
  if (offset_ < window_start_) {
    return {};
  }
  return base::sub(window_, offset_ - window_start_);
}

// Moves the window so that it begins at offset_, keeping what it already holds of that.
void CaptureInput::fill() noexcept {
  std::size_t kept = 0;
  if (offset_ >= window_start_ && offset_ - window_start_ < window_.size()) {
    const std::size_t from = offset_ - window_start_;
    kept = window_.size() - from;
    std::memmove(buffer_.data(), buffer_.data() + from, kept);
    window_start_ = offset_;
  } else if (seekable_) {
    window_start_ = offset_;
  } else {  // a pipe: what was skipped must be read
    window_start_ += window_.size();
  }
  std::size_t used = kept;
  for (;;) {
    const ssize_t got = seekable_
                            ? ::pread(descriptor_, buffer_.data() + used, buffer_.size() - used,
                                      static_cast<off_t>(window_start_ + used))
                            : ::read(descriptor_, buffer_.data() + used, buffer_.size() - used);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      read_errno_ = got < 0 ? errno : 0;
      break;
    }
    used += static_cast<std::size_t>(got);
    if (!seekable_ && window_start_ + used <= offset_) {
      window_start_ += used;
      used = 0;
    } else if (!seekable_ && window_start_ < offset_) {
      const std::size_t from = offset_ - window_start_;
      std::memmove(buffer_.data(), buffer_.data() + from, used - from);
      used -= from;
      window_start_ = offset_;
    }
    if (used == buffer_.size()) {
      break;
    }
  }
  window_ = {buffer_.data(), used};
}

}  // namespace ringbed::gen
