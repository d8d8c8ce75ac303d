#include "engine/stream_codec.hpp"

#include <algorithm>

namespace ringbed::engine {

namespace {

// A number that the wire form carries as uint32 but the specification keeps in fewer bits.
template <std::unsigned_integral T>
T narrow(ProtoReader& in) {
  const std::uint32_t value = in.u32();
  if (value > static_cast<T>(~T{0})) {
    in.fail();
  }
  return static_cast<T>(value);
}

std::vector<std::uint8_t> copy(base::ByteView bytes) { return {bytes.begin(), bytes.end()}; }

void read_endpoint(ProtoReader& in, gen::EndpointSpec& endpoint) {
  while (in.next()) {
    switch (in.field()) {
      case 1: {
        const base::ByteView mac = in.bytes();
        if (mac.size() == 6) {
          endpoint.mac = wire::MacAddress::load(mac.data());
        } else if (!mac.empty()) {
          in.fail();
        }
        break;
      }
      case 2: endpoint.ip = copy(in.bytes()); break;
      case 3: endpoint.port = narrow<std::uint16_t>(in); break;
      default: break;
    }
  }
}

void read_vlan(ProtoReader& in, gen::VlanSpec& vlan) {
  while (in.next()) {
    switch (in.field()) {
      case 1: vlan.tpid = narrow<std::uint16_t>(in); break;
      case 2: vlan.pcp = narrow<std::uint8_t>(in); break;
      case 3: vlan.dei = in.boolean(); break;
      case 4: vlan.vid = narrow<std::uint16_t>(in); break;
      default: break;
    }
  }
}

void read_rate(ProtoReader& in, gen::RateSpec& rate) {
  while (in.next()) {
    switch (in.field()) {
      case 1: rate.kind = in.enumeration(gen::RateSpec::Kind::ramp); break;
      case 2: rate.unit = in.enumeration(gen::RateSpec::Unit::line_share); break;
      case 3: rate.rate = in.real(); break;
      case 4: rate.rate_to = in.real(); break;
      case 5: rate.ramp_ns = in.u64(); break;
      case 6: rate.on_ns = in.u64(); break;
      case 7: rate.off_ns = in.u64(); break;
      default: break;
    }
  }
}

void read_value(ProtoReader& in, gen::ValueSpec& value) {
  while (in.next()) {
    switch (in.field()) {
      case 1: value.number = in.u64(); break;
      case 2: value.data = copy(in.bytes()); break;
      default: break;
    }
  }
}

void read_program(ProtoReader& in, gen::FieldProgramSpec& program) {
  program.step = 0;
  program.exponent = 0.0;
  program.sigma = 0.0;
  while (in.next()) {
    switch (in.field()) {
      case 1: program.field = in.text(); break;
      case 2: program.kind = in.enumeration(gen::FieldProgramSpec::Kind::choice); break;
      case 3: nested(in, program.values.emplace_back(), read_value); break;
      case 4: program.min = in.u64(); break;
      case 5: program.max = in.u64(); break;
      case 6: program.step = in.u64(); break;
      case 7: program.exponent = in.real(); break;
      case 8: program.sigma = in.real(); break;
      case 9: program.start = in.u64(); break;
      case 10: in.reals([&](double weight) { program.weights.push_back(weight); }); break;
      default: break;
    }
  }
}

void read_size(ProtoReader& in, gen::SizeSpec& size) {
  enum class Kind : std::uint8_t { choice, uniform };
  size.kind = gen::SizeSpec::Kind::choice;
  while (in.next()) {
    switch (in.field()) {
      case 1:
        size.kind = in.enumeration(Kind::uniform) == Kind::uniform ? gen::SizeSpec::Kind::uniform
                                                                   : gen::SizeSpec::Kind::choice;
        break;
      case 2:
        in.numbers([&](std::uint64_t bytes) {
          size.choices.push_back(
              static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, UINT32_MAX)));
        });
        break;
      case 3: in.reals([&](double weight) { size.weights.push_back(weight); }); break;
      case 4: size.min = in.u32(); break;
      case 5: size.max = in.u32(); break;
      default: break;
    }
  }
}

void read_payload(ProtoReader& in, gen::PayloadSpec& payload) {
  while (in.next()) {
    switch (in.field()) {
      case 1: payload.kind = in.text(); break;
      case 2: payload.little_endian = in.boolean(); break;
      case 3: payload.data = copy(in.bytes()); break;
      case 4: nested(in, payload.size, read_size); break;
      case 5: nested(in, payload.fields.emplace_back(), read_program); break;
      default: break;
    }
  }
}

void read_tcp(ProtoReader& in, gen::TcpSessionSpec& tcp) {
  tcp.data_segments = 0;
  while (in.next()) {
    switch (in.field()) {
      case 1: tcp.concurrent = in.u32(); break;
      case 2: tcp.data_segments = in.u32(); break;
      case 3: tcp.close = in.enumeration(gen::TcpSessionSpec::Close::none); break;
      case 4: tcp.handshake = in.enumeration(gen::TcpSessionSpec::Handshake::none); break;
      default: break;
    }
  }
}

void read_rewrite(ProtoReader& in, gen::RewriteSpec& rewrite) {
  while (in.next()) {
    switch (in.field()) {
      case 1: rewrite.field = in.text(); break;
      case 2:
        rewrite.any = false;
        nested(in, rewrite.from, read_value);
        break;
      case 3: nested(in, rewrite.to, read_value); break;
      default: break;
    }
  }
}

void read_replay(ProtoReader& in, gen::ReplaySpec& replay) {
  while (in.next()) {
    switch (in.field()) {
      case 1: replay.file = in.text(); break;
      case 3: replay.timing = in.enumeration(gen::ReplaySpec::Timing::ignored); break;
      case 4: replay.speed = in.real(); break;
      case 5: replay.loops = in.u32(); break;
      case 6: nested(in, replay.rewrite.emplace_back(), read_rewrite); break;
      default: break;
    }
  }
}

}  // namespace

void read_stream(ProtoReader& in, gen::StreamSpec& stream) {
  // proto3 leaves out what is false or zero, so these start from it.
  stream.udp_checksum = false;
  stream.ttl = 0;
  stream.flows = 0;
  while (in.next()) {
    switch (in.field()) {
      case 1: stream.name = in.text(); break;
      case 2: stream.kind = in.enumeration(gen::StreamSpec::Kind::replay); break;
      case 3: nested(in, stream.from, read_endpoint); break;
      case 4: nested(in, stream.to, read_endpoint); break;
      case 5: nested(in, stream.vlans.emplace_back(), read_vlan); break;
      case 6: stream.ttl = narrow<std::uint8_t>(in); break;
      case 7: stream.dscp = narrow<std::uint8_t>(in); break;
      case 8: nested(in, stream.rate, read_rate); break;
      case 9: nested(in, stream.payload, read_payload); break;
      case 10: nested(in, stream.fields.emplace_back(), read_program); break;
      case 11: stream.start_ns = in.u64(); break;
      case 12: stream.stop_ns = in.u64(); break;
      case 13: stream.packets = in.u64(); break;
      case 14: stream.flows = in.u32(); break;
      case 15: nested(in, stream.tcp, read_tcp); break;
      case 16: nested(in, stream.replay, read_replay); break;
      case 17: stream.udp_checksum = in.boolean(); break;
      default: break;
    }
  }
}

}  // namespace ringbed::engine
