#include "gen/pcap_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "gen/pcap_reader.hpp"

namespace ringbed::gen {

namespace {

// Beside the target, so that rename() stays within one file system.
std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> counter{0};
  return path + ".partial-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// A link stays a link: the file that it points to is replaced.
std::string resolved(const std::string& path) {
  char* real = ::realpath(path.c_str(), nullptr);
  std::string result = real != nullptr ? real : path;
  std::free(real);
  return result;
}

}  // namespace

base::Result<PcapWriter> PcapWriter::create(const std::string& path, CaptureFormat format) {
  PcapWriter writer;
  writer.path_ = path;
  writer.format_ = format;
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode)) {
    writer.direct_ = true;
    writer.descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  } else {
    writer.path_ = exists ? resolved(path) : path;
    writer.descriptor_ =
        ::open(folder_of(writer.path_).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    writer.unnamed_ = writer.descriptor_ >= 0;
    if (!writer.unnamed_) {
      writer.temporary_ = temporary_name(writer.path_);
      writer.descriptor_ =
          ::open(writer.temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
  }
  if (writer.descriptor_ < 0) {
    writer.temporary_.clear();
    return base::Error{base::ErrorCode::io, "cannot write " + path + ": " + std::strerror(errno),
                       "check that the folder exists and that you may write there"};
  }
  writer.buffer_.resize(kBufferBytes);
  writer.file_header();
  return writer;
}

PcapWriter::PcapWriter(PcapWriter&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      errno_(other.errno_),
      format_(other.format_),
      direct_(other.direct_),
      unnamed_(other.unnamed_),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      buffer_(std::move(other.buffer_)),
      used_(other.used_),
      written_(other.written_),
      frames_(other.frames_),
      bytes_(other.bytes_) {}

PcapWriter& PcapWriter::operator=(PcapWriter&& other) noexcept {
  if (this != &other) {
    this->~PcapWriter();
    new (this) PcapWriter(std::move(other));
  }
  return *this;
}

PcapWriter::~PcapWriter() { discard(); }

void PcapWriter::discard() noexcept {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    descriptor_ = -1;
  }
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
    temporary_.clear();
  }
}

void PcapWriter::file_header() noexcept {
  if (format_ == CaptureFormat::pcap) {
    put<std::uint32_t>(0xa1b23c4d);  // nanoseconds
    put<std::uint16_t>(2);
    put<std::uint16_t>(4);
    put<std::uint32_t>(0);
    put<std::uint32_t>(0);
    put<std::uint32_t>(kMaxCapturedBytes);
    put<std::uint32_t>(link_type::kEthernet);
    return;
  }
  put<std::uint32_t>(0x0a0d0d0a);  // section header
  put<std::uint32_t>(28);
  put<std::uint32_t>(0x1a2b3c4d);
  put<std::uint16_t>(1);
  put<std::uint16_t>(0);
  put<std::uint64_t>(UINT64_MAX);  // section length: not known
  put<std::uint32_t>(28);
  put<std::uint32_t>(1);  // interface description
  put<std::uint32_t>(32);
  put<std::uint16_t>(link_type::kEthernet);
  put<std::uint16_t>(0);
  put<std::uint32_t>(kMaxCapturedBytes);
  put<std::uint16_t>(9);  // if_tsresol: 10^-9
  put<std::uint16_t>(1);
  put<std::uint32_t>(base::load_native<std::uint32_t>(
      reinterpret_cast<const std::uint8_t*>("\x09\0\0")));  // one byte, padded, any byte order
  put<std::uint32_t>(0);                                    // end of options
  put<std::uint32_t>(32);
}

bool PcapWriter::write(std::uint64_t time_ns, base::ByteView frame,
                       std::uint32_t wire_length) noexcept {
  if (errno_ != 0) {
    return false;
  }
  if (frame.size() > kMaxCapturedBytes) {
    return fail(EMSGSIZE);
  }
  constexpr std::size_t kOverhead = 64;
  if (buffer_.size() - used_ < frame.size() + kOverhead && !flush()) {
    return false;
  }
  const auto length = static_cast<std::uint32_t>(frame.size());
  const std::uint32_t on_wire = wire_length > length ? wire_length : length;
  if (format_ == CaptureFormat::pcap) {
    constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
    if (time_ns / kNsPerSecond > UINT32_MAX) [[unlikely]] {
      return fail(EOVERFLOW);
    }
    put(static_cast<std::uint32_t>(time_ns / kNsPerSecond));
    put(static_cast<std::uint32_t>(time_ns % kNsPerSecond));
    put(length);
    put(on_wire);
    std::copy_n(frame.data(), length, buffer_.data() + used_);
    used_ += length;
  } else {
    const std::uint32_t padded = (length + 3) / 4 * 4;
    const std::uint32_t block = 28 + padded + 4;
    put<std::uint32_t>(6);  // enhanced packet
    put(block);
    put<std::uint32_t>(0);
    put(static_cast<std::uint32_t>(time_ns >> 32));
    put(static_cast<std::uint32_t>(time_ns));
    put(length);
    put(on_wire);
    std::memset(buffer_.data() + used_ + padded - (padded == 0 ? 0 : 4), 0, padded == 0 ? 0 : 4);
    std::copy_n(frame.data(), length, buffer_.data() + used_);
    used_ += padded;
    put(block);
  }
  ++frames_;
  bytes_ += length;
  return true;
}

bool PcapWriter::fail(int error_number) noexcept {
  errno_ = error_number;
  return false;
}

bool PcapWriter::flush() noexcept {
  for (std::size_t done = 0; done < used_;) {
    const ssize_t count = ::write(descriptor_, buffer_.data() + done, used_ - done);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return fail(errno);
    }
    done += static_cast<std::size_t>(count);
    written_ += static_cast<std::uint64_t>(count);
  }
  used_ = 0;
  return true;
}

// Gives the file its name. linkat() does not replace, so an unnamed file gets a temporary name
// first.
bool PcapWriter::publish() noexcept {
  if (unnamed_) {
    const std::string self = "/proc/self/fd/" + std::to_string(descriptor_);
    const std::string name = temporary_name(path_);
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      return fail(errno);
    }
    temporary_ = name;
  }
  if (!direct_) {
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
      return fail(errno);
    }
    temporary_.clear();
  }
  return true;
}

base::Status PcapWriter::finish() {
  if (errno_ == 0 && descriptor_ >= 0 && flush() && publish()) {
    // Some file systems report a full disk only here.
    if (::close(std::exchange(descriptor_, -1)) != 0) {
      (void)fail(errno);
    }
  }
  const base::Status result = status();
  discard();
  return result;
}

base::Status PcapWriter::status() const {
  if (errno_ == 0) {
    return {};
  }
  const bool full = errno_ == ENOSPC || errno_ == EDQUOT || errno_ == EFBIG;
  if (errno_ == EOVERFLOW) {
    return base::Error{base::ErrorCode::invalid,
                       "cannot write " + path_ + ": a time after the year 2106 does not fit pcap",
                       "write pcapng"};
  }
  return base::Error{full ? base::ErrorCode::resource : base::ErrorCode::io,
                     "cannot write " + path_ + ": " + std::strerror(errno_) + " after " +
                         std::to_string(written_) + " bytes",
                     full ? "free some space, or bound the run with --set packets=N" : ""};
}

}  // namespace ringbed::gen
