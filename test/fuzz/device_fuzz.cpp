// fuzz: device
// Any sequence of frames through the nanonet device. The input is a configuration byte, then
// frames: a length byte, a byte that says how the frame begins (as it is, or on top of a good UDP,
// TCP or IPv6 request, with checksums mended), and the bytes. Held to: no bad memory access, in =
// processed + bypassed + drops, every response a good frame, parse_plain() never at odds with the
// checked views, no buffer lost.
#include <cstdint>
#include <cstdlib>

#include "device/devices.hpp"
#include "device/packet.hpp"
#include "device/pools.hpp"
#include "support/nanonet_request.hpp"

namespace {

using namespace ringbed;
using device::Outcome;
using device::testing::Bytes;
using device::testing::Request;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

const std::vector<Bytes>& templates() {
  static const std::vector<Bytes> all = [] {
    Request udp;
    Request tcp;
    tcp.protocol = 6;
    Request syn = tcp;
    syn.tcp_flags = wire::tcp_flag::kSyn;
    syn.payload.clear();
    Request v6 = udp;
    v6.source = device::testing::ip("2001:db8::1");
    v6.destination = device::testing::ip("2001:db8::2");
    Request tagged = udp;
    tagged.vlans = {1, 2};
    return std::vector<Bytes>{udp.frame(), tcp.frame(), syn.frame(), v6.frame(), tagged.frame()};
  }();
  return all;
}

// A good frame with the input's bytes over its end, and the IPv4 checksum mended so that mutations
// reach the deeper layers.
Bytes on_top_of(Bytes frame, base::ByteView bytes) {
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    frame[bytes[i] % frame.size()] = bytes[i + 1];
  }
  if (frame[12] == 0x08 && frame.size() >= 34) {
    base::store_be(frame.data() + 24, std::uint16_t{0});
    base::store_be(frame.data() + 24, wire::checksum(base::ByteView(frame).subspan(14, 20)));
  }
  return frame;
}

void compare_parsers(const device::PacketParser& parser, base::ByteView frame) {
  device::Packet plain;
  if (!parser.parse_plain(frame, plain)) {
    return;
  }
  device::Packet any;
  require(parser.parse_any(frame, any).outcome == Outcome::processed);
  require(plain.key == any.key && plain.key.same_upper(any.key));
  require(plain.payload.size() == any.payload.size());
  require(plain.payload.empty() || plain.payload.data() == any.payload.data());
  require(plain.ip_offset == any.ip_offset && plain.to_group == any.to_group);
  require(plain.tcp_flags == any.tcp_flags && plain.tcp_seq == any.tcp_seq &&
          plain.tcp_ack == any.tcp_ack);
}

void check_response(base::ByteView frame) {
  const auto ethernet = wire::EthernetView::parse(frame);
  require(ethernet.ok() && frame.size() >= 60);
  std::uint16_t type = ethernet->type();
  base::ByteView rest = ethernet->payload();
  while (wire::is_vlan_type(type)) {
    const auto tag = wire::VlanView::parse(rest);
    require(tag.ok());
    type = tag->type();
    rest = tag->payload();
  }
  if (type == wire::ethertype::kIpv4) {
    const auto ip = wire::Ipv4View::parse(rest);
    require(ip.ok() && ip->checksum_ok() && ip->total_length() == rest.size());
    require(wire::sum(ip->payload()).raw() != 0);
    wire::PartialSum sum = ip->pseudo(ip->payload().size());
    sum.add(wire::sum(ip->payload()));
    require(sum.verifies());
  } else {
    const auto ip = wire::Ipv6View::parse(rest);
    require(ip.ok() && ip->payload().size() == rest.size() - 40);
    wire::PartialSum sum = ip->pseudo(ip->next_header(), ip->payload().size());
    sum.add(wire::sum(ip->payload()));
    require(sum.verifies());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::uint8_t choice = *data;
  base::ByteView input(data + 1, size - 1);
  device::DeviceConfig config =
      (choice & 1) != 0 ? device::testing::tcp_config() : device::testing::unicast_config();
  config.respond_to = {};
  if ((choice & 2) != 0) {
    config.target.ip = device::testing::ip("2001:db8::2");
  }
  config.verify_checksums = (choice & 4) == 0;
  config.connections.kind = (choice & 8) != 0 ? "f14" : "chained";
  config.connections.capacity = 3;
  config.connections.idle_timeout_ns = 100;
  config.connections.policy =
      (choice & 16) != 0 ? device::FullPolicy::evict_oldest : device::FullPolicy::reject_new;
  config.logic.kind = (choice & 32) != 0 ? "sample" : "threshold";
  config.logic.every = 2;
  config.little_endian = (choice & 64) != 0;
  device::PoolConfig pool_config;
  pool_config.kind = (choice & 128) != 0 ? "percore" : "ring";
  pool_config.size = 2;
  pool_config.buffer_bytes = 110;
  auto pool = std::move(device::create_pool(pool_config)).value();
  auto nanonet = std::move(device::create_device(config, *pool, 0)).value();
  const device::PacketParser parser(config);

  std::uint64_t now = 0;
  std::uint64_t frames = 0;
  std::uint32_t held = device::kNoBuffer;  // one response is always on its way
  while (input.size() >= 2) {
    const std::size_t length = std::min<std::size_t>(input[0], input.size() - 2);
    const std::size_t start = input[1];
    const base::ByteView bytes = input.subspan(2, length);
    input = input.subspan(2 + length);
    // An allocation of its own, so that ASan sees a read past the end.
    const Bytes frame = start < templates().size() ? on_top_of(templates()[start], bytes)
                                                   : Bytes(bytes.begin(), bytes.end());
    compare_parsers(parser, frame);
    now += start;
    ++frames;
    const device::Verdict verdict = nanonet->process(frame, now);
    require((verdict.outcome == Outcome::responded) == (verdict.response != device::kNoBuffer));
    require((verdict.outcome == Outcome::dropped) == (verdict.reason != base::Reason::none));
    if (verdict.outcome == Outcome::responded) {
      check_response(nanonet->response(verdict));
      if (held != device::kNoBuffer) {
        require(nanonet->complete(held) == device::PutResult::ok);
      }
      held = verdict.response;
    }
  }
  const device::DeviceStats stats = nanonet->stats();
  require(stats.in == frames);
  require(stats.in == stats.processed + stats.bypassed + stats.dropped());
  const device::ConnectionStats table = nanonet->connections().stats();
  require(table.active <= 3 && table.active == table.inserted - table.expired - table.evicted -
                                                   table.closed - table.cleared);
  if (held != device::kNoBuffer) {
    nanonet->complete(held);
  }
  require(pool->stats().in_use == 0);
  return 0;
}
