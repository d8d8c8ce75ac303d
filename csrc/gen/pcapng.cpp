// The pcapng half of PcapReader (draft-ietf-opsawg-pcapng). A block:
//
//   0     4             8                  length-4
//   | type| total length| body, options …  | total length |
//
// Only the blocks that carry frames, sections and interfaces are looked at; name resolution,
// statistics, secrets and blocks of vendors are stepped over by their length, which must be
// repeated at the end.
#include <algorithm>

#include "gen/pcap_reader.hpp"

namespace ringbed::gen {

namespace {

namespace block {
constexpr std::uint32_t kSection = 0x0a0d0d0a;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kObsoletePacket = 2;
constexpr std::uint32_t kSimplePacket = 3;
constexpr std::uint32_t kEnhancedPacket = 6;
}  // namespace block

constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint32_t kMinBlockBytes = 12;
constexpr std::uint32_t kSectionBytes = 28;    // without options
constexpr std::uint32_t kInterfaceBytes = 20;  // without options
// Interface options longer than this are not options any more.
constexpr std::uint32_t kMaxInterfaceBytes = 1U << 16;
constexpr std::size_t kMaxInterfaces = 1U << 16;

namespace option {
constexpr std::uint16_t kEnd = 0;
constexpr std::uint16_t kTimeResolution = 9;
constexpr std::uint16_t kFcsLength = 13;
constexpr std::uint16_t kTimeOffset = 14;
}  // namespace option

}  // namespace

// A section header is at the input's position: sets the byte order, forgets the interfaces.
base::Status PcapReader::begin_section() {
  const std::uint64_t offset = input_.offset();
  const base::ByteView head = input_.peek(kSectionBytes);
  if (head.size() < kSectionBytes) {
    (void)cut_short(offset + head.size(), "a section header");
    return *error_;
  }
  const auto magic = base::load_native<std::uint32_t>(head.data() + 8);
  if (magic != kByteOrderMagic && base::byte_swap(magic) != kByteOrderMagic) {
    return fault(offset + 8, "a section header without byte-order magic");
  }
  swapped_ = magic != kByteOrderMagic;
  const auto length = load<std::uint32_t>(head.data() + 4);
  if (length < kSectionBytes) {
    return fault(offset + 4, "a section header of " + std::to_string(length) + " bytes");
  }
  const auto major = load<std::uint16_t>(head.data() + 12);
  if (major != 1) {
    return fault(offset + 12, "pcapng version " + std::to_string(major) + " is not 1");
  }
  section_first_ = static_cast<std::uint32_t>(interfaces_.size());
  if (!end_block(length)) {
    return *error_;
  }
  return {};
}

// Steps over the block at the input's position, whose length must stand at its end again.
bool PcapReader::end_block(std::uint32_t block_length) noexcept {
  const std::uint64_t offset = input_.offset();
  // Older writers leave the padding out of the length; it is there all the same.
  input_.skip((std::uint64_t{block_length} + 3) / 4 * 4 - 4);
  const base::ByteView tail = input_.peek(4);
  if (tail.size() < 4) {
    (void)cut_short(offset, "the block that begins here");
    return false;
  }
  if (const auto again = load<std::uint32_t>(tail.data()); again != block_length) {
    (void)fail(input_.offset(), "a block of " + std::to_string(block_length) +
                                    " bytes ends with the length " + std::to_string(again));
    return false;
  }
  input_.skip(4);
  return true;
}

PcapReader::Read PcapReader::next_block(CapturedFrame& frame) noexcept {
  for (;;) {
    const std::uint64_t offset = input_.offset();
    const base::ByteView head = input_.peek(8);
    if (head.empty() && input_.read_errno() == 0) {
      return Read::end;
    }
    if (head.size() < 8) {
      return cut_short(offset + head.size(), "a block header");
    }
    const auto type = load<std::uint32_t>(head.data());
    if (type == block::kSection) {
      if (auto status = begin_section(); !status) {
        error_ = status.error();
        return Read::error;
      }
      continue;
    }
    const auto length = load<std::uint32_t>(head.data() + 4);
    if (length < kMinBlockBytes) {
      return fail(offset + 4, "a block of " + std::to_string(length) + " bytes");
    }
    if (type == block::kInterface) {
      if (auto status = add_interface(length); !status) {
        error_ = status.error();
        return Read::error;
      }
      continue;
    }
    const bool packet = type == block::kEnhancedPacket || type == block::kSimplePacket ||
                        type == block::kObsoletePacket;
    if (packet) {
      return packet_block(type, length, frame) ? Read::frame : Read::error;
    }
    if (!end_block(length)) {
      return Read::error;
    }
  }
}

//  0     4       8          10    12       16
//  | type| length| link type| -   | snaplen| options: code 2, length 2, value padded to 4 …
base::Status PcapReader::add_interface(std::uint32_t block_length) {
  const std::uint64_t offset = input_.offset();
  if (block_length < kInterfaceBytes || block_length > kMaxInterfaceBytes) {
    return fault(offset + 4, "an interface block of " + std::to_string(block_length) + " bytes");
  }
  if (interfaces_.size() >= kMaxInterfaces) {
    return fault(offset, "more than " + std::to_string(kMaxInterfaces) + " interfaces");
  }
  const base::ByteView body = input_.peek(block_length);
  if (body.size() < block_length) {
    (void)cut_short(offset + body.size(), "an interface block");
    return *error_;
  }
  CaptureInterface interface;
  interface.link_type = load<std::uint16_t>(body.data() + 8);
  interface.snap_length = load<std::uint32_t>(body.data() + 12);
  const std::size_t end = block_length - 4;
  for (std::size_t at = 16; at + 4 <= end;) {
    const auto code = load<std::uint16_t>(body.data() + at);
    const std::size_t length = load<std::uint16_t>(body.data() + at + 2);
    at += 4;
    if (code == option::kEnd) {
      break;
    }
    if (length > end - at) {
      return fault(offset + at - 2,
                   "an option of " + std::to_string(length) + " bytes runs past its block");
    }
    if (code == option::kTimeResolution && length == 1) {
      interface.time.binary = (body[at] & 0x80) != 0;
      interface.time.exponent = body[at] & 0x7f;
    } else if (code == option::kTimeOffset && length == 8) {
      interface.time.offset_s = static_cast<std::int64_t>(load<std::uint64_t>(body.data() + at));
    } else if (code == option::kFcsLength && length == 1) {
      interface.fcs_bytes = body[at];
    }
    at += std::min((length + 3) / 4 * 4, end - at);
  }
  interfaces_.push_back(interface);
  if (!end_block(block_length)) {
    return *error_;
  }
  return {};
}

//  enhanced  | type| length| interface 4        | time high| time low| captured| on wire| bytes …
//  obsolete  | type| length| interface 2| drops | time high| time low| captured| on wire| bytes …
//  simple    | type| length| on wire| bytes …
bool PcapReader::packet_block(std::uint32_t type, std::uint32_t block_length,
                              CapturedFrame& frame) noexcept {
  const std::uint64_t offset = input_.offset();
  const bool simple = type == block::kSimplePacket;
  const std::uint32_t header = simple ? 12 : 28;
  if (block_length < header + 4) {
    (void)fail(offset + 4, "a packet block of " + std::to_string(block_length) + " bytes");
    return false;
  }
  base::ByteView body = input_.peek(header);
  if (body.size() < header) {
    (void)cut_short(offset + body.size(), "a packet block");
    return false;
  }
  std::uint32_t local = 0;
  if (type == block::kEnhancedPacket) {
    local = load<std::uint32_t>(body.data() + 8);
  } else if (type == block::kObsoletePacket) {
    local = load<std::uint16_t>(body.data() + 8);
  }
  if (local >= interfaces_.size() - section_first_) {
    (void)fail(offset + 8, "a packet of interface " + std::to_string(local) +
                               ", which its section does not describe");
    return false;
  }
  const CaptureInterface& interface = interfaces_[section_first_ + local];
  const std::uint32_t room = block_length - header - 4;
  const auto on_wire = load<std::uint32_t>(body.data() + (simple ? 8 : 24));
  std::uint32_t captured = 0;
  frame = {};
  if (simple) {
    captured = std::min(on_wire, room);
    captured = interface.snap_length == 0 ? captured : std::min(captured, interface.snap_length);
  } else {
    captured = load<std::uint32_t>(body.data() + 20);
    const std::uint64_t ticks = std::uint64_t{load<std::uint32_t>(body.data() + 12)} << 32 |
                                load<std::uint32_t>(body.data() + 16);
    interface.time.convert(ticks, frame.time_ns, frame.sub_ns_ps);
    frame.timed = true;
  }
  if (captured > room || captured > kMaxCapturedBytes) {
    (void)fail(offset + 20, "a frame of " + std::to_string(captured) +
                                " bytes in a block that has room for " + std::to_string(room));
    return false;
  }
  frame.offset = offset;
  frame.interface = section_first_ + local;
  // The whole block where it fits the window, so that the frame stays in view behind end_block().
  const std::uint32_t wanted = std::min<std::uint32_t>(block_length, CaptureInput::kBufferBytes);
  body = input_.peek(wanted);
  if (body.size() < std::uint64_t{header} + captured) {
    (void)cut_short(offset + body.size(), "a frame");
    return false;
  }
  finish_frame(interface, body.subspan(header, captured), on_wire, frame);
  if (block_length > CaptureInput::kBufferBytes) {
    (void)fail(offset + 4, "a packet block of " + std::to_string(block_length) +
                               " bytes, where at most " +
                               std::to_string(CaptureInput::kBufferBytes) + " are sensible");
    return false;
  }
  return end_block(block_length);
}

}  // namespace ringbed::gen
