#include <limits>
#include <map>
#include <set>

#include "feed/nanonet.hpp"
#include "streams.hpp"

namespace ringbed::gen {
namespace {

using namespace testing;

TEST(Generator, FirstFrameIsWhatTheScenarioSays) {
  const auto sent = frames({udp_stream()}, 1);
  ASSERT_EQ(sent.size(), 1U);
  const auto& bytes = sent[0].bytes;
  EXPECT_EQ(bytes.size(), 66U);  // 14 + 20 + 8 + 24
  clean(bytes);
  EXPECT_EQ(field(bytes, "ipv4.src"), 0x0a000002U);
  EXPECT_EQ(field(bytes, "ipv4.dst"), 0x0a000001U);
  EXPECT_EQ(field(bytes, "ipv4.ttl"), 64U);
  EXPECT_EQ(field(bytes, "udp.srcPort"), 40000U);
  EXPECT_EQ(field(bytes, "udp.dstPort"), 8080U);
  EXPECT_EQ(field(bytes, "udp.length"), 32U);
  const auto message =
      feed::MarketDataView::parse(base::ByteView(bytes).subspan(42), feed::ByteOrder::big);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->symbol().trimmed(), "AAPL");
  EXPECT_EQ(message->price_cents(), 9999U);
  EXPECT_EQ(message->quantity(), 1000U);
  EXPECT_EQ(message->timestamp_ns(), 0U);
}

TEST(Generator, TimestampIsTheDeparture) {
  for (const bool little : {false, true}) {
    StreamSpec spec = udp_stream();
    spec.payload.little_endian = little;
    spec.rate = {.kind = RateSpec::Kind::poisson, .rate = 777'777.0};
    for (const auto& frame : frames({spec}, 1000)) {
      const auto message =
          feed::MarketDataView::parse(base::ByteView(frame.bytes).subspan(42),
                                      little ? feed::ByteOrder::little : feed::ByteOrder::big);
      ASSERT_TRUE(message.ok());
      ASSERT_EQ(message->timestamp_ns(), frame.meta.departure_ps / 1000);
      ASSERT_EQ(message->price_cents(), 9999U);
    }
  }
}

TEST(Generator, OrdersCarryUniqueIdentifiers) {
  StreamSpec spec = udp_stream();
  spec.payload.kind = "nanonet.trading_order";
  std::set<std::array<std::uint8_t, 16>> ids;
  for (const auto& frame : frames({spec}, 5000)) {
    clean(frame.bytes);
    const auto order = feed::TradingOrderView::parse(base::ByteView(frame.bytes).subspan(42),
                                                     feed::ByteOrder::big);
    ASSERT_TRUE(order.ok());
    ASSERT_EQ(order->timestamp_ns(), frame.meta.departure_ps / 1000);
    ids.insert(order->cl_ord_id());
  }
  EXPECT_EQ(ids.size(), 5000U);
}

// Every combination of family, tags, payload, size, flows and checksum dissects clean.
TEST(Generator, EveryCombinationDissectsClean) {
  const std::vector<std::vector<VlanSpec>> tags = {
      {}, {{0x8100, 5, true, 100}}, {{0x88a8, 0, false, 7}, {0x8100, 3, false, 4095}}};
  std::size_t checked = 0;
  for (const bool ipv6 : {false, true}) {
    for (const auto& vlans : tags) {
      for (const auto kind :
           {StreamSpec::Kind::udp, StreamSpec::Kind::tcp, StreamSpec::Kind::syn_flood}) {
        for (const char* payload :
             {"nanonet.market_data", "nanonet.trading_order", "random", "zero", "hex", "text"}) {
          for (const int size : {0, 1, 2, 3}) {
            for (const bool checksum : {true, false}) {
              StreamSpec spec = udp_stream(ipv6);
              spec.kind = kind;
              spec.vlans = vlans;
              spec.payload.kind = payload;
              spec.payload.data = {'o', 'd', 'd'};
              spec.udp_checksum = checksum;
              spec.flows = size == 0 ? 1 : 3;
              spec.from.port = 65534;
              spec.tcp = {.concurrent = 3, .data_segments = 2};
              if (size == 1) {
                spec.payload.size = {.kind = SizeSpec::Kind::choice, .choices = {129}};
              } else if (size == 2) {
                spec.payload.size = {.kind = SizeSpec::Kind::choice,
                                     .choices = {128, 590, 1514, 9000},
                                     .weights = {7, 4, 1, 1}};
              } else if (size == 3) {
                spec.payload.size = {.kind = SizeSpec::Kind::uniform, .min = 125, .max = 300};
              }
              spec.fields = {program(ipv6 ? "ipv6.hopLimit" : "ipv4.ttl",
                                     FieldProgramSpec::Kind::uniform, 1, 255),
                             program("ethernet.src", FieldProgramSpec::Kind::increment,
                                     0x020000000000, 0x02000000ffff)};
              for (const auto& frame : frames({spec}, 24)) {
                const auto dissection = clean(frame.bytes);
                ASSERT_GE(frame.bytes.size(), 60U);
                const auto last = dissection.layers().back();
                const bool off = kind == StreamSpec::Kind::udp && !checksum && !ipv6;
                ASSERT_EQ(last.checksum, off ? wire::Checksum::absent : wire::Checksum::good);
                ++checked;
              }
              if (::testing::Test::HasFailure()) {
                FAIL() << "ipv6 " << ipv6 << " tags " << vlans.size() << " payload " << payload
                       << " size " << size;
              }
            }
          }
        }
      }
    }
  }
  EXPECT_EQ(checked, 2U * 3 * 3 * 6 * 4 * 2 * 24);
}

// What a stream calls its image is what all of its frames have in common.
TEST(Generator, FramesFollowTheStreamsImage) {
  for (const bool ipv6 : {false, true}) {
    for (const char* payload :
         {"nanonet.market_data", "nanonet.trading_order", "random", "zero", "text"}) {
      for (const std::uint32_t flows : {1U, 5U}) {
        for (const std::uint32_t size : {0U, 1514U}) {
          StreamSpec spec = udp_stream(ipv6);
          spec.payload.kind = payload;
          spec.payload.data = {'o', 'd', 'd'};
          spec.flows = flows;
          spec.vlans = {{0x8100, 5, true, 100}};
          if (size != 0) {
            spec.payload.size = {.kind = SizeSpec::Kind::choice, .choices = {size}};
          }
          spec.fields = {
              program(ipv6 ? "ipv6.hopLimit" : "ipv4.ttl", FieldProgramSpec::Kind::uniform, 1, 255),
              program("vlan.vid", FieldProgramSpec::Kind::increment, 0, 4095)};
          const auto image = make({spec}).image(0);
          ASSERT_TRUE(image.has_value());
          const bool random = std::string_view(payload) == "random";
          std::size_t fixed = 0;
          for (const auto& frame : frames({spec}, 50)) {
            ASSERT_EQ(frame.bytes.size(), image->bytes.size());
            for (std::size_t i = 0; i < frame.bytes.size(); ++i) {
              ASSERT_TRUE(image->varies[i] || frame.bytes[i] == image->bytes[i])
                  << payload << " byte " << i;
              fixed += image->varies[i] ? 0 : 1;
            }
          }
          EXPECT_GT(fixed, 50U * (random ? 20 : frames({spec}, 1)[0].bytes.size() / 3));
        }
      }
    }
  }
  StreamSpec varying = udp_stream();
  varying.payload.size = {.kind = SizeSpec::Kind::uniform, .min = 125, .max = 300};
  EXPECT_FALSE(make({varying}).image(0).has_value());
  EXPECT_FALSE(make({tcp_stream()}).image(0).has_value());
}

// A program on any settable header field lands in that field, and where the field is no length,
// type or checksum, the frame stays clean.
TEST(Generator, EveryHeaderFieldCanBeProgrammed) {
  const std::set<std::string_view> structural = {
      "type", "version",        "ihl",           "totalLength", "protocol", "checksum",   "df",
      "mf",   "fragmentOffset", "payloadLength", "nextHeader",  "length",   "dataOffset", "flags"};
  const char* const headers[] = {"ethernet", "vlan", "ipv4", "ipv6", "udp", "tcp"};
  std::size_t fields = 0;
  for (const char* name : headers) {
    const auto& protocol = wire::protocols()[*wire::find_protocol(name)];
    for (const auto& row : protocol.fields) {
      if (!row.settable) {
        continue;
      }
      StreamSpec spec = udp_stream(std::string_view(name) == "ipv6");
      if (std::string_view(name) == "tcp") {
        spec.kind = StreamSpec::Kind::tcp;
      }
      spec.vlans = {{0x8100, 1, false, 2}};
      const std::string path = std::string(name) + "." + std::string(row.name);
      const std::uint64_t largest =
          row.bits >= 63 ? 1ULL << 62 : ((1ULL << row.bits) - 1) * row.unit;
      spec.fields = {program(path, FieldProgramSpec::Kind::uniform,
                             structural.contains(row.name) || row.bits <= 12 ? 0 : 1, largest)};
      if (path == "ipv4.src") {  // groups are no source
        spec.fields[0].max = 0x6fffffff;
        spec.fields[0].min = 0x01000000;
      } else if (row.name == "ttl" || row.name == "hopLimit") {
        spec.fields[0].min = 1;
      }
      std::set<std::uint64_t> seen;
      for (const auto& frame : frames({spec}, 64)) {
        const std::size_t header_at =
            std::string_view(name) == "ethernet"                                   ? 0
            : std::string_view(name) == "vlan"                                     ? 14
            : std::string_view(name) == "ipv4" || std::string_view(name) == "ipv6" ? 18
                                                                                   : 38;
        if (row.bits <= 64) {
          const auto value = wire::read_field(row, base::ByteView(frame.bytes).subspan(header_at));
          ASSERT_LE(value, largest) << path;
          seen.insert(value);
        }
        if (!structural.contains(row.name)) {
          clean(frame.bytes);
          ASSERT_FALSE(::testing::Test::HasFailure()) << path;
        }
      }
      if (row.bits <= 64) {
        EXPECT_GE(seen.size(), row.bits == 1 ? 2U : row.bits == 2 ? 4U : 6U) << path;
      }
      ++fields;
    }
  }
  EXPECT_GE(fields, 35U);
}

TEST(Generator, WideFieldsTakeBytesAndCounters) {
  StreamSpec spec = udp_stream(true);
  FieldProgramSpec addresses;
  addresses.field = "ipv6.src";
  addresses.values = {{0, std::vector<std::uint8_t>(16, 0x11)},
                      {0, std::vector<std::uint8_t>(16, 0x22)}};
  spec.fields = {addresses, program("ipv6.dst", FieldProgramSpec::Kind::increment, 5, 1000)};
  const auto sent = frames({spec}, 4);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    clean(sent[i].bytes);
    EXPECT_EQ(sent[i].bytes[22], i % 2 == 0 ? 0x11 : 0x22);
    EXPECT_EQ(sent[i].bytes[38], 0x20);  // the prefix stays
    EXPECT_EQ(sent[i].bytes[53], 5 + i);
  }
}

TEST(Generator, ProgrammedChecksumIsWrittenAsItStands) {
  StreamSpec spec = udp_stream();
  spec.fields = {list("udp.checksum", {0x1234, 0x5678}), list("ipv4.checksum", {0xbeef})};
  const auto sent = frames({spec}, 2);
  EXPECT_EQ(field(sent[0].bytes, "udp.checksum"), 0x1234U);
  EXPECT_EQ(field(sent[1].bytes, "udp.checksum"), 0x5678U);
  EXPECT_EQ(field(sent[1].bytes, "ipv4.checksum"), 0xbeefU);
}

TEST(Generator, FlowsAreDistinctTuplesWithTheirOwnSequences) {
  StreamSpec spec = udp_stream();
  spec.flows = 100'000;
  spec.from.port = 1024;  // 64,512 ports an address
  std::set<std::uint64_t> tuples;
  std::map<std::uint32_t, std::uint64_t> next;
  Generator generator = make({spec});
  EXPECT_EQ(generator.flows(0), 100'000U);
  for_each(generator, 200'000, [&](const FrameMeta& meta, base::ByteView bytes) {
    tuples.insert(base::load_be<std::uint32_t>(bytes.data() + 26) * 65536ULL +
                  base::load_be<std::uint16_t>(bytes.data() + 34));
    ASSERT_EQ(meta.sequence, next[meta.flow]++);
    if (meta.sequence == 0 && meta.flow % 1000 == 0) {
      clean(bytes);
    }
  });
  EXPECT_EQ(tuples.size(), 100'000U);
  EXPECT_EQ(next.size(), 100'000U);
}

TEST(Generator, StreamsAreMergedInOrderTiesByIndex) {
  std::vector<StreamSpec> specs;
  for (int i = 0; i < 9; ++i) {
    StreamSpec spec = udp_stream();
    spec.name = "s" + std::to_string(i);
    spec.rate.rate = i % 3 == 0 ? 1e6 : 1e6 / (1 + i);
    spec.rate.kind = i == 4 ? RateSpec::Kind::poisson : RateSpec::Kind::constant;
    specs.push_back(spec);
  }
  Generator generator = make(specs, {.packets = 50'000});
  std::uint64_t last = 0;
  std::uint32_t last_stream = 0;
  std::size_t count = 0;
  std::size_t ties = 0;
  for_each(generator, 60'000, [&](const FrameMeta& meta, base::ByteView) {
    ASSERT_GE(meta.departure_ps, last);
    if (count > 0 && meta.departure_ps == last) {
      ASSERT_GT(meta.stream, last_stream);
      ++ties;
    }
    last = meta.departure_ps;
    last_stream = meta.stream;
    ++count;
  });
  EXPECT_EQ(count, 50'000U);
  EXPECT_GT(ties, 1000U);
  EXPECT_EQ(generator.peek_ps(), kNever);
}

TEST(Generator, LimitsHold) {
  StreamSpec spec = udp_stream();  // one a microsecond
  EXPECT_EQ(frames({spec}, 100'000, {.duration_ps = 1'000'000'000}).size(), 1000U);
  EXPECT_EQ(frames({spec}, 100'000, {.packets = 77}).size(), 77U);
  spec.packets = 55;
  EXPECT_EQ(frames({spec}, 100'000).size(), 55U);
  spec.packets = 0;
  spec.start_ns = 10'000;
  spec.stop_ns = 20'000;
  const auto window = frames({spec}, 100'000);
  ASSERT_EQ(window.size(), 10U);
  EXPECT_EQ(window.front().meta.departure_ps, 10'000'000U);
  EXPECT_EQ(window.back().meta.departure_ps, 19'000'000U);
}

TEST(Generator, SameSeedSameFrames) {
  StreamSpec a = udp_stream();
  a.rate = {.kind = RateSpec::Kind::poisson, .rate = 2e6};
  a.payload.size = {
      .kind = SizeSpec::Kind::choice, .choices = {66, 590, 1514}, .weights = {7, 4, 1}};
  a.payload.fields = {program("price", FieldProgramSpec::Kind::walk, 9000, 11000)};
  a.payload.fields[0].start = 10'000;
  a.payload.fields[0].sigma = 12.5;
  StreamSpec b = tcp_stream();
  b.name = "orders";
  b.tcp.concurrent = 100;
  b.payload.kind = "random";
  const std::string first = digest({a, b}, 100'000, 42);
  EXPECT_EQ(first, digest({a, b}, 100'000, 42));
  EXPECT_NE(first, digest({a, b}, 100'000, 43));
  // The same in every build and on every machine; it changes only with the traffic model.
  EXPECT_EQ(first, "9d3ff8a4f6f5d2444b624a9d47fec52a");
}

// Changing one stream, or one field of a stream, leaves every other draw alone.
TEST(Generator, SubstreamsAreIndependent) {
  StreamSpec a = udp_stream();
  a.name = "a";
  a.rate = {.kind = RateSpec::Kind::poisson, .rate = 1e6};
  a.payload.fields = {program("price", FieldProgramSpec::Kind::uniform, 1, 1'000'000),
                      program("quantity", FieldProgramSpec::Kind::uniform, 1, 1'000'000)};
  StreamSpec b = a;
  b.name = "b";
  const auto of = [](const std::vector<Frame>& all, std::uint32_t stream) {
    std::vector<Frame> mine;
    for (const auto& frame : all) {
      if (frame.meta.stream == stream) {
        mine.push_back(frame);
      }
    }
    mine.resize(2000);
    return mine;
  };
  const auto before = frames({a, b}, 6000);
  StreamSpec changed = b;
  changed.rate.rate = 5e5;
  changed.payload.fields.pop_back();
  const auto after = frames({a, changed}, 6000);
  const auto left = of(before, 0);
  const auto right = of(after, 0);
  for (std::size_t i = 0; i < left.size(); ++i) {
    ASSERT_EQ(left[i].bytes, right[i].bytes);
    ASSERT_EQ(left[i].meta.departure_ps, right[i].meta.departure_ps);
  }
  // The field that stayed draws the same, at half the rate and without its neighbour.
  const auto wide = of(before, 1);
  const auto narrow = of(after, 1);
  for (std::size_t i = 0; i < wide.size(); ++i) {
    ASSERT_EQ(base::load_be<std::uint32_t>(wide[i].bytes.data() + 50),
              base::load_be<std::uint32_t>(narrow[i].bytes.data() + 50));
  }
  // Two streams with the same programs draw differently.
  EXPECT_NE(of(before, 0)[0].meta.departure_ps, of(before, 1)[0].meta.departure_ps);
}

TEST(Generator, NothingIsWrittenBehindTheBuffer) {
  StreamSpec spec = udp_stream();
  spec.payload.size = {.kind = SizeSpec::Kind::uniform, .min = 66, .max = 1000};
  Generator generator = make({spec});
  EXPECT_EQ(generator.max_frame_bytes(), 1024U);
  std::vector<std::uint8_t> buffer(generator.max_frame_bytes() + 64, 0xcd);
  FrameMeta meta;
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(generator.next(std::span(buffer).first(generator.max_frame_bytes()), meta));
    for (std::size_t at = generator.max_frame_bytes(); at < buffer.size(); ++at) {
      ASSERT_EQ(buffer[at], 0xcd);
    }
  }
}

// Short payloads are padded with zeros, and the buffer's old content never shows.
TEST(Generator, PaddingIsZero) {
  StreamSpec spec = udp_stream();
  spec.payload.kind = "text";
  spec.payload.data = {'h', 'i', '!'};
  for (const auto& frame : frames({spec}, 3)) {
    ASSERT_EQ(frame.bytes.size(), 60U);
    EXPECT_EQ(field(frame.bytes, "udp.length"), 11U);
    EXPECT_TRUE(std::all_of(frame.bytes.begin() + 45, frame.bytes.end(),
                            [](std::uint8_t byte) { return byte == 0; }));
  }
}

TEST(Generator, ErrorsNameThePlaceAndTheRemedy) {
  struct Case {
    const char* what;
    std::function<void(StreamSpec&)> spoil;
    const char* message;
    const char* hint;
  };
  const Case cases[] = {
      {"field", [](StreamSpec& s) { s.fields = {list("udp.sourcePort", {1})}; },
       "traffic.feed.fields.udp.sourcePort", "srcPort"},
      {"protocol", [](StreamSpec& s) { s.fields = {list("tcp.seq", {1})}; }, "no header `tcp`",
       "ipv4 and udp"},
      {"payload field", [](StreamSpec& s) { s.payload.fields = {list("prize", {1})}; },
       "`prize` is not a field of nanonet.market_data", "price"},
      {"payload", [](StreamSpec& s) { s.payload.kind = "itch"; }, "no payload `itch`",
       "nanonet.market_data"},
      {"value",
       [](StreamSpec& s) {
         s.fields = {list("ipv4.ttl", {1, 256})};
       },
       "256 does not fit", "0..255"},
      {"twice",
       [](StreamSpec& s) {
         s.fields = {list("ipv4.ttl", {1}), list("ipv4.ttl", {2})};
       },
       "two programs", "keep one"},
      {"size",
       [](StreamSpec& s) {
         s.payload.size = {SizeSpec::Kind::choice, {60}, {}, 0, 0};
       },
       "which take 66", "at least 66"},
      {"big",
       [](StreamSpec& s) {
         s.payload.size = {SizeSpec::Kind::uniform, {}, {}, 66, 70'000};
       },
       "more than a packet can have", "65549"},
      {"rate", [](StreamSpec& s) { s.rate.rate = 0; }, "above 0", "200kpps"},
      {"nan", [](StreamSpec& s) { s.rate.rate = std::numeric_limits<double>::quiet_NaN(); },
       "above 0", "200kpps"},
      {"burst", [](StreamSpec& s) { s.rate.kind = RateSpec::Kind::burst; }, "never on", "on"},
      {"ramp", [](StreamSpec& s) { s.rate.kind = RateSpec::Kind::ramp; }, "ramp needs", "from"},
      {"family", [](StreamSpec& s) { s.to.ip.resize(16); }, "same address family", "IPv4"},
      {"zero flows", [](StreamSpec& s) { s.flows = 0; }, "at least one flow", "1"},
      {"flows",
       [](StreamSpec& s) {
         s.from.ip = {255, 255, 255, 255};
         s.from.port = 65535;
         s.flows = 2;
       },
       "do not exist", "fewer"},
      {"symbol",
       [](StreamSpec& s) {
         s.payload.fields = {list("symbol", {})};
         s.payload.fields[0].values = {text("TOOLONGNAME")};
       },
       "11 bytes", "at most 8"},
      {"vid",
       [](StreamSpec& s) {
         s.vlans = {{0x8100, 0, false, 4096}};
       },
       "out of range", "4095"},
      {"walk",
       [](StreamSpec& s) {
         s.payload.fields = {program("price", FieldProgramSpec::Kind::walk, 10, 20)};
       },
       "min <= start <= max", "walk"},
      {"range",
       [](StreamSpec& s) {
         s.payload.fields = {program("price", FieldProgramSpec::Kind::uniform, 20, 10)};
       },
       "20..10 is empty", "exchange"},
      {"zipf",
       [](StreamSpec& s) {
         s.payload.fields = {program("price", FieldProgramSpec::Kind::zipf, 0, 1'000'000)};
       },
       "more than 1,000,000", "smaller"},
      {"weights",
       [](StreamSpec& s) {
         s.payload.fields = {list("price", {1, 2})};
         s.payload.fields[0].kind = FieldProgramSpec::Kind::choice;
         s.payload.fields[0].weights = {1};
       },
       "1 weights for 2 values", "every value"},
      {"stop",
       [](StreamSpec& s) {
         s.start_ns = 5;
         s.stop_ns = 5;
       },
       "before it starts", "later"},
      {"no file",
       [](StreamSpec& s) {
         s.kind = StreamSpec::Kind::replay;
         s.replay.file = "/nonexistent/file.pcap";
       },
       "cannot open /nonexistent/file.pcap", "check the path"},
  };
  for (const Case& row : cases) {
    StreamSpec spec = udp_stream();
    row.spoil(spec);
    const auto result = Generator::create({&spec, 1}, 1, kTenGigabit, {});
    ASSERT_FALSE(result.ok()) << row.what;
    EXPECT_NE(result.error().message.find(row.message), std::string::npos)
        << row.what << ": " << result.error().message;
    EXPECT_NE(result.error().hint.find(row.hint), std::string::npos)
        << row.what << ": " << result.error().hint;
    EXPECT_NE(result.error().message.find("traffic"), std::string::npos) << row.what;
  }
  const std::vector<StreamSpec> twins = {udp_stream(), udp_stream()};
  EXPECT_FALSE(Generator::create(twins, 1, kTenGigabit, {}).ok());
}

}  // namespace
}  // namespace ringbed::gen
