#include "gen/pcap_reader.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace ringbed::gen {

namespace {

// Magic numbers as the writer's byte order gives them.
constexpr std::uint32_t kMicroseconds = 0xa1b2c3d4;
constexpr std::uint32_t kNanoseconds = 0xa1b23c4d;
constexpr std::uint32_t kModified = 0xa1b2cd34;  // "modified" libpcap: 8 more bytes a record
constexpr std::uint32_t kPcapng = 0x0a0d0d0a;    // the same in both orders
constexpr std::size_t kFileHeaderBytes = 24;

struct Compression {
  std::array<std::uint8_t, 4> magic;
  std::size_t bytes;
  const char* name;
  const char* command;
};
constexpr Compression kCompressions[] = {
    {{0x1f, 0x8b, 0, 0}, 2, "gzip", "gunzip -k"},
    {{0x28, 0xb5, 0x2f, 0xfd}, 4, "Zstandard", "unzstd"},
    {{0x04, 0x22, 0x4d, 0x18}, 4, "LZ4", "unlz4"},
    {{0xfd, '7', 'z', 'X'}, 4, "xz", "unxz -k"},
};

std::string hex(std::uint32_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) {
    text += kDigits[value >> shift & 15];
  }
  return text;
}

}  // namespace

void TimeScale::convert(std::uint64_t ticks, std::int64_t& ns,
                        std::uint16_t& sub_ns_ps) const noexcept {
  __extension__ using Wide = unsigned __int128;
  __extension__ using Signed = __int128;
  Wide ps = 0;
  if (binary) {
    // ticks / 2^e s: ticks * 10^12 has at most 104 bits.
    ps = exponent >= 128 ? 0 : static_cast<Wide>(ticks) * kPsPerSecond >> exponent;
  } else {
    Wide scale = 1;
    for (int i = exponent; i < 12; ++i) {
      scale *= 10;
    }
    ps = static_cast<Wide>(ticks) * scale;
    for (int i = 12; i < exponent && ps != 0; ++i) {
      ps /= 10;
    }
  }
  Signed total = static_cast<Signed>(ps / kPsPerNs) + static_cast<Signed>(offset_s) * 1'000'000'000;
  sub_ns_ps = static_cast<std::uint16_t>(ps % kPsPerNs);
  constexpr Signed kMax = std::numeric_limits<std::int64_t>::max();
  constexpr Signed kMin = std::numeric_limits<std::int64_t>::min();
  total = std::clamp(total, kMin, kMax);
  ns = static_cast<std::int64_t>(total);
}

base::Result<PcapReader> PcapReader::open(const std::string& path) {
  auto input = CaptureInput::open(path);
  if (!input) {
    return input.error();
  }
  return start(std::move(input).value());
}

base::Result<PcapReader> PcapReader::over(base::ByteView bytes) {
  return start(CaptureInput::over(bytes));
}

base::Result<PcapReader> PcapReader::start(CaptureInput input) {
  PcapReader reader(std::move(input));
  if (auto status = reader.begin(); !status) {
    return status.error();
  }
  return reader;
}

base::Status PcapReader::rewind() {
  input_.rewind();
  return begin();
}

base::Error PcapReader::fault(std::uint64_t offset, const std::string& what) const {
  return {base::ErrorCode::invalid,
          input_.name() + ": " + what + " (at byte " + std::to_string(offset) + ")",
          frames_ == 0 ? "check the file with `capinfos`"
                       : "the " + std::to_string(frames_) +
                             " frames before it are good; `editcap -F pcap` may save them"};
}

PcapReader::Read PcapReader::fail(std::uint64_t offset, const std::string& what) noexcept {
  error_ = fault(offset, what);
  return Read::error;
}

// The input ended within `what`, or a read failed.
PcapReader::Read PcapReader::cut_short(std::uint64_t offset, const char* what) noexcept {
  if (input_.read_errno() != 0) {
    error_ =
        base::Error{base::ErrorCode::io,
                    "cannot read " + input_.name() + ": " + std::strerror(input_.read_errno()) +
                        " (at byte " + std::to_string(offset) + ")",
                    ""};
    return Read::error;
  }
  return fail(offset, std::string("the capture ends in the middle of ") + what);
}

base::Status PcapReader::begin() {
  error_.reset();
  frames_ = 0;
  interfaces_.clear();
  section_first_ = 0;
  const base::ByteView head = input_.peek(kFileHeaderBytes);
  if (head.size() < 4) {
    if (input_.read_errno() != 0) {
      (void)cut_short(0, "");
      return *error_;
    }
    return fault(0, head.empty() ? "the file is empty" : "too short for a capture");
  }
  for (const Compression& row : kCompressions) {
    if (std::equal(row.magic.begin(), row.magic.begin() + row.bytes, head.begin())) {
      return base::Error{base::ErrorCode::invalid,
                         input_.name() + " is compressed with " + row.name,
                         std::string("unpack it first: ") + row.command + " " + input_.name()};
    }
  }
  if (base::load_native<std::uint32_t>(head.data()) == kPcapng) {
    pcapng_ = true;
    return begin_section();
  }
  pcapng_ = false;
  return begin_pcap();
}

