#include "engine/decode.hpp"

#include <algorithm>
#include <utility>

#include "wire/dissect.hpp"

namespace ringbed::engine {
namespace {

constexpr const char* kLinkHint =
    "ringbed decodes Ethernet (1), raw IP (12, 14, 101, 228, 229), Linux cooked (113, 276) and BSD "
    "loopback (0, 108) captures";

}  // namespace

base::Result<Decoder> Decoder::open(const std::string& path) {
  return start(gen::PcapReader::open(path));
}

base::Result<Decoder> Decoder::over(base::ByteView capture) {
  return start(gen::PcapReader::over(capture));
}

base::Result<Decoder> Decoder::start(base::Result<gen::PcapReader> reader) {
  if (!reader) {
    return reader.error();
  }
  // A pcap file has one link type; the interfaces of pcapng come as the file is read.
  const auto& interfaces = reader.value().interfaces();
  if (!reader.value().is_pcapng() && !interfaces.empty() &&
      !wire::has_dissector(interfaces.front().link_type)) {
    return base::Error{base::ErrorCode::invalid,
                       "the capture's link type is " +
                           std::to_string(interfaces.front().link_type) +
                           ", which has no dissector",
                       kLinkHint};
  }
  return Decoder(std::move(reader).value());
}

std::string Decoder::next(std::uint32_t max_frames) {
  std::string lines;
  gen::CapturedFrame frame;
  wire::Dissection dissection;
  for (std::uint32_t printed = 0; printed < std::max(max_frames, 1U);) {
    if (reader_.next(frame) != gen::PcapReader::Read::frame) {
      break;
    }
    ++frames_;
    if (!wire::has_dissector(frame.link_type)) {
      if (skipped_++ == 0) {
        first_skipped_ = frames_;
        skipped_link_type_ = frame.link_type;
      }
      continue;
    }
    wire::dissect(frame.bytes, frame.wire_length, dissection, frame.link_type);
    wire::print_json(dissection, frame.bytes, frames_, frame.time_ns, lines);
    ++printed;
  }
  return lines;
}

base::Status Decoder::problem() const {
  if (reader_.failed()) {
    return reader_.error();
  }
  if (skipped_ > 0) {
    return base::Error{base::ErrorCode::invalid,
                       std::to_string(skipped_) + " frames have a link type without a dissector " +
                           "(the first is frame " + std::to_string(first_skipped_) +
                           ", link type " + std::to_string(skipped_link_type_) + ")",
                       kLinkHint};
  }
  return {};
}

}  // namespace ringbed::engine
