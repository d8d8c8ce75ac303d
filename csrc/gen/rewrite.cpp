#include "gen/rewrite.hpp"

#include <algorithm>
#include <optional>

#include "gen/field_program.hpp"
#include "gen/stream_checks.hpp"
#include "wire/icmp.hpp"
#include "wire/ipv6_extension.hpp"
#include "wire/protocols.hpp"
#include "wire/tcp.hpp"
#include "wire/udp.hpp"
#include "wire/vlan.hpp"

namespace ringbed::gen {

// Where the headers of one frame begin; 0: not there.
struct Rewriter::Headers {
  std::size_t vlan = 0;  // the outermost tag
  std::size_t ipv4 = 0;
  std::size_t ipv6 = 0;
  std::size_t transport = 0;
  std::uint8_t protocol = wire::ip_protocol::kNone;  // of the transport, when it is there
  // Whether the transport's checksum covers the addresses in the IP header, or others: of a packet
  // that is on its way by a route that it carries, of a mobile node that is abroad.
  bool covers_source = true;
  bool covers_destination = true;

  Headers(base::ByteView frame, std::uint32_t wire_length) noexcept;

  [[nodiscard]] std::size_t at(Layer layer) const noexcept {
    switch (layer) {
      case Layer::ethernet: return 0;
      case Layer::vlan: return vlan;
      case Layer::ipv4: return ipv4;
      case Layer::ipv6: return ipv6;
      case Layer::udp: return protocol == wire::ip_protocol::kUdp ? transport : 0;
      case Layer::tcp: return protocol == wire::ip_protocol::kTcp ? transport : 0;
    }
    return 0;
  }
  // Offset of the transport's checksum if it covers the addresses; 0: there is none.
  [[nodiscard]] std::size_t transport_checksum() const noexcept {
    switch (protocol) {
      case wire::ip_protocol::kUdp: return transport + wire::Udp::kChecksum;
      case wire::ip_protocol::kTcp: return transport + wire::Tcp::kChecksum;
      case wire::ip_protocol::kIcmpv6: return ipv6 != 0 ? transport + wire::Icmp::kChecksum : 0;
      default: return 0;
    }
  }
};

Rewriter::Headers::Headers(base::ByteView frame, std::uint32_t wire_length) noexcept {
  const auto offset_of = [&](const wire::Extent& extent) {
    return extent.bytes.empty() ? frame.size()
                                : static_cast<std::size_t>(extent.bytes.data() - frame.data());
  };
  const auto ethernet = wire::EthernetView::parse({frame, wire_length});
  if (!ethernet) {
    return;
  }
  std::uint16_t type = ethernet->type();
  wire::Extent rest = ethernet->payload_extent();
  for (std::size_t depth = 0; wire::is_vlan_type(type) && depth < wire::Vlan::kMaxDepth; ++depth) {
    const auto tag = wire::VlanView::parse(rest);
    if (!tag) {
      return;
    }
    vlan = vlan == 0 ? offset_of(rest) : vlan;
    type = tag->type();
    rest = tag->payload_extent();
  }
  if (type == wire::ethertype::kIpv4) {
    const auto packet = wire::Ipv4View::parse_captured(rest);
    if (!packet) {
      return;
    }
    ipv4 = offset_of(rest);
    covers_destination = wire::route_end(*packet).empty();
    if (packet->fragment_offset() != 0) {
      return;  // a later fragment has no transport header
    }
    protocol = packet->protocol();
    transport = ipv4 + packet->header_bytes();
  } else if (type == wire::ethertype::kIpv6) {
    const auto packet = wire::Ipv6View::parse_captured(rest);
    if (!packet) {
      return;
    }
    ipv6 = offset_of(rest);
    const wire::Ipv6Transport found = wire::find_transport(*packet);
    if (found.reason != wire::Reason::none || !found.first) {
      return;
    }
    protocol = found.protocol;
    transport = offset_of(found.payload);
    covers_source = found.route.source.empty();
    covers_destination = !found.route.ahead();
  }
  const std::size_t least =
      protocol == wire::ip_protocol::kTcp ? wire::Tcp::kHeaderBytes : wire::Udp::kHeaderBytes;
  if (transport + least > frame.size()) {
    transport = 0;
    protocol = wire::ip_protocol::kNone;
  }
}

base::Result<Rewriter> Rewriter::create(std::span<const RewriteSpec> rules,
                                        const std::string& stream) {
  Rewriter rewriter;
  for (const RewriteSpec& spec : rules) {
    auto rule = rule_of(spec, stream);
    if (!rule) {
      return rule.error();
    }
    rewriter.rules_.push_back(rule.value());
  }
  return rewriter;
}

base::Result<Rewriter::Rule> Rewriter::rule_of(const RewriteSpec& spec, const std::string& stream) {
  struct Row {
    std::string_view protocol;
    Layer layer;
  };
  constexpr Row kLayers[] = {{"ethernet", Layer::ethernet}, {"vlan", Layer::vlan},
                             {"ipv4", Layer::ipv4},         {"ipv6", Layer::ipv6},
                             {"udp", Layer::udp},           {"tcp", Layer::tcp}};
  const std::string where = "traffic." + stream + ".replay.rewrite." + spec.field;
  const std::string_view protocol = std::string_view(spec.field).substr(0, spec.field.find('.'));
  const auto* row = std::ranges::find(kLayers, protocol, &Row::protocol);
  const auto found = wire::find_field(spec.field);
  if (row == std::end(kLayers) || !found || !found->field->settable) {
    return invalid(where, "`" + spec.field + "` is not a field that can be rewritten",
                   "name a settable field of ethernet, vlan, ipv4, ipv6, udp or tcp, for example "
                   "ipv4.dst or udp.dstPort");
  }
  Rule rule;
  rule.layer = row->layer;
  rule.field = found->field;
  rule.any = spec.any;
  const bool network = row->layer == Layer::ipv4 || row->layer == Layer::ipv6;
  rule.source = network && rule.field->name == "src";
  rule.destination = network && rule.field->name == "dst";
  rule.checksum = rule.field->name == "checksum";
  const auto take = [&](const ValueSpec& value, std::uint64_t& number,
                        std::array<std::uint8_t, kWideBytes>& bytes) -> base::Status {
    if (rule.field->bits <= 64) {
      auto result = to_number(value, *rule.field, false, where);
      if (!result) {
        return result.error();
      }
      number = result.value();
      return {};
    }
    if (value.data.size() != bytes.size()) {
      return invalid(where, "the value has " + std::to_string(value.data.size()) + " bytes",
                     "the field takes 16");
    }
    std::ranges::copy(value.data, bytes.begin());
    return {};
  };
  if (auto status = take(spec.to, rule.to, rule.to_bytes); !status) {
    return status.error();
  }
  if (!spec.any) {
    if (auto status = take(spec.from, rule.from, rule.from_bytes); !status) {
      return status.error();
    }
  }
  return rule;
}

void Rewriter::apply(base::MutableBytes frame, std::uint32_t wire_length) const noexcept {
  for (const Rule& rule : rules_) {
    // Anew for each rule: one may have changed a type or a protocol.
    apply_rule(rule, frame, Headers(frame, wire_length));
  }
}

void Rewriter::apply_rule(const Rule& rule, base::MutableBytes frame,
                          const Headers& headers) noexcept {
  const std::size_t header_at = headers.at(rule.layer);
  if (header_at == 0 && rule.layer != Layer::ethernet) {
    return;
  }
  const base::MutableBytes header = frame.subspan(header_at);
  const wire::FieldSpec& field = *rule.field;
  if (header.size() < field.end_bytes()) {
    return;
  }
  // The 16-bit words that hold the field; headers begin at even offsets of the packet.
  const std::size_t first = header_at + field.offset_bytes() / 2 * 2;
  const std::size_t last = std::min(header_at + (field.end_bytes() + 1) / 2 * 2, frame.size());
  const wire::PartialSum before = wire::sum(frame.subspan(first, last - first));
  if (field.bits <= 64) {
    const std::uint64_t value = wire::read_field(field, header);
    if (value == rule.to || (!rule.any && value != rule.from)) {
      return;
    }
    wire::write_field(field, header, rule.to);
  } else {
    const auto bytes = header.subspan(field.offset_bytes(), kWideBytes);
    if (std::ranges::equal(bytes, rule.to_bytes) ||
        (!rule.any && !std::ranges::equal(bytes, rule.from_bytes))) {
      return;
    }
    std::ranges::copy(rule.to_bytes, bytes.begin());
  }
  if (rule.checksum) {
    return;
  }
  const wire::PartialSum after = wire::sum(frame.subspan(first, last - first));
  const auto mend = [&](std::size_t at, bool udp) {
    std::uint8_t* place = frame.data() + at;
    const auto stored = base::load_native<std::uint16_t>(place);
    if (udp && stored == 0) {
      return;
    }
    // HC' = ~(~HC + ~m + m')
    wire::PartialSum sum(static_cast<std::uint16_t>(~stored));
    sum.add_raw(static_cast<std::uint16_t>(~before.folded_native()));
    sum.add_raw(after.folded_native());
    auto mended = static_cast<std::uint16_t>(~sum.folded_native());
    mended = udp && mended == 0 ? std::uint16_t{0xffff} : mended;
    base::store_native(place, mended);
  };
  if (rule.layer == Layer::ipv4) {
    mend(header_at + wire::Ipv4::kChecksum, false);
  }
  const bool in_transport = rule.layer == Layer::udp || rule.layer == Layer::tcp;
  const bool covered =
      (rule.source && headers.covers_source) || (rule.destination && headers.covers_destination);
  if (covered || in_transport) {
    if (const std::size_t at = headers.transport_checksum(); at != 0) {
      mend(at, headers.protocol == wire::ip_protocol::kUdp);
    }
  }
}

}  // namespace ringbed::gen