//  0      4      6      8         12       16       20
//  | magic| major| minor| (zone)  | (sigma)| snaplen| linktype |
base::Status PcapReader::begin_pcap() {
  const base::ByteView head = input_.peek(kFileHeaderBytes);
  const auto known = [](std::uint32_t magic) {
    return magic == kMicroseconds || magic == kNanoseconds || magic == kModified;
  };
  const auto native = base::load_native<std::uint32_t>(head.data());
  swapped_ = !known(native) && known(base::byte_swap(native));
  const auto magic = load<std::uint32_t>(head.data());
  if (!known(magic)) {
    return fault(0, "not a pcap or pcapng capture: it begins with " +
                        hex(base::load_be<std::uint32_t>(head.data())));
  }
  if (head.size() < kFileHeaderBytes) {
    (void)cut_short(head.size(), "the file header");
    return *error_;
  }
  const auto major = load<std::uint16_t>(head.data() + 4);
  if (major != 2) {
    return fault(4, "pcap version " + std::to_string(major) + " is not 2");
  }
  CaptureInterface interface;
  interface.snap_length = load<std::uint32_t>(head.data() + 16);
  const auto network = load<std::uint32_t>(head.data() + 20);
  interface.link_type = static_cast<std::uint16_t>(network);
  // Bit 26: the upper four bits count the FCS in 16-bit words.
  interface.fcs_bytes =
      (network >> 26 & 1) != 0 ? static_cast<std::uint8_t>((network >> 28) * 2) : 0;
  interface.time.exponent = magic == kNanoseconds ? 9 : 6;
  record_header_bytes_ = magic == kModified ? 24 : 16;
  interfaces_.push_back(interface);
  input_.skip(kFileHeaderBytes);
  return {};
}

PcapReader::Read PcapReader::next(CapturedFrame& frame) noexcept {
  if (error_) {
    return Read::error;
  }
  const Read read = pcapng_ ? next_block(frame) : next_pcap(frame);
  frames_ += read == Read::frame ? 1 : 0;
  return read;
}

//  0    4          8         12
//  | s  | us or ns | captured| on wire | (8 more in the modified variant) | bytes …
PcapReader::Read PcapReader::next_pcap(CapturedFrame& frame) noexcept {
  const std::uint64_t offset = input_.offset();
  const base::ByteView header = input_.peek(record_header_bytes_);
  if (header.empty() && input_.read_errno() == 0) {
    return Read::end;
  }
  if (header.size() < record_header_bytes_) {
    return cut_short(offset + header.size(), "a record header");
  }
  const CaptureInterface& interface = interfaces_.front();
  const auto seconds = load<std::uint32_t>(header.data());
  const auto fraction = load<std::uint32_t>(header.data() + 4);
  const auto captured = load<std::uint32_t>(header.data() + 8);
  const auto on_wire = load<std::uint32_t>(header.data() + 12);
  if (captured > kMaxCapturedBytes) {
    return fail(offset + 8, "a record of " + std::to_string(captured) + " bytes, where at most " +
                                std::to_string(kMaxCapturedBytes) + " are possible");
  }
  input_.skip(record_header_bytes_);
  const base::ByteView bytes = input_.peek(captured);
  if (bytes.size() < captured) {
    return cut_short(input_.offset() + bytes.size(), "a frame");
  }
  input_.skip(captured);
  frame.offset = offset;
  frame.interface = 0;
  frame.timed = true;
  frame.sub_ns_ps = 0;
  const std::int64_t unit = interface.time.exponent == 9 ? 1 : 1000;
  frame.time_ns = std::int64_t{seconds} * 1'000'000'000 + std::int64_t{fraction} * unit;
  finish_frame(interface, bytes.first(captured), on_wire, frame);
  return Read::frame;
}

// Takes the FCS off. A wire length below the captured one is wrong: the bytes are there.
void PcapReader::finish_frame(const CaptureInterface& interface, base::ByteView bytes,
                              std::uint64_t wire_length, CapturedFrame& frame) noexcept {
  wire_length = std::max<std::uint64_t>(wire_length, bytes.size());
  wire_length -= std::min<std::uint64_t>(interface.fcs_bytes, wire_length);
  frame.wire_length = static_cast<std::uint32_t>(wire_length);
  frame.bytes = bytes.first(std::min<std::size_t>(bytes.size(), wire_length));
  frame.link_type = interface.link_type;
}

std::size_t PcapReader::memory_bytes() const noexcept {
  return input_.memory_bytes() + interfaces_.capacity() * sizeof(CaptureInterface);
}

}  // namespace ringbed::gen
