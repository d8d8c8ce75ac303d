#include "engine/bpf_frames.hpp"

#include <algorithm>
#include <iterator>

#include "ebpf/kernel_program.hpp"
#include "ebpf/packet.hpp"

namespace ringbed::engine {

namespace {

constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kTcp = 6;
constexpr std::size_t kShortest = 14;
constexpr std::size_t kLongest = 1514;
constexpr std::size_t kLongestJumbo = 20'000;

// Values at which programs' comparisons tip over.
constexpr std::uint32_t kEdges[] = {0,      1,      0x7f,   0x80,        0xff,        0x100,
                                    0x7fff, 0x8000, 0xffff, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff};

}  // namespace

base::ByteView BpfFrames::next() {
  frame_.clear();
  if (random_.below(16) == 0) {  // nothing but chance
    frame_.resize(kShortest + random_.below(120));
    for (auto& byte : frame_) {
      byte = static_cast<std::uint8_t>(random_.next());
    }
    return frame_;
  }
  build();
  for (std::uint64_t times = random_.below(4); times > 1; --times) {
    mutate();
  }
  frame_.resize(std::clamp(frame_.size(), kShortest, kLongest));
  if (jumbo_ && random_.below(4) == 0) lengthen();
  return frame_;
}

// To any length, or to one that is near a fragment's end.
void BpfFrames::lengthen() {
  std::size_t bytes = kLongest + random_.below(kLongestJumbo - kLongest);
  if (random_.below(2) == 0) {
    bytes = ebpf::kTestRunLinearBytes + random_.below(4) * ebpf::kFragmentBytes +
            random_.below(33) - 16;
  }
  while (frame_.size() + 8 <= bytes) {
    put32(random_.next());
    put32(frame_.size());
  }
  frame_.resize(bytes);
}

void BpfFrames::build() {
  const bool is_v6 = random_.below(4) == 0;
  const bool is_group = random_.below(4) == 0;
  put16(is_group ? 0x0100 : 0x0200);
  put32(is_group ? 0x5e01'0101 : 0x0a00'0002);
  put16(0x0200);
  put32(0x0a00'0000 | random_.below(4));
  for (std::uint64_t tags = random_.below(5); tags > 2; --tags) {
    put16(tags == 4 ? 0x88a8 : 0x8100);
    put16(random_.below(8) << 13 | (100 + random_.below(3)));
  }
  if (random_.below(16) == 0) {  // neither IP
    constexpr std::uint16_t kOthers[] = {0x0806, 0x88cc, 0x88f7, 0x0020, 0x8847};
    put16(kOthers[random_.below(std::size(kOthers))]);
    payload(28 + random_.below(32));
    return;
  }
  put16(is_v6 ? 0x86dd : 0x0800);
  constexpr std::uint8_t kProtocols[] = {kUdp, kUdp, kUdp, kTcp, kTcp, 1, 58, 47};
  const std::uint8_t protocol = kProtocols[random_.below(std::size(kProtocols))];
  const std::size_t bytes = random_.below(32) == 0 ? random_.below(1400) : random_.below(48);
  network(is_v6, protocol, bytes);
  transport(protocol, bytes);
  // Ethernet pads what is short, mostly.
  if (frame_.size() < 60 && random_.below(4) != 0) frame_.resize(60);
}

void BpfFrames::network(bool is_v6, std::uint8_t protocol, std::size_t payload_bytes) {
  const std::size_t header = protocol == kTcp ? 20 : 8;
  const bool is_group = random_.below(3) == 0;
  if (is_v6) {
    put32(0x6000'0000 | random_.below(16));
    put16(header + payload_bytes);
    const bool extended = random_.below(8) == 0;
    put8(extended ? 0 : protocol);
    put8(64);
    put32(0x2001'0db8);
    put32(0);
    put32(0);
    put32(1 + random_.below(8));
    put32(is_group ? 0xff02'0000 : 0x2001'0db8);
    put32(0);
    put32(0);
    put32(1 + random_.below(4));
    if (extended) {  // hop-by-hop
      put8(protocol);
      put8(0);
      put16(0x0104);
      put32(0);
    }
    return;
  }
  const std::uint64_t options = random_.below(16) == 0 ? 1 + random_.below(10) : 0;
  put8(0x45 + options);
  put8(0);
  put16(20 + options * 4 + header + payload_bytes);
  put16(random_.next());
  put16(random_.below(16) == 0 ? 0x2000 | random_.below(64) : 0x4000);
  put8(64);
  put8(protocol);
  put16(random_.next());  // checksums are the programs' business
  put32(0x0a00'0000 | (1 + random_.below(8)));
  put32(is_group ? 0xef01'0100 | (1 + random_.below(3)) : 0x0a00'0001 | random_.below(4));
  for (std::uint64_t word = 0; word < options; ++word) {
    put32(0x0101'0101);
  }
}

void BpfFrames::transport(std::uint8_t protocol, std::size_t payload_bytes) {
  constexpr std::uint16_t kPorts[] = {8080, 9999, 53, 80};
  if (protocol == kTcp) {
    constexpr std::uint8_t kFlags[] = {0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x00};
    put16(40'000 + random_.below(8));
    put16(kPorts[random_.below(std::size(kPorts))]);
    put32(random_.next());
    put32(random_.next());
    put8(0x50);
    put8(kFlags[random_.below(std::size(kFlags))]);
    put16(0xffff);
    put32(0);
  } else if (protocol == kUdp) {
    put16(40'000 + random_.below(8));
    put16(kPorts[random_.below(std::size(kPorts))]);
    put16(8 + payload_bytes);
    put16(random_.next());
  } else {
    put32(random_.next());
    put32(random_.next());
  }
  payload(payload_bytes);
}

// Half of them a market_data message, whole or cut; the rest random.
void BpfFrames::payload(std::size_t bytes) {
  const std::size_t begin = frame_.size();
  if (random_.below(2) == 0) {
    constexpr char kSymbol[] = "AAPL    ";
    frame_.insert(frame_.end(), kSymbol, kSymbol + 8);
    put32(9'900 + random_.below(200));
    put32(random_.below(8) * 100);
    put32(0);
    put32(random_.next());
    frame_.resize(begin + std::min<std::size_t>(24, bytes));
  }
  while (frame_.size() < begin + bytes) {
    put8(random_.next());
  }
}

void BpfFrames::mutate() {
  const std::size_t at = random_.below(std::min<std::size_t>(frame_.size(), 96));
  switch (random_.below(6)) {
    case 0: frame_[at] = static_cast<std::uint8_t>(frame_[at] ^ 1U << random_.below(8)); break;
    case 1: frame_[at] = static_cast<std::uint8_t>(random_.next()); break;
    case 2: {  // an edge, in one, two or four bytes
      const std::uint32_t edge = kEdges[random_.below(std::size(kEdges))];
      const std::size_t width = std::size_t{1} << random_.below(3);
      for (std::size_t i = 0; i < width && at + i < frame_.size(); ++i) {
        frame_[at + i] = static_cast<std::uint8_t>(edge >> 8 * (width - 1 - i));
      }
      break;
    }
    case 3: frame_.resize(std::max(kShortest, at)); break;
    case 4: frame_.resize(frame_.size() + random_.below(64)); break;
    default: frame_.erase(frame_.begin() + static_cast<std::ptrdiff_t>(at)); break;
  }
  if (frame_.size() < kShortest) frame_.resize(kShortest);
}

}  // namespace ringbed::engine
