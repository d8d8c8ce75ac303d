// TCP headers and options (RFC 9293, 7323, 2018). A view over one segment; streams, sequence
// arithmetic and state live in the device.
//
//   0        2        4    8    12          13     14      16        18       20
//   | srcPort| dstPort| seq| ack| dataOffset| flags| window| checksum| urgent | options … | data …
#pragma once

#include "wire/checksum.hpp"
#include "wire/field.hpp"
#include "wire/options.hpp"
#include "wire/view.hpp"

namespace ringbed::wire {

namespace tcp_flag {
inline constexpr std::uint8_t kFin = 0x01;
inline constexpr std::uint8_t kSyn = 0x02;
inline constexpr std::uint8_t kRst = 0x04;
inline constexpr std::uint8_t kPsh = 0x08;
inline constexpr std::uint8_t kAck = 0x10;
inline constexpr std::uint8_t kUrg = 0x20;
inline constexpr std::uint8_t kEce = 0x40;
inline constexpr std::uint8_t kCwr = 0x80;
}  // namespace tcp_flag

// False for combinations that no TCP sends: none of SYN, ACK, FIN, RST set; SYN with FIN or RST;
// FIN, PSH or URG without ACK on a segment that is no SYN or RST (RFC 9293 section 3.10.7).
[[nodiscard]] constexpr bool tcp_flags_valid(std::uint8_t flags) noexcept {
  using namespace tcp_flag;
  if ((flags & kSyn) != 0) {
    return (flags & (kFin | kRst)) == 0;
  }
  return (flags & (kAck | kRst)) != 0;
}

struct Tcp {
  static constexpr std::size_t kSrcPort = 0;
  static constexpr std::size_t kDstPort = 2;
  static constexpr std::size_t kSeq = 4;
  static constexpr std::size_t kAck = 8;
  static constexpr std::size_t kDataOffset = 12;
  static constexpr std::size_t kFlags = 13;
  static constexpr std::size_t kWindow = 14;
  static constexpr std::size_t kChecksum = 16;
  static constexpr std::size_t kUrgentPointer = 18;
  static constexpr std::size_t kHeaderBytes = 20;
  static constexpr std::size_t kMaxHeaderBytes = 60;

  static constexpr FieldSpec kFields[] = {
      {"srcPort", 0, 16, FieldType::uint, true, "source port"},
      {"dstPort", 16, 16, FieldType::uint, true, "destination port"},
      {"seq", 32, 32, FieldType::uint, true, "sequence number"},
      {"ack", 64, 32, FieldType::uint, true, "acknowledgement number"},
      {"dataOffset", 96, 4, FieldType::uint, true, "header length in 32-bit words"},
      {"flags", 104, 8, FieldType::uint, true, "CWR ECE URG ACK PSH RST SYN FIN"},
      {"window", 112, 16, FieldType::uint, true, "receive window, not scaled"},
      {"checksum", 128, 16, FieldType::uint, true, "checksum"},
      {"checksumOk", 128, 0, FieldType::boolean, false, "null where it is not judged"},
      {"urgentPointer", 144, 16, FieldType::uint, true, "urgent pointer"},
      {"options", 160, 0, FieldType::bytes, false, "option bytes, where there are any"},
  };
};

// The options that matter to an end host; has_* tells which were there (the last one counts).
struct TcpOptions {
  bool has_mss = false;
  bool has_window_scale = false;
  bool sack_permitted = false;
  bool has_timestamps = false;
  std::uint8_t window_scale = 0;  // as sent; RFC 7323 caps its use at 14
  std::uint16_t mss = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t timestamp_echo = 0;
  std::uint8_t sack_blocks = 0;
  struct Block {
    std::uint32_t left = 0;
    std::uint32_t right = 0;
  };
  Block sack[4];

  static constexpr std::uint8_t kMss = 2;
  static constexpr std::uint8_t kWindowScale = 3;
  static constexpr std::uint8_t kSackPermitted = 4;
  static constexpr std::uint8_t kSack = 5;
  static constexpr std::uint8_t kTimestamps = 8;

  // Reads an options area. Breaks: tcp_options, also for a known kind of the wrong length; then
  // `fault_offset` (if given) is the kind byte's offset in `options`.
  [[nodiscard]] static Reason read(ByteView options, TcpOptions& into,
                                   std::size_t* fault_offset = nullptr) noexcept;
  // Writes the options that are set, padded with NOPs to a multiple of 4; returns the length.
  // Precondition: room for 40 bytes. SACK blocks that do not fit are left out.
  std::size_t emit(MutableBytes to) const noexcept;
};

class TcpView {
 public:
  constexpr TcpView() noexcept = default;

