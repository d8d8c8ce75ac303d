// fuzz: gen
// Any bytes given to the capture reader: it must stay inside of them, end, and say the same when it
// reads them again. What it reads becomes Ethernet and goes through the rewriter: neither must
// leave the frame.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "gen/ethernet_form.hpp"
#include "gen/pcap_reader.hpp"
#include "gen/rewrite.hpp"

namespace {

using ringbed::gen::CapturedFrame;
using ringbed::gen::PcapReader;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

const ringbed::gen::Rewriter& rewriter() {
  static const auto made = ringbed::gen::Rewriter::create(
      std::vector<ringbed::gen::RewriteSpec>{
          {"ethernet.dst", true, {}, {2, {}}},
          {"vlan.vid", true, {}, {7, {}}},
          {"ipv4.src", true, {}, {0x0a000001, {}}},
          {"ipv6.dst", true, {}, {0, std::vector<std::uint8_t>(16, 9)}},
          {"udp.dstPort", true, {}, {1, {}}},
          {"tcp.dstPort", true, {}, {1, {}}}},
      "fuzz");
  return made.value();
}

// Frames, bytes and the outcome, folded into one number.
std::uint64_t walk(PcapReader& reader, bool rewrite) {
  std::uint64_t sum = 0;
  std::uint64_t frames = 0;
  std::vector<std::uint8_t> copy;
  CapturedFrame frame;
  for (;;) {
    const auto read = reader.next(frame);
    if (read != PcapReader::Read::frame) {
      require(read == reader.next(frame));
      require((read == PcapReader::Read::error) == reader.failed());
      break;
    }
    ++frames;
    require(frame.bytes.size() <= frame.wire_length);
    require(frame.bytes.size() <= ringbed::gen::kMaxCapturedBytes);
    require(frame.interface < reader.interfaces().size());
    require(frame.sub_ns_ps < 1000);
    sum = sum * 31 + frame.wire_length + static_cast<std::uint64_t>(frame.time_ns);
    for (const auto byte : frame.bytes) {
      sum = sum * 31 + byte;
    }
    const auto form = ringbed::gen::ethernet_form(frame, {});
    if (rewrite && form) {
      require(form->captured() <= form->wire_length);
      copy.resize(form->captured());
      form->copy_to(copy.data());
      rewriter().apply(copy, form->wire_length);
    }
  }
  require(reader.frames() == frames);
  return sum * 31 + frames + (reader.failed() ? 1 : 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto reader = PcapReader::over({data, size});
  if (!reader) {
    require(!reader.error().message.empty());
    return 0;
  }
  const std::uint64_t first = walk(reader.value(), true);
  require(reader.value().rewind().ok());
  require(walk(reader.value(), false) == first);
  return 0;
}
