// Long sums: a portable one, and on x86-64 AVX2 and AVX-512 ones. The SIMD kernels let vpmaddwd
// add neighbouring 16-bit words into 32-bit lanes (one multiply-add by 1 per 32 or 64 bytes). It
// takes its words as signed, so they go in with 0x8000 flipped, that is less 32,768 each, and the
// bias is put back at the end. Sums are exact integers: zero comes out only for all-zero data.
#include "wire/checksum.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ringbed::wire {
namespace {

using SumFn = std::uint64_t (*)(const std::uint8_t*, std::size_t) noexcept;

// 64-bit adds with end-around carry in four independent chains.
std::uint64_t sum_portable(const std::uint8_t* from, std::size_t count) noexcept {
  std::array<PartialSum, 4> chains;
  for (; count >= 32; from += 32, count -= 32) {
    chains[0].add_raw(base::load_native<std::uint64_t>(from));
    chains[1].add_raw(base::load_native<std::uint64_t>(from + 8));
    chains[2].add_raw(base::load_native<std::uint64_t>(from + 16));
    chains[3].add_raw(base::load_native<std::uint64_t>(from + 24));
  }
  PartialSum total(detail::sum_short(from, count));
  for (const PartialSum chain : chains) {
    total.add(chain);
  }
  return total.raw();
}

#if defined(__x86_64__)

constexpr std::uint64_t kBias = 0x8000;
// A 32-bit lane takes 2^15 results of vpmaddwd (magnitude <= 2^16) before it could overflow.
constexpr std::size_t kMaxVectors = 1U << 14;

// Read from 8 - n on: n double words to load, then none.
alignas(32) constexpr std::array<std::int32_t, 16> kTailMask = {-1, -1, -1, -1, -1, -1, -1, -1};

// The sum of eight signed 32-bit lanes, modulo 2^64.
__attribute__((target("avx2"))) inline std::uint64_t add_lanes(__m256i lanes) noexcept {
  const __m256i wide = _mm256_add_epi64(_mm256_cvtepi32_epi64(_mm256_castsi256_si128(lanes)),
                                        _mm256_cvtepi32_epi64(_mm256_extracti128_si256(lanes, 1)));
  const __m128i half =
      _mm_add_epi64(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(half)) +
         static_cast<std::uint64_t>(_mm_extract_epi64(half, 1));
}

__attribute__((target("avx2"))) std::uint64_t sum_avx2(const std::uint8_t* from,
                                                       std::size_t count) noexcept {
  const __m256i flip = _mm256_set1_epi16(static_cast<short>(0x8000));
  const __m256i ones = _mm256_set1_epi16(1);
  PartialSum total;
  const auto term = [&](const std::uint8_t* at) __attribute__((target("avx2"), always_inline)) {
    const __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    return _mm256_madd_epi16(_mm256_xor_si256(words, flip), ones);
  };
  while (count >= 4) {
    __m256i acc0 = _mm256_setzero_si256();
    __m256i acc1 = _mm256_setzero_si256();
    std::uint64_t vectors = 0;
    for (; count >= 128 && vectors < kMaxVectors - 8; vectors += 4) {
      acc0 = _mm256_add_epi32(acc0, term(from));
      acc1 = _mm256_add_epi32(acc1, term(from + 32));
      acc0 = _mm256_add_epi32(acc0, term(from + 64));
      acc1 = _mm256_add_epi32(acc1, term(from + 96));
      from += 128;
      count -= 128;
    }
    for (; count >= 32 && vectors < kMaxVectors - 1; ++vectors) {
      acc0 = _mm256_add_epi32(acc0, term(from));
      from += 32;
      count -= 32;
    }
    if (count >= 4 && count < 32) {
      // Up to seven double words in one masked load: what is not there reads as zero, untouched.
      const auto* mask = reinterpret_cast<const __m256i*>(kTailMask.data() + 8 - count / 4);
      const __m256i words =
          _mm256_maskload_epi32(reinterpret_cast<const int*>(from), _mm256_loadu_si256(mask));
      acc1 = _mm256_add_epi32(acc1, _mm256_madd_epi16(_mm256_xor_si256(words, flip), ones));
      from += count & ~std::size_t{3};
      count &= 3;
      ++vectors;
    }
    total.add_raw(add_lanes(_mm256_add_epi32(acc0, acc1)) + vectors * 16 * kBias);
  }
  total.add_raw(detail::sum_short(from, count));
  return total.raw();
}

__attribute__((target("avx512f,avx512bw"))) std::uint64_t sum_avx512(const std::uint8_t* from,
                                                                     std::size_t count) noexcept {
  const __m512i flip = _mm512_set1_epi16(static_cast<short>(0x8000));
  const __m512i ones = _mm512_set1_epi16(1);
  PartialSum total;
  while (count > 0) {
    __m512i acc0 = _mm512_setzero_si512();
    __m512i acc1 = _mm512_setzero_si512();
    std::uint64_t vectors = 0;
    for (std::size_t round = 0; count >= 128 && round < kMaxVectors / 2 - 1; ++round) {
      const __m512i a = _mm512_loadu_si512(from);
      const __m512i b = _mm512_loadu_si512(from + 64);
      acc0 = _mm512_add_epi32(acc0, _mm512_madd_epi16(_mm512_xor_si512(a, flip), ones));
      acc1 = _mm512_add_epi32(acc1, _mm512_madd_epi16(_mm512_xor_si512(b, flip), ones));
      from += 128;
      count -= 128;
      vectors += 2;
    }
    // The tail in masked loads: bytes that are not there read as zero and are not touched.
    for (std::size_t left = 2; count > 0 && left > 0; --left) {
      const std::size_t bytes = count < 64 ? count : 64;
      const __m512i a = _mm512_maskz_loadu_epi8(~0ULL >> (64 - bytes), from);
      acc0 = _mm512_add_epi32(acc0, _mm512_madd_epi16(_mm512_xor_si512(a, flip), ones));
      from += bytes;
      count -= bytes;
      ++vectors;
    }
    // Halved through memory: GCC 12 warns about the undefined register in the extract intrinsic.
    alignas(64) std::array<std::uint8_t, 64> lanes;
    _mm512_store_si512(lanes.data(), _mm512_add_epi32(acc0, acc1));
    const auto* halves = reinterpret_cast<const __m256i*>(lanes.data());
    total.add_raw(add_lanes(_mm256_load_si256(halves)) + add_lanes(_mm256_load_si256(halves + 1)) +
                  vectors * 32 * kBias);
  }
  return total.raw();
}

#endif

std::array<SumImplementation, 3> list_implementations() noexcept {
#if defined(__x86_64__)
  __builtin_cpu_init();
  // AVX-512 comes last on purpose: with 512-bit multiplies a core lowers its clock for all code
  // around, and measured over milliseconds it sums slower than AVX2 (test/bench/checksum_bench).
  return {{{"avx2", __builtin_cpu_supports("avx2") != 0, sum_avx2},
           {"portable", true, sum_portable},
           {"avx512", __builtin_cpu_supports("avx512bw") != 0, sum_avx512}}};
#else
  return {{{"avx2", false, sum_portable},
           {"portable", true, sum_portable},
           {"avx512", false, sum_portable}}};
#endif
}

// Set by the first long sum. Two threads may both choose: they choose the same.
constinit std::atomic<SumFn> chosen{nullptr};

}  // namespace

std::span<const SumImplementation> sum_implementations() noexcept {
  static const auto implementations = list_implementations();
  return implementations;
}

const SumImplementation& chosen_sum_implementation() noexcept {
  const auto all = sum_implementations();
  const auto best = std::find_if(all.begin(), all.end(),
                                 [](const SumImplementation& one) { return one.available; });
  assert(best != all.end());  // the portable one is always available
  return *best;
}

std::uint64_t detail::sum_long(const std::uint8_t* from, std::size_t count) noexcept {
  SumFn fn = chosen.load(std::memory_order_relaxed);
  if (fn == nullptr) [[unlikely]] {
    fn = chosen_sum_implementation().sum;
    chosen.store(fn, std::memory_order_relaxed);
  }
  return fn(from, count);
}

}  // namespace ringbed::wire
