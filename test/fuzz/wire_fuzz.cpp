// fuzz: wire
// Any bytes through the dissector, the printer and every view; what the dissector says must be
// about the bytes it was given, and what a view read must come back from its emitter.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "support/bytes.hpp"
#include "support/frames.hpp"
#include "wire/dissect.hpp"

namespace {

using namespace ringbed;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void check_dissection(const wire::Dissection& dissection, base::ByteView frame) {
  std::size_t end = 0;
  for (const wire::Layer& layer : dissection.layers()) {
    require(layer.offset == end);  // layers follow each other
    end = layer.offset + layer.length;
  }
  require(end <= frame.size());
  require(dissection.payload_length == 0 || dissection.payload_offset == end);
  end = std::max<std::size_t>(end, dissection.payload_offset + dissection.payload_length);
  require(end <= dissection.trailer_offset && dissection.trailer_offset <= frame.size());
  for (const wire::Problem& problem : dissection.problems()) {
    require(problem.rule != base::Reason::none);
    // The payload is printed as a layer, too.
    const std::size_t printed =
        dissection.layers().size() + (dissection.payload_length > 0 ? 1 : 0);
    require(problem.layer < std::max<std::size_t>(printed, 1));
    require(problem.offset <= frame.size());
  }
  require((dissection.verdict == wire::Verdict::ok) == dissection.problems().empty());
  require(frame.size() == dissection.wire_length ||
          dissection.has(base::Reason::capture_truncated) ||
          dissection.problems().size() == wire::Dissection::kMaxProblems);
}

void check_emitters(base::ByteView bytes) {
  std::uint8_t again[64] = {};
  if (const auto view = wire::EthernetView::parse(bytes)) {
    wire::EthernetRepr{view->dst(), view->src(), view->type()}.emit(again);
    require(std::memcmp(again, bytes.data(), wire::Ethernet::kHeaderBytes) == 0);
  }
  if (const auto view = wire::VlanView::parse(bytes)) {
    wire::VlanRepr{view->pcp(), view->dei(), view->vid(), view->type()}.emit(again);
    require(std::memcmp(again, bytes.data(), wire::Vlan::kHeaderBytes) == 0);
  }
  if (const auto view = wire::ArpView::parse(bytes)) {
    wire::ArpRepr{view->operation(),  view->sender_mac(), view->sender_ip(),
                  view->target_mac(), view->target_ip(),  view->hardware_type()}
        .emit(again);
    require(std::memcmp(again, bytes.data(), wire::Arp::kHeaderBytes) == 0);
  }
  if (const auto view = wire::TcpView::parse(bytes)) {
    wire::TcpOptions options;
    if (wire::TcpOptions::read(view->options(), options) == base::Reason::none) {
      const std::size_t length = options.emit(again);
      wire::TcpOptions reread;
      require(wire::TcpOptions::read({again, length}, reread) == base::Reason::none);
      require(reread.mss == options.mss && reread.timestamp == options.timestamp);
    }
  }
}

}  // namespace

// By three bits of the first byte; beyond it the frame begins with Ethernet.
constexpr std::uint16_t kLinkTypes[] = {wire::link_type::kEthernet, wire::link_type::kRawIp,
                                        wire::link_type::kLinuxSll, wire::link_type::kLinuxSll2,
                                        wire::link_type::kNull,     wire::link_type::kLoop};

// The first two bytes choose how much longer the frame was on the wire and how it begins.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  const std::size_t cut = (data[0] & 1U) != 0 ? data[1] : 0U;
  const std::size_t choice = data[0] >> 1 & 7U;
  const std::uint16_t link_type =
      choice < std::size(kLinkTypes) ? kLinkTypes[choice] : kLinkTypes[0];
  const test::ExactCopy frame(base::ByteView(data + 2, size - 2));
  wire::Dissection dissection;
  wire::dissect(frame.view(), static_cast<std::uint32_t>(frame.view().size() + cut), dissection,
                link_type);
  check_dissection(dissection, frame.view());
  std::string line;
  wire::print_json(dissection, frame.view(), 1, 0, line);
  require(line.ends_with("\"}\n"));
  require(std::count(line.begin(), line.end(), '{') == std::count(line.begin(), line.end(), '}'));
  test::touch_views(frame.view());
  check_emitters(frame.view());
  return 0;
}
