// Named random substreams. Every component of a run draws from its own stream, derived from the
// scenario's seed and the component's name, so that changing one component's parameters leaves
// every other component's draws alone (common random numbers for what-if runs).
// Generator: xoshiro256++ 1.0 (Blackman, Vigna 2019), seeded by splitmix64.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "base/detmath.hpp"

namespace ringbed::base {

// One step of splitmix64 (Steele, Lea, Flood 2014); also a good 64-bit finalizer.
[[nodiscard]] constexpr std::uint64_t splitmix64(std::uint64_t& state) noexcept {
  state += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// FNV-1a, 64 bits: names are short, and the result is the same everywhere.
[[nodiscard]] constexpr std::uint64_t hash_name(std::string_view name) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) {
    hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3ULL;
  }
  return hash;
}

namespace detail {

// The ziggurat method (Marsaglia, Tsang 2000) with 256 layers of equal area under a decreasing
// density f: x[i] is the right edge of layer i.
struct Ziggurat {
  static constexpr std::size_t kLayers = 256;

  // A point of a layer: the layer from bits 0..7, the sign from bit 8, x from bits 11..63.
  struct Draw {
    double x;
    std::size_t layer;
    std::uint64_t bits;
    bool inside;  // under the density for certain

    // x or -x by the draw's bit; a coin of a branch could not be predicted.
    [[nodiscard]] double signed_x() const noexcept {
      return std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) ^ (bits & kLayers) << 55);
    }
  };
  [[nodiscard]] Draw place(std::uint64_t bits) const noexcept {
    const auto layer = static_cast<std::size_t>(bits % kLayers);
    // 53 bits: as signed numbers they are the same, and one instruction converts them.
    const double position = static_cast<double>(static_cast<std::int64_t>(bits >> 11)) * 0x1.0p-53;
    const double at = position * x[layer];
    return {at, layer, bits, at < x[layer + 1]};
  }

  std::array<double, kLayers + 1> x{};
  std::array<double, kLayers + 1> f{};
};
extern const Ziggurat kExponential;
extern const Ziggurat kNormal;

}  // namespace detail

class Random {
 public:
  // `name` is the component's path, e.g. "traffic.feed.arrival" or "link.forward.loss".
  constexpr Random(std::uint64_t seed, std::string_view name) noexcept {
    std::uint64_t state = seed ^ std::rotl(hash_name(name), 17);
    for (auto& word : state_) {
      word = splitmix64(state);
    }
  }

  // 64 random bits.
  [[nodiscard]] constexpr std::uint64_t next() noexcept {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // Uniform in [0, 1), 53 bits.
  [[nodiscard]] constexpr double unit() noexcept {
    return static_cast<double>(static_cast<std::int64_t>(next() >> 11)) * 0x1.0p-53;
  }

  // Uniform in (0, 1]: safe to take the logarithm of.
  [[nodiscard]] constexpr double unit_positive() noexcept {
    return static_cast<double>((next() >> 11) + 1) * 0x1.0p-53;
  }

  // Uniform in [0, bound), bound > 0, without bias (Lemire 2019).
  [[nodiscard]] constexpr std::uint64_t below(std::uint64_t bound) noexcept {
    __extension__ using Wide = unsigned __int128;
    Wide product = static_cast<Wide>(next()) * bound;
    auto low = static_cast<std::uint64_t>(product);
    if (low < bound) {
      const std::uint64_t threshold = (0 - bound) % bound;
      while (low < threshold) {
        product = static_cast<Wide>(next()) * bound;
        low = static_cast<std::uint64_t>(product);
      }
    }
    return static_cast<std::uint64_t>(product >> 64);
  }

  // Uniform in [low, high].
  [[nodiscard]] constexpr std::uint64_t between(std::uint64_t low, std::uint64_t high) noexcept {
    const std::uint64_t span = high - low + 1;
    return span == 0 ? next() : low + below(span);
  }

  // True with probability p; draws nothing for p <= 0 and p >= 1.
  [[nodiscard]] constexpr bool chance(double p) noexcept {
    if (p <= 0.0) {
      return false;
    }
    return p >= 1.0 || unit() < p;
  }

  // Exponential with mean 1 (ziggurat, tables from det_exp: the same bits everywhere).
  [[nodiscard]] double exponential() noexcept {
    const auto draw = detail::kExponential.place(next());
    return draw.inside ? draw.x : exponential_edge(draw);
  }

  // Normal with mean 0 and deviation 1 (ziggurat).
  [[nodiscard]] double normal() noexcept {
    const auto draw = detail::kNormal.place(next());
    return draw.inside ? draw.signed_x() : normal_edge(draw);
  }

 private:
  // What one draw in a hundred needs: the wedge of a layer, the tail, another draw.
  [[nodiscard]] double exponential_edge(detail::Ziggurat::Draw draw) noexcept;
  [[nodiscard]] double normal_edge(detail::Ziggurat::Draw draw) noexcept;

  std::array<std::uint64_t, 4> state_{};
};

}  // namespace ringbed::base
