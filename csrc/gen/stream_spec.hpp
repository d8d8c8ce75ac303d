// What a stream of traffic is: the C++ twin of the messages Stream, Rate, Payload, Size,
// FieldProgram, TcpSession, Replay and Rewrite of scenario.proto, with the same meaning and the
// same defaults. The plan codec fills them; Generator::create() checks them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "wire/address.hpp"

namespace ringbed::gen {

inline constexpr std::uint64_t kPsPerNs = 1000;
inline constexpr std::uint64_t kPsPerSecond = 1'000'000'000'000;
// A departure that never comes.
inline constexpr std::uint64_t kNever = UINT64_MAX;

// Bytes that a frame takes on the wire beside its own: preamble and start delimiter 8, FCS 4,
// inter-frame gap 12 (IEEE 802.3 clauses 3 and 4.4).
inline constexpr std::uint32_t kWireOverheadBytes = 24;

struct EndpointSpec {
  wire::MacAddress mac;
  std::vector<std::uint8_t> ip;  // 4 or 16 bytes as on the wire
  std::uint16_t port = 0;
};

struct VlanSpec {
  std::uint16_t tpid = 0x8100;  // 0x8100, 0x88a8, 0x9100
  std::uint8_t pcp = 0;
  bool dei = false;
  std::uint16_t vid = 0;
};

struct RateSpec {
  enum class Kind : std::uint8_t { constant, poisson, burst, ramp };
  enum class Unit : std::uint8_t {
    pps,
    bps,         // bits of the frame without preamble, FCS and gap (layer 2)
    line_share,  // share of the link's rate, with them (layer 1)
  };
  Kind kind = Kind::constant;
  Unit unit = Unit::pps;
  double rate = 0.0;          // > 0 (ramp: >= 0)
  double rate_to = 0.0;       // ramp: >= 0
  std::uint64_t ramp_ns = 0;  // ramp: > 0
  std::uint64_t on_ns = 0;    // burst: > 0
  std::uint64_t off_ns = 0;
};

// A number, or (when `data` is not empty) bytes as they stand on the wire; short text is padded by
// the field's own rule (ASCII with spaces, bytes with NUL).
struct ValueSpec {
  std::uint64_t number = 0;
  std::vector<std::uint8_t> data;
};

struct FieldProgramSpec {
  enum class Kind : std::uint8_t { list, increment, uniform, zipf, walk, choice };
  std::string field;  // "ipv4.src" in a stream, "price" in a payload
  Kind kind = Kind::list;
  std::vector<ValueSpec> values;  // list, choice, zipf
  std::uint64_t min = 0;          // increment, uniform, walk; zipf without values
  std::uint64_t max = 0;
  std::uint64_t step = 1;       // increment
  double exponent = 1.0;        // zipf: >= 0
  double sigma = 1.0;           // walk: >= 0
  std::uint64_t start = 0;      // walk
  std::vector<double> weights;  // choice: one for each value, >= 0, not all 0
};

struct SizeSpec {
  enum class Kind : std::uint8_t { payload, choice, uniform };
  Kind kind = Kind::payload;                // as long as the payload needs
  std::vector<std::uint32_t> choices = {};  // whole frames without FCS
  std::vector<double> weights = {};         // empty: equal
  std::uint32_t min = 0;
  std::uint32_t max = 0;
};

// The "simple IMIX" that TRex, Ixia and Spirent use: seven, four and one of twelve frames. The
// sizes are 64, 594 and 1,518 bytes with FCS.
[[nodiscard]] inline SizeSpec imix() {
  return {SizeSpec::Kind::choice, {60, 590, 1514}, {7.0, 4.0, 1.0}, 0, 0};
}

struct PayloadSpec {
  std::string kind = "zero";  // a row of feed::kPayloads, or random, zero (also ""), hex, text
  bool little_endian = false;
  std::vector<std::uint8_t> data;  // hex and text
  SizeSpec size;
  std::vector<FieldProgramSpec> fields;  // of the payload's own fields
};

struct TcpSessionSpec {
  enum class Close : std::uint8_t { fin, rst, none };
  enum class Handshake : std::uint8_t {
    full,      // SYN, SYN+ACK as the tap sees it (same tuple), ACK
    syn_only,  // SYN, then data
    none,
  };
  std::uint32_t concurrent = 1;
  std::uint32_t data_segments = 1;  // a session
  Close close = Close::fin;
  Handshake handshake = Handshake::full;
};

// Replaces a field's value and mends the checksums; `any` ignores `from`.
struct RewriteSpec {
  std::string field;  // ethernet, vlan, ipv4, ipv6, udp, tcp fields: "ipv4.dst", "udp.dstPort"
  bool any = true;
  ValueSpec from;
  ValueSpec to;
};

// Frames that were not captured on Ethernet go to the stream's `to.mac`.
struct ReplaySpec {
  enum class Timing : std::uint8_t {
    honoured,
    scaled,   // gaps divided by `speed`
    ignored,  // frames leave at the stream's rate
  };
  std::string file;
  Timing timing = Timing::honoured;
  double speed = 1.0;
  std::uint32_t loops = 1;
  std::vector<RewriteSpec> rewrite;
};

struct StreamSpec {
  enum class Kind : std::uint8_t { udp, tcp, syn_flood, replay };
  std::string name;  // unique; names the stream's random substreams
  Kind kind = Kind::udp;
  EndpointSpec from;
  EndpointSpec to;
  std::vector<VlanSpec> vlans;  // outermost first
  std::uint8_t ttl = 64;
  std::uint8_t dscp = 0;
  RateSpec rate;
  PayloadSpec payload;
  std::vector<FieldProgramSpec> fields;  // of the headers
  std::uint64_t start_ns = 0;
  std::uint64_t stop_ns = 0;  // 0: with the run
  std::uint64_t packets = 0;  // 0: no limit of its own
  std::uint32_t flows = 1;    // udp: distinct 5-tuples; syn_flood: 1 means random sources
  TcpSessionSpec tcp;
  ReplaySpec replay;
  bool udp_checksum = true;  // without effect over IPv6, where it is not optional

  // It ends by itself, however long the run is.
  [[nodiscard]] bool has_end() const noexcept {
    return packets != 0 || stop_ns != 0 || kind == Kind::replay;
  }
};

}  // namespace ringbed::gen
