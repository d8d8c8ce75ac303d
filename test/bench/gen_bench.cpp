// bench: gen
// What a frame costs, by kind: `gen_bench [seconds a case]` prints one JSON object with
// nanoseconds of CPU time a frame (the best of many rounds, since other load only ever adds time).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench/bench.hpp"
#include "gen/generator.hpp"
#include "gen/pcap_reader.hpp"
#include "gen/pcap_writer.hpp"
#include "gen/sequence_tracker.hpp"

namespace {

using namespace ringbed::gen;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kFramesARound = 50'000;

StreamSpec udp() {
  StreamSpec spec;
  spec.name = "feed";
  spec.from.mac = {{2, 0, 0, 0, 0, 1}};
  spec.to.mac = {{2, 0, 0, 0, 0, 2}};
  spec.from.ip = {10, 0, 0, 2};
  spec.to.ip = {10, 0, 0, 1};
  spec.from.port = 1024;
  spec.to.port = 8080;
  spec.rate.rate = 1e6;
  return spec;
}

FieldProgramSpec program(const char* field, FieldProgramSpec::Kind kind, std::uint64_t min,
                         std::uint64_t max) {
  FieldProgramSpec spec;
  spec.field = field;
  spec.kind = kind;
  spec.min = spec.start = min;
  spec.max = max;
  return spec;
}

struct Case {
  std::string name;
  std::function<void(StreamSpec&)> shape;
};

double best_round(double seconds, const std::function<std::uint64_t()>& round) {
  double best = 1e18;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  do {
    const double start = ringbed::bench::cpu_ns();
    const std::uint64_t count = round();
    best = std::min(best, (ringbed::bench::cpu_ns() - start) / static_cast<double>(count));
  } while (Clock::now() < end);
  return best;
}

double time_streams(const std::vector<StreamSpec>& streams, double seconds) {
  auto made = Generator::create(streams, 1, 10'000'000'000, {});
  if (!made) {
    std::fprintf(stderr, "%s\n", made.error().message.c_str());
    std::exit(1);
  }
  Generator& generator = made.value();
  // A few buffers in turn, as the frames of a ring are.
  std::vector<std::vector<std::uint8_t>> buffers(
      16, std::vector<std::uint8_t>(generator.max_frame_bytes()));
  FrameMeta meta;
  return best_round(seconds, [&] {
    for (std::uint64_t i = 0; i < kFramesARound; ++i) {
      if (!generator.next(buffers[i % buffers.size()], meta)) {
        std::fprintf(stderr, "the stream ended\n");
        std::exit(1);
      }
    }
    return kFramesARound;
  });
}

void print(const std::string& name, double ns, bool& first) {
  std::printf("%s\n{\"name\":\"%s\",\"ns\":%.1f,\"framesPerSecond\":%.0f}", first ? "" : ",",
              name.c_str(), ns, 1e9 / ns);
  std::fflush(stdout);
  first = false;
}

}  // namespace

int main(int count, char** arguments) {
  const double seconds = count > 1 ? std::atof(arguments[1]) : 0.5;
  using Kind = FieldProgramSpec::Kind;
  const std::vector<Case> cases = {
      {"udp60_fixed", [](StreamSpec&) {}},
      {"udp60_two_fields",
       [](StreamSpec& s) {
         s.fields = {program("udp.srcPort", Kind::increment, 1024, 65'535),
                     program("ipv4.src", Kind::uniform, 0x0a000000, 0x0a00ffff)};
       }},
      {"udp60_flows_100k", [](StreamSpec& s) { s.flows = 100'000; }},
      {"market_data_uniform_price",
       [](StreamSpec& s) {
         s.payload.kind = "nanonet.market_data";
         s.payload.fields = {program("price", Kind::uniform, 9900, 10'100)};
       }},
      {"market_data_poisson_zipf_walk",
       [](StreamSpec& s) {
         s.rate.kind = RateSpec::Kind::poisson;
         s.payload.kind = "nanonet.market_data";
         FieldProgramSpec symbols;
         symbols.field = "symbol";
         symbols.kind = Kind::zipf;
         for (const char* name : {"AAPL", "MSFT", "NVDA", "AMZN", "GOOG"}) {
           symbols.values.push_back({0, {name, name + 4}});
         }
         s.payload.fields = {symbols, program("price", Kind::walk, 9900, 10'100)};
       }},
      {"trading_order", [](StreamSpec& s) { s.payload.kind = "nanonet.trading_order"; }},
      {"imix_line_share",
       [](StreamSpec& s) {
         s.payload.size = imix();
         s.rate.unit = RateSpec::Unit::line_share;
         s.rate.rate = 1.0;
       }},
      {"udp1514_zero",
       [](StreamSpec& s) {
         s.payload.size = {SizeSpec::Kind::choice, {1514}, {}, 0, 0};
       }},
      {"udp1514_random",
       [](StreamSpec& s) {
         s.payload.kind = "random";
         s.payload.size = {SizeSpec::Kind::choice, {1514}, {}, 0, 0};
       }},
      {"tcp_1000_sessions",
       [](StreamSpec& s) {
         s.kind = StreamSpec::Kind::tcp;
         s.tcp.concurrent = 1000;
         s.tcp.data_segments = 20;
         s.payload.kind = "nanonet.market_data";
       }},
      {"syn_flood", [](StreamSpec& s) { s.kind = StreamSpec::Kind::syn_flood; }},
  };
  bool first = true;
  std::printf("{\"bench\":\"gen\",\"rows\":[");
  for (const Case& row : cases) {
    StreamSpec spec = udp();
    row.shape(spec);
    print(row.name, time_streams({spec}, seconds), first);
  }
  std::vector<StreamSpec> eight;
  for (int i = 0; i < 8; ++i) {
    eight.push_back(udp());
    eight.back().name += std::to_string(i);
    eight.back().rate.rate = 1e6 + i;
  }
  print("eight_streams", time_streams(eight, seconds), first);

  // A capture of 60-byte frames, written, read and replayed.
  const std::string path = (std::filesystem::temp_directory_path() /
                            ("ringbed-gen-bench-" + std::to_string(::rand()) + ".pcap"))
                               .string();
  const std::vector<std::uint8_t> frame(60);
  print("pcap_write_60",
        best_round(seconds,
                   [&] {
                     auto writer = PcapWriter::create(path);
                     for (std::uint64_t i = 0; i < kFramesARound; ++i) {
                       (void)writer.value().write(i * 100, frame);
                     }
                     (void)writer.value().finish();
                     return kFramesARound;
                   }),
        first);
  print("pcap_read_60",
        best_round(seconds,
                   [&] {
                     auto reader = PcapReader::open(path);
                     CapturedFrame read;
                     while (reader.value().next(read) == PcapReader::Read::frame) {
                     }
                     return reader.value().frames();
                   }),
        first);
  StreamSpec replay = udp();
  replay.kind = StreamSpec::Kind::replay;
  replay.replay.file = path;
  replay.replay.loops = UINT32_MAX;
  print("replay_60", time_streams({replay}, seconds), first);
  std::filesystem::remove(path);

  for (const std::uint32_t flows : {1U, 100'000U}) {
    const std::uint32_t counts[] = {flows};
    SequenceTracker tracker(counts);
    std::uint64_t number = 0;
    print("sequence_tracker_flows_" + std::to_string(flows),
          best_round(seconds,
                     [&] {
                       for (std::uint64_t i = 0; i < kFramesARound; ++i, ++number) {
                         tracker.receive(0, static_cast<std::uint32_t>(number % flows),
                                         number / flows);
                       }
                       return kFramesARound;
                     }),
          first);
  }
  std::printf("\n]}\n");
  return 0;
}
