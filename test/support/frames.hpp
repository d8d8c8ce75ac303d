// Random well-formed frames from the emitters, with what they hold, for round trips and fuzzing.
#pragma once

#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "wire/arp.hpp"
#include "wire/ethernet.hpp"
#include "wire/icmp.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"
#include "wire/ipv6_extension.hpp"
#include "wire/tcp.hpp"
#include "wire/udp.hpp"
#include "wire/vlan.hpp"

namespace ringbed::test {

inline std::vector<std::uint8_t> random_bytes(base::Random& random, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (auto& byte : bytes) {
    byte = static_cast<std::uint8_t>(random.next());
  }
  return bytes;
}

inline wire::MacAddress random_mac(base::Random& random) {
  return wire::MacAddress::load(random_bytes(random, 6).data());
}

inline wire::Ipv6Address random_ipv6(base::Random& random) {
  return wire::Ipv6Address::load(random_bytes(random, 16).data());
}

inline wire::TcpOptions random_options(base::Random& random) {
  wire::TcpOptions options;
  if ((options.has_mss = random.chance(0.5))) {
    options.mss = static_cast<std::uint16_t>(random.next());
  }
  if ((options.has_window_scale = random.chance(0.5))) {
    options.window_scale = static_cast<std::uint8_t>(random.below(15));
  }
  options.sack_permitted = random.chance(0.5);
  if ((options.has_timestamps = random.chance(0.5))) {
    options.timestamp = static_cast<std::uint32_t>(random.next());
    options.timestamp_echo = static_cast<std::uint32_t>(random.next());
  }
  options.sack_blocks = static_cast<std::uint8_t>(random.below(5));
  for (std::size_t i = 0; i < options.sack_blocks; ++i) {
    options.sack[i] = {static_cast<std::uint32_t>(random.next()),
                       static_cast<std::uint32_t>(random.next())};
  }
  return options;
}

struct BuiltFrame {
  std::vector<std::uint8_t> bytes;
  std::vector<std::string_view> layers;
  std::size_t payload_bytes = 0;
  std::size_t transport_offset = 0;  // 0: no transport
  std::size_t summed_end = 0;
  bool unsummed = false;  // UDP without a checksum
};

namespace detail {

// Layers are written back to front: each is emitted before what is already there.
class Builder {
 public:
  explicit Builder(std::vector<std::uint8_t> payload) : bytes_(std::move(payload)) {}

