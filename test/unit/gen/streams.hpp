// Streams and helpers that the generator's tests share.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "gen/generator.hpp"
#include "wire/dissect.hpp"

namespace ringbed::gen::testing {

inline constexpr std::uint64_t kTenGigabit = 10'000'000'000;

inline StreamSpec udp_stream(bool ipv6 = false) {
  StreamSpec spec;
  spec.name = "feed";
  spec.from.mac = {{2, 0, 0, 0, 0, 1}};
  spec.to.mac = {{2, 0, 0, 0, 0, 2}};
  if (ipv6) {
    spec.from.ip = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    spec.to.ip = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
  } else {
    spec.from.ip = {10, 0, 0, 2};
    spec.to.ip = {10, 0, 0, 1};
  }
  spec.from.port = 40000;
  spec.to.port = 8080;
  spec.rate.rate = 1e6;
  spec.payload.kind = "nanonet.market_data";
  return spec;
}

inline StreamSpec tcp_stream(bool ipv6 = false) {
  StreamSpec spec = udp_stream(ipv6);
  spec.kind = StreamSpec::Kind::tcp;
  return spec;
}

inline FieldProgramSpec program(std::string field, FieldProgramSpec::Kind kind, std::uint64_t min,
                                std::uint64_t max) {
  FieldProgramSpec spec;
  spec.field = std::move(field);
  spec.kind = kind;
  spec.min = min;
  spec.max = max;
  return spec;
}

inline FieldProgramSpec list(std::string field, std::vector<std::uint64_t> numbers) {
  FieldProgramSpec spec;
  spec.field = std::move(field);
  for (const auto number : numbers) {
    spec.values.push_back({number, {}});
  }
  return spec;
}

inline ValueSpec text(std::string_view value) { return {0, {value.begin(), value.end()}}; }

inline Generator make(const std::vector<StreamSpec>& streams, Limits limits = {},
                      std::uint64_t seed = 1) {
  auto generator = Generator::create(streams, seed, kTenGigabit, limits);
  if (!generator) {
    throw std::runtime_error(generator.error().message + "; " + generator.error().hint);
  }
  return std::move(generator).value();
}

struct Frame {
  FrameMeta meta;
  std::vector<std::uint8_t> bytes;
};

// Walks all frames (bounded by `limits` or `most`).
inline void for_each(Generator& generator, std::size_t most,
                     const std::function<void(const FrameMeta&, base::ByteView)>& visit) {
  std::vector<std::uint8_t> buffer(generator.max_frame_bytes(), 0xaa);
  FrameMeta meta;
  for (std::size_t i = 0; i < most && generator.next(buffer, meta); ++i) {
    visit(meta, base::ByteView(buffer).first(meta.length));
  }
}

inline std::vector<Frame> frames(const std::vector<StreamSpec>& streams, std::size_t most,
                                 Limits limits = {}, std::uint64_t seed = 1) {
  Generator generator = make(streams, limits, seed);
  std::vector<Frame> result;
  for_each(generator, most, [&](const FrameMeta& meta, base::ByteView bytes) {
    result.push_back({meta, {bytes.begin(), bytes.end()}});
  });
  return result;
}

inline std::string digest(const std::vector<StreamSpec>& streams, std::size_t most,
                          std::uint64_t seed = 1) {
  Generator generator = make(streams, {}, seed);
  base::Digest digest;
  for_each(generator, most, [&](const FrameMeta& meta, base::ByteView bytes) {
    digest.add(meta.departure_ps);
    digest.add(meta.sequence);
    digest.add(meta.flow);
    digest.add(meta.stream);
    digest.add(bytes);
  });
  return digest.hex();
}

// Takes the frame apart and holds it to every rule that wire/ knows.
inline wire::Dissection clean(base::ByteView bytes) {
  wire::Dissection dissection;
  wire::dissect(bytes, static_cast<std::uint32_t>(bytes.size()), dissection);
  std::string json;
  wire::print_json(dissection, bytes, 1, 0, json);
  EXPECT_EQ(dissection.verdict, wire::Verdict::ok) << json;
  EXPECT_TRUE(dissection.problems().empty()) << json;
  for (const auto& layer : dissection.layers()) {
    EXPECT_NE(layer.checksum, wire::Checksum::bad) << json;
  }
  return dissection;
}

// The value of `protocol.field` in its first layer of the frame.
inline std::uint64_t field(base::ByteView bytes, std::string_view path) {
  wire::Dissection dissection;
  wire::dissect(bytes, static_cast<std::uint32_t>(bytes.size()), dissection);
  const auto found = wire::find_field(path);
  for (const auto& layer : dissection.layers()) {
    if (found && layer.protocol == found->protocol) {
      return wire::read_field(*found->field, bytes.subspan(layer.offset));
    }
  }
  ADD_FAILURE() << "no " << path;
  return 0;
}

}  // namespace ringbed::gen::testing
