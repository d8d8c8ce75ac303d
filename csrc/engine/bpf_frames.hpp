// Frames to try a classifier on: well-formed ones of the protocols that classifiers look for, few
// flows so that maps have hits, and mutations of them: bits flipped, bytes and words replaced,
// cut, lengthened, or random altogether. A pure function of the seed.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace ringbed::engine {

class BpfFrames {
 public:
  // `jumbo`: every fourth frame is longer than a page, for programs that take fragments.
  explicit BpfFrames(std::uint64_t seed, bool jumbo = false)
      : random_(seed, "bpf.frames"), jumbo_(jumbo) {}

  // Valid until the next one. 14 to 1,514 bytes, mostly short; jumbo ones up to 20,000.
  base::ByteView next();

 private:
  void build();
  void lengthen();
  void network(bool is_v6, std::uint8_t protocol, std::size_t payload_bytes);
  void transport(std::uint8_t protocol, std::size_t payload_bytes);
  void payload(std::size_t bytes);
  void mutate();

  void put8(std::uint64_t value) { frame_.push_back(static_cast<std::uint8_t>(value)); }
  void put16(std::uint64_t value) {
    put8(value >> 8);
    put8(value);
  }
  void put32(std::uint64_t value) {
    put16(value >> 16);
    put16(value);
  }

  base::Random random_;
  bool jumbo_;
  std::vector<std::uint8_t> frame_;
};

}  // namespace ringbed::engine
