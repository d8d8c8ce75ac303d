// TCP options (RFC 9293 section 3.1, 7323, 2018) and the dissector of TCP.
#include "wire/tcp.hpp"

#include "wire/ipv4.hpp"
#include "wire/walk.hpp"

namespace ringbed::wire {
namespace {

// The data length that a kind must have; nothing for kinds we do not know, or that vary.
std::optional<std::size_t> data_bytes(std::uint8_t kind) noexcept {
  switch (kind) {
    case TcpOptions::kMss: return 2;
    case TcpOptions::kWindowScale: return 1;
    case TcpOptions::kSackPermitted: return 0;
    case TcpOptions::kTimestamps: return 8;
    default: return std::nullopt;
  }
}

bool well_formed(const Option& option) noexcept {
  if (option.kind == TcpOptions::kSack) {
    const std::size_t bytes = option.data.size();
    return bytes >= 8 && bytes <= 32 && bytes % 8 == 0;
  }
  return data_bytes(option.kind).value_or(option.data.size()) == option.data.size();
}

void take(const Option& option, TcpOptions& into) noexcept {
  const std::uint8_t* data = option.data.data();
  switch (option.kind) {
    case TcpOptions::kMss:
      into.has_mss = true;
      into.mss = base::load_be<std::uint16_t>(data);
      break;
    case TcpOptions::kWindowScale:
      into.has_window_scale = true;
      into.window_scale = data[0];
      break;
    case TcpOptions::kSackPermitted: into.sack_permitted = true; break;
    case TcpOptions::kSack:
      into.sack_blocks = static_cast<std::uint8_t>(option.data.size() / 8);
      for (std::size_t i = 0; i < into.sack_blocks; ++i) {
        into.sack[i] = {base::load_be<std::uint32_t>(data + 8 * i),
                        base::load_be<std::uint32_t>(data + 8 * i + 4)};
      }
      break;
    case TcpOptions::kTimestamps:
      into.has_timestamps = true;
      into.timestamp = base::load_be<std::uint32_t>(data);
      into.timestamp_echo = base::load_be<std::uint32_t>(data + 4);
      break;
    default: break;
  }
}

}  // namespace

Reason TcpOptions::read(ByteView options, TcpOptions& into, std::size_t* fault_offset) noexcept {
  into = {};
  OptionWalker walk(options);
  std::size_t fault = 0;
  bool sound = true;
  while (const auto option = walk.next()) {
    if (!well_formed(*option)) {
      fault = option->offset;
      sound = false;
      break;
    }
    take(*option, into);
  }
  if (walk.malformed()) {
    fault = walk.offset();
    sound = false;
  }
  if (!sound && fault_offset != nullptr) {
    *fault_offset = fault;
  }
  return sound ? Reason::none : Reason::tcp_options;
}

std::size_t TcpOptions::emit(MutableBytes to) const noexcept {
  constexpr std::size_t kMaxBytes = Tcp::kMaxHeaderBytes - Tcp::kHeaderBytes;
  assert(to.size() >= kMaxBytes);
  std::uint8_t* p = to.data();
  const auto open = [&p](std::uint8_t kind, std::size_t data) {
    *p++ = kind;
    *p++ = static_cast<std::uint8_t>(data + 2);
  };
  if (has_mss) {
    open(kMss, 2);
    base::store_be(p, mss);
    p += 2;
  }
  if (sack_permitted) {
    open(kSackPermitted, 0);
  }
  if (has_timestamps) {
    open(kTimestamps, 8);
    base::store_be(p, timestamp);
    base::store_be(p + 4, timestamp_echo);
    p += 8;
  }
  if (has_window_scale) {
    open(kWindowScale, 1);
    *p++ = window_scale;
  }
  const std::size_t used = static_cast<std::size_t>(p - to.data());
  const std::size_t blocks =
      std::min<std::size_t>({sack_blocks, std::size_t{4}, (kMaxBytes - used - 2) / 8});
  if (blocks > 0) {
    open(kSack, 8 * blocks);
    for (std::size_t i = 0; i < blocks; ++i) {
      base::store_be(p, sack[i].left);
      base::store_be(p + 4, sack[i].right);
      p += 8;
    }
  }
  while ((p - to.data()) % 4 != 0) {
    *p++ = OptionWalker::kNop;
  }
  return static_cast<std::size_t>(p - to.data());
}

void dissect_tcp(Walk& walk) noexcept {
  const auto parsed = TcpView::parse(walk.rest());
  if (!walk.open(parsed, Tcp::kHeaderBytes)) {
    return;
  }
  const TcpView& segment = *parsed;
  const Checksum checksum =
      walk.checksum_unjudged()
          ? Checksum::unknown
          : segment.judge(walk.pseudo(ip_protocol::kTcp, segment.extent().on_wire));
  walk.layer(segment.header_bytes(), checksum);
  if (checksum == Checksum::bad) {
    walk.fault(Reason::tcp_checksum, Tcp::kChecksum);
  }
  if (!tcp_flags_valid(segment.flags())) {
    walk.fault(Reason::tcp_flags, Tcp::kFlags);
  }
  TcpOptions options;
  std::size_t at = 0;
  if (TcpOptions::read(segment.options(), options, &at) != Reason::none) {
    walk.fault(Reason::tcp_options, Tcp::kHeaderBytes + at);
  }
  walk.next({}, segment.header_bytes(), segment.payload_extent());
}

}  // namespace ringbed::wire