  template <typename Emit>
  void push(std::string_view name, std::size_t header_bytes, Emit&& emit) {
    bytes_.insert(bytes_.begin(), header_bytes, 0);
    emit(base::MutableBytes(bytes_));
    layers_.insert(layers_.begin(), name);
  }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  std::vector<std::uint8_t> bytes_;
  std::vector<std::string_view> layers_;
};

inline std::uint8_t push_transport(base::Random& random, Builder& builder, bool v6, bool& unsummed,
                                   const auto& pseudo) {
  using namespace wire;
  const auto port = [&random] { return static_cast<std::uint16_t>(random.next()); };
  switch (random.below(3)) {
    case 0: {
      unsummed = !v6 && random.chance(0.2);
      builder.push("udp", Udp::kHeaderBytes, [&](base::MutableBytes to) {
        const UdpRepr udp{port(), port()};
        unsummed ? udp.emit_unsummed(to) : udp.emit(to, pseudo(ip_protocol::kUdp, to.size()));
      });
      return ip_protocol::kUdp;
    }
    case 1: {
      std::uint8_t area[40];
      TcpRepr tcp;
      tcp.src_port = port();
      tcp.dst_port = port();
      tcp.seq = static_cast<std::uint32_t>(random.next());
      tcp.ack = static_cast<std::uint32_t>(random.next());
      tcp.window = port();
      tcp.flags = static_cast<std::uint8_t>(random.next());
      if (!tcp_flags_valid(tcp.flags)) {
        tcp.flags = tcp_flag::kAck;
      }
      tcp.options = {area, random_options(random).emit(area)};
      builder.push("tcp", tcp.header_bytes(), [&](base::MutableBytes to) {
        tcp.emit(to, pseudo(ip_protocol::kTcp, to.size()));
      });
      return ip_protocol::kTcp;
    }
    default: {
      const IcmpRepr icmp{static_cast<std::uint8_t>(random.next()),
                          static_cast<std::uint8_t>(random.next()),
                          static_cast<std::uint32_t>(random.next())};
      builder.push(v6 ? "icmpv6" : "icmp", Icmp::kHeaderBytes, [&](base::MutableBytes to) {
        icmp.emit(to, v6 ? pseudo(ip_protocol::kIcmpv6, to.size()) : PartialSum{});
      });
      return v6 ? ip_protocol::kIcmpv6 : ip_protocol::kIcmp;
    }
  }
}

inline void push_ipv4(base::Random& random, Builder& builder, bool& unsummed) {
  using namespace wire;
  static constexpr std::uint8_t kRouterAlert[] = {0x94, 4, 0, 0};
  Ipv4Repr ip;
  ip.src = {static_cast<std::uint32_t>(random.between(1, 0xdfff'ffff))};
  ip.dst = {static_cast<std::uint32_t>(random.next())};
  ip.ttl = static_cast<std::uint8_t>(random.between(1, 255));
  ip.identification = static_cast<std::uint16_t>(random.next());
  ip.df = random.chance(0.5);
  if (random.chance(0.1)) {
    ip.options = kRouterAlert;
  }
  ip.protocol = push_transport(
      random, builder, false, unsummed, [&](std::uint8_t protocol, std::size_t length) {
        return pseudo_sum(ip.src, ip.dst, protocol, static_cast<std::uint32_t>(length));
      });
  ip.payload_bytes = static_cast<std::uint16_t>(builder.size());
  builder.push("ipv4", ip.header_bytes(), [&](base::MutableBytes to) { ip.emit(to); });
}

inline void push_ipv6(base::Random& random, Builder& builder, bool& unsummed) {
  using namespace wire;
  Ipv6Repr ip;
  ip.src = random_ipv6(random);
  ip.src.bytes[0] = 0x20;
  ip.dst = random_ipv6(random);
  ip.hop_limit = static_cast<std::uint8_t>(random.between(1, 255));
  ip.flow_label = static_cast<std::uint32_t>(random.below(1U << 20));
  std::uint8_t next = push_transport(
      random, builder, true, unsummed, [&](std::uint8_t protocol, std::size_t length) {
        return pseudo_sum(ip.src, ip.dst, protocol, static_cast<std::uint32_t>(length));
      });
  for (std::uint64_t n = random.chance(0.3) ? random.below(4) : 0; n > 0; --n) {
    builder.push("ipv6_dstopts", 8, [next](base::MutableBytes to) {
      to[0] = next;
      to[2] = 1;  // PadN of four bytes
      to[3] = 4;
    });
    next = ip_protocol::kDestination;
  }
  ip.next_header = next;
  ip.payload_bytes = static_cast<std::uint16_t>(builder.size());
  builder.push("ipv6", Ipv6::kHeaderBytes, [&](base::MutableBytes to) { ip.emit(to); });
}

}  // namespace detail

// Ethernet, up to three tags, ARP or IPv4 or IPv6, ICMP or UDP or TCP, payload; padded to the
// Ethernet minimum half of the time.
inline BuiltFrame build_frame(base::Random& random) {
  using namespace wire;
  BuiltFrame built;
  std::uint16_t type = ethertype::kArp;
  const bool arp = random.chance(0.1);
  built.payload_bytes = arp ? 0 : random.below(random.chance(0.1) ? 1400 : 64);
  detail::Builder builder(random_bytes(random, built.payload_bytes));
  if (arp) {
    builder.push("arp", Arp::kHeaderBytes, [&](base::MutableBytes to) {
      ArpRepr{Arp::kRequest, random_mac(random), {1}, random_mac(random), {2}}.emit(to);
    });
  } else if (random.chance(0.6)) {
    detail::push_ipv4(random, builder, built.unsummed);
    type = ethertype::kIpv4;
  } else {
    detail::push_ipv6(random, builder, built.unsummed);
    type = ethertype::kIpv6;
  }
  for (std::uint64_t tags = random.chance(0.3) ? random.between(1, 3) : 0; tags > 0; --tags) {
    builder.push("vlan", Vlan::kHeaderBytes, [&](base::MutableBytes to) {
      VlanRepr{static_cast<std::uint8_t>(random.below(8)), random.chance(0.5),
               static_cast<std::uint16_t>(random.below(4096)), type}
          .emit(to);
    });
    type = random.chance(0.5) ? ethertype::kVlan : ethertype::kQinQ;
  }
  builder.push("ethernet", Ethernet::kHeaderBytes, [&](base::MutableBytes to) {
    EthernetRepr{random_mac(random), random_mac(random), type}.emit(to);
  });
  built.bytes = std::move(builder.bytes_);
  built.layers = std::move(builder.layers_);
  built.summed_end = built.bytes.size();
  if (!arp) {
    std::size_t header = 8;
    if (built.layers.back() == "tcp") {
      // Its length is in the frame: data offset, behind everything but header and payload.
      for (header = 20; header <= 60; header += 4) {
        const std::size_t at = built.bytes.size() - built.payload_bytes - header;
        if (static_cast<std::size_t>(built.bytes[at + Tcp::kDataOffset] >> 4) * 4 == header) {
          break;
        }
      }
    }
    built.transport_offset = built.bytes.size() - built.payload_bytes - header;
  }
  if (random.chance(0.5) && built.bytes.size() < Ethernet::kMinFrameBytes) {
    built.bytes.resize(Ethernet::kMinFrameBytes);
  }
  return built;
}

// Parses the bytes as everything, and calls every accessor of what parses.
inline std::uint64_t touch_views(base::ByteView bytes) {
  using namespace wire;
  std::uint64_t keep = 0;
  if (const auto v = EthernetView::parse(bytes)) {
    keep += v->type() + v->dst().bytes[5] + v->src().bytes[5] + v->payload().size();
  }
  if (const auto v = VlanView::parse(bytes)) {
    keep += v->pcp() + v->dei() + v->vid() + v->type() + v->payload().size();
  }
  if (const auto v = ArpView::parse(bytes)) {
    keep += v->operation() + v->sender_mac().bytes[5] + v->sender_ip().value +
            v->target_mac().bytes[5] + v->target_ip().value;
  }
  if (const auto v = Ipv4View::parse(bytes)) {
    keep += v->checksum_ok() + v->options().size() + v->dst().value + sum(v->payload()).raw();
    for (OptionWalker walk(v->options()); const auto option = walk.next();) {
      keep += option->kind + sum(option->data).raw();
    }
  }
  if (const auto v = Ipv6View::parse(bytes)) {
    const Ipv6Transport transport = find_transport(*v);
    keep += v->dst().bytes[15] + transport.protocol + sum(transport.payload.bytes).raw();
  }
  if (const auto v = IcmpView::parse(bytes)) {
    keep += v->type() + v->rest() + static_cast<unsigned>(v->judge());
  }
  if (const auto v = UdpView::parse(bytes)) {
    keep += v->dst_port() + static_cast<unsigned>(v->judge({})) + sum(v->payload()).raw();
  }
  if (const auto v = TcpView::parse(bytes)) {
    TcpOptions options;
    keep += static_cast<unsigned>(TcpOptions::read(v->options(), options)) + options.mss +
            static_cast<unsigned>(v->judge({})) + sum(v->payload()).raw() + v->urgent_pointer();
  }
  return keep;
}

}  // namespace ringbed::test