  // Breaks: tcp_truncated, tcp_data_offset. Flags, options and checksum are judged by callers.
  [[nodiscard]] static Parsed<TcpView> parse(Extent segment) noexcept {
    if (const Reason reason = segment.need(Tcp::kHeaderBytes, Reason::tcp_truncated);
        reason != Reason::none) [[unlikely]] {
      return reason;
    }
    const TcpView view(segment);
    const std::size_t header = view.header_bytes();
    if (header < Tcp::kHeaderBytes || header > segment.on_wire) [[unlikely]] {
      return {view, Reason::tcp_data_offset, Tcp::kDataOffset};
    }
    if (header > segment.bytes.size()) [[unlikely]] {
      return {view, Reason::capture_truncated, Tcp::kHeaderBytes};
    }
    return view;
  }

  [[nodiscard]] std::uint16_t src_port() const noexcept { return word(Tcp::kSrcPort); }
  [[nodiscard]] std::uint16_t dst_port() const noexcept { return word(Tcp::kDstPort); }
  [[nodiscard]] std::uint32_t seq() const noexcept {
    return base::load_be<std::uint32_t>(segment_.bytes.data() + Tcp::kSeq);
  }
  [[nodiscard]] std::uint32_t ack() const noexcept {
    return base::load_be<std::uint32_t>(segment_.bytes.data() + Tcp::kAck);
  }
  [[nodiscard]] std::size_t header_bytes() const noexcept {
    return static_cast<std::size_t>(segment_.bytes[Tcp::kDataOffset] >> 4) * 4;
  }
  [[nodiscard]] std::uint8_t flags() const noexcept { return segment_.bytes[Tcp::kFlags]; }
  [[nodiscard]] std::uint16_t window() const noexcept { return word(Tcp::kWindow); }
  [[nodiscard]] std::uint16_t checksum() const noexcept { return word(Tcp::kChecksum); }
  [[nodiscard]] std::uint16_t urgent_pointer() const noexcept { return word(Tcp::kUrgentPointer); }
  [[nodiscard]] ByteView options() const noexcept {
    return segment_.bytes.subspan(Tcp::kHeaderBytes, header_bytes() - Tcp::kHeaderBytes);
  }
  [[nodiscard]] Extent payload_extent() const noexcept { return segment_.after(header_bytes()); }
  [[nodiscard]] ByteView payload() const noexcept { return payload_extent().bytes; }
  [[nodiscard]] Extent extent() const noexcept { return segment_; }

  // `pseudo` is the pseudo-header's sum for extent().on_wire bytes.
  [[nodiscard]] Checksum judge(PartialSum pseudo) const noexcept {
    if (!segment_.complete()) [[unlikely]] {
      return Checksum::unknown;
    }
    pseudo.add(sum(segment_.bytes));
    return pseudo.verifies() ? Checksum::good : Checksum::bad;
  }

 private:
  explicit TcpView(Extent segment) noexcept : segment_(segment) {}
  [[nodiscard]] std::uint16_t word(std::size_t offset) const noexcept {
    return base::load_be<std::uint16_t>(segment_.bytes.data() + offset);
  }
  Extent segment_;
};

// Writes a header (and its options) over a payload that is already in place behind it.
struct TcpRepr {
  std::uint16_t src_port = 0;
  std::uint16_t dst_port = 0;
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint8_t flags = 0;
  std::uint16_t window = 65535;
  std::uint16_t urgent_pointer = 0;
  ByteView options;  // a multiple of 4 bytes, at most 40 (TcpOptions::emit)

  [[nodiscard]] std::size_t header_bytes() const noexcept {
    return Tcp::kHeaderBytes + options.size();
  }

  // `to` is header and payload; `pseudo` the pseudo-header's sum for to.size() bytes.
  // Returns header_bytes().
  std::size_t emit(MutableBytes to, PartialSum pseudo) const noexcept {
    const std::size_t header = header_bytes();
    assert(to.size() >= header && options.size() % 4 == 0 && options.size() <= 40);
    std::uint8_t* p = to.data();
    base::store_be(p + Tcp::kSrcPort, src_port);
    base::store_be(p + Tcp::kDstPort, dst_port);
    base::store_be(p + Tcp::kSeq, seq);
    base::store_be(p + Tcp::kAck, ack);
    p[Tcp::kDataOffset] = static_cast<std::uint8_t>(header / 4 << 4);
    p[Tcp::kFlags] = flags;
    base::store_be(p + Tcp::kWindow, window);
    base::store_be(p + Tcp::kChecksum, std::uint16_t{0});
    base::store_be(p + Tcp::kUrgentPointer, urgent_pointer);
    if (!options.empty()) {
      std::memcpy(p + Tcp::kHeaderBytes, options.data(), options.size());
    }
    pseudo.add(sum(to));
    base::store_be(p + Tcp::kChecksum, pseudo.finish());
    return header;
  }
};

void dissect_tcp(Walk& walk) noexcept;

}  // namespace ringbed::wire
