// What each operation computes, for any width. The interpreter's handlers and the tests' reference
// are made from these; the JIT is held to them. RFC 9669 sections 4.1 to 4.3 and 5.3.
#pragma once

#include <concepts>
#include <limits>
#include <type_traits>

namespace ringbed::ebpf::semantics {

template <std::unsigned_integral T>
using Signed = std::make_signed_t<T>;

template <std::unsigned_integral T>
inline constexpr T kShiftMask = static_cast<T>(sizeof(T) * 8 - 1);

inline constexpr auto add = [](auto a, auto b) { return static_cast<decltype(a)>(a + b); };
inline constexpr auto sub = [](auto a, auto b) { return static_cast<decltype(a)>(a - b); };
inline constexpr auto mul = [](auto a, auto b) { return static_cast<decltype(a)>(a * b); };
inline constexpr auto bit_or = [](auto a, auto b) { return static_cast<decltype(a)>(a | b); };
inline constexpr auto bit_and = [](auto a, auto b) { return static_cast<decltype(a)>(a & b); };
inline constexpr auto bit_xor = [](auto a, auto b) { return static_cast<decltype(a)>(a ^ b); };
inline constexpr auto mov = [](auto, auto b) { return b; };
inline constexpr auto neg = [](auto a, auto) { return static_cast<decltype(a)>(0 - a); };

// Shifts are masked to the width (section 4.1).
inline constexpr auto lsh = [](auto a, auto b) {
  return static_cast<decltype(a)>(a << (b & kShiftMask<decltype(a)>));
};
inline constexpr auto rsh = [](auto a, auto b) {
  return static_cast<decltype(a)>(a >> (b & kShiftMask<decltype(a)>));
};
inline constexpr auto arsh = [](auto a, auto b) {
  using T = decltype(a);
  return static_cast<T>(static_cast<Signed<T>>(a) >> (b & kShiftMask<T>));
};

// Division by zero gives 0, modulo by zero leaves the operand; the least number divided by -1
// overflows to itself, its remainder is 0.
inline constexpr auto div = [](auto a, auto b) {
  return b == 0 ? decltype(a){0} : static_cast<decltype(a)>(a / b);
};
inline constexpr auto mod = [](auto a, auto b) {
  return b == 0 ? a : static_cast<decltype(a)>(a % b);
};
inline constexpr auto sdiv = [](auto a, auto b) {
  using T = decltype(a);
  if (b == 0) {
    return T{0};
  }
  if (b == std::numeric_limits<T>::max()) {  // -1
    return static_cast<T>(0 - a);
  }
  return static_cast<T>(static_cast<Signed<T>>(a) / static_cast<Signed<T>>(b));
};
inline constexpr auto smod = [](auto a, auto b) {
  using T = decltype(a);
  if (b == 0) {
    return a;
  }
  if (b == std::numeric_limits<T>::max()) {
    return T{0};
  }
  return static_cast<T>(static_cast<Signed<T>>(a) % static_cast<Signed<T>>(b));
};

// The low `Narrow` bits, sign-extended to the width of `b` (section 4.1, movsx).
template <typename Narrow>
inline constexpr auto sign_extend = [](auto, auto b) {
  using T = decltype(b);
  return static_cast<T>(static_cast<Signed<T>>(static_cast<Signed<Narrow>>(b)));
};

inline constexpr auto eq = [](auto a, auto b) { return a == b; };
inline constexpr auto ne = [](auto a, auto b) { return a != b; };
inline constexpr auto gt = [](auto a, auto b) { return a > b; };
inline constexpr auto ge = [](auto a, auto b) { return a >= b; };
inline constexpr auto lt = [](auto a, auto b) { return a < b; };
inline constexpr auto le = [](auto a, auto b) { return a <= b; };
inline constexpr auto set = [](auto a, auto b) { return (a & b) != 0; };
template <auto kCompare>
inline constexpr auto as_signed = [](auto a, auto b) {
  using S = Signed<decltype(a)>;
  return kCompare(static_cast<S>(a), static_cast<S>(b));
};

}  // namespace ringbed::ebpf::semantics
