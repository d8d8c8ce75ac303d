// A source, a host and a sink of a few lines each, to put the simulator under known conditions.
#pragma once

#include <functional>
#include <vector>

#include "base/random.hpp"
#include "sim/cost.hpp"
#include "sim/simulator.hpp"

namespace ringbed::sim::test {

// Frames of one length with gaps from a distribution; constant gaps keep exact time.
class Source : public FrameSource {
 public:
  Source(std::uint64_t frames, Distribution gap, std::uint64_t seed, std::uint32_t length = 60)
      : left_(frames), gap_(gap), random_(seed, "test.source"), length_(length) {}

  bool next(base::MutableBytes frame, FrameInfo& info) noexcept override {
    if (left_ == 0) {
      return false;
    }
    --left_;
    now_ += sample(gap_, random_);
    std::fill(frame.begin(), frame.begin() + length_, std::uint8_t{0});
    info.departure = now_;
    info.sequence = sequence_++;
    info.length = length_;
    return true;
  }

 private:
  std::uint64_t left_;
  Distribution gap_;
  base::Random random_;
  std::uint32_t length_;
  Picoseconds now_ = 0;
  std::uint64_t sequence_ = 0;
};

// Serves every frame in a time drawn from a distribution; answers from a pool of `buffers` when
// there is one.
class TestHost : public Host {
 public:
  TestHost(Distribution service, std::uint64_t seed, std::uint32_t buffers = 0)
      : service_(service), random_(seed, "test.service"), free_(buffers) {
    for (std::uint32_t i = 0; i < buffers; ++i) {
      free_[i] = i;
    }
    size_ = buffers;
  }

  Served serve(std::uint32_t, base::ByteView, const FrameInfo& info,
               Picoseconds now) noexcept override {
    served.push_back({info.sequence, now});
    Served result;
    result.cost = sample(service_, random_);
    if (size_ != 0) {
      if (free_.empty()) {
        result.fate = Served::Fate::dropped;
        result.stage = base::Stage::respond;
        result.reason = base::Reason::pool_empty;
      } else {
        result.fate = Served::Fate::responded;
        result.response = free_.back();
        free_.pop_back();
      }
    }
    return result;
  }
  base::ByteView response(std::uint32_t, std::uint32_t) noexcept override { return bytes_; }
  void complete(std::uint32_t, std::uint32_t buffer, Picoseconds) noexcept override {
    free_.push_back(buffer);
  }
  [[nodiscard]] std::size_t buffers_out() const { return size_ - free_.size(); }

  struct Visit {
    std::uint64_t sequence;
    Picoseconds when;
  };
  std::vector<Visit> served;

 private:
  Distribution service_;
  base::Random random_;
  std::vector<std::uint32_t> free_;
  std::uint32_t size_;
  std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(60);
};

class TestSink : public Sink {
 public:
  void receive(base::ByteView, const FrameInfo& request, Picoseconds arrival) noexcept override {
    arrivals.push_back({request.sequence, arrival});
  }
  std::vector<TestHost::Visit> arrivals;
};

// A world without wire time: what the rx ring sees is what the source sends.
inline WorldConfig instant_world(std::uint64_t seed) {
  WorldConfig world;
  world.seed = seed;
  world.link.rate_bps = 8 * kPsPerSecond;  // one picosecond a byte
  world.nic.filter = NicConfig::MulticastFilter::promiscuous;
  world.core.batch = 1;
  return world;
}

inline Distribution constant(Picoseconds time) {
  return {Distribution::Kind::constant, time, 0, 0.0};
}
inline Distribution exponential(Picoseconds mean) {
  return {Distribution::Kind::exponential, mean, 0, 0.0};
}

}  // namespace ringbed::sim::test
