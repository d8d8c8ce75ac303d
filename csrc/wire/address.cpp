// Text forms of addresses.
#include "wire/address.hpp"

#include <arpa/inet.h>

#include <charconv>

namespace ringbed::wire {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// Decimal, no padding; room for 3.
char* put_decimal(unsigned value, char* to) noexcept {
  return std::to_chars(to, to + 3, value).ptr;
}

}  // namespace

char* format(MacAddress mac, char* to) noexcept {
  for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
    if (i > 0) {
      *to++ = ':';
    }
    *to++ = kHex[mac.bytes[i] >> 4];
    *to++ = kHex[mac.bytes[i] & 15];
  }
  return to;
}

char* format(Ipv4Address ip, char* to) noexcept {
  for (int shift = 24; shift >= 0; shift -= 8) {
    to = put_decimal(ip.value >> shift & 0xff, to);
    if (shift > 0) {
      *to++ = '.';
    }
  }
  return to;
}

// RFC 5952: lower case, no leading zeros, the longest run (the first, if equal) of two or more
// zero groups as "::", IPv4-mapped addresses with a dotted tail.
char* format(const Ipv6Address& ip, char* to) noexcept {
  std::array<std::uint16_t, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) {
    groups[i] = base::load_be<std::uint16_t>(ip.bytes.data() + 2 * i);
  }
  std::size_t run_at = 8;
  std::size_t run_length = 1;  // a single zero group is not shortened
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) {
      ++end;
    }
    if (end - i > run_length) {
      run_at = i;
      run_length = end - i;
    }
    i = end == i ? i + 1 : end;
  }
  // As inet_ntop writes them: IPv4-mapped addresses, and IPv4-compatible ones (RFC 4291).
  const bool mapped = run_at == 0 && (run_length == 6 || (run_length == 5 && groups[5] == 0xffff));
  for (std::size_t i = 0; i < 8;) {
    if (i == run_at) {
      *to++ = ':';
      *to++ = ':';
      i += run_length;
      continue;
    }
    if (i > 0 && i != run_at + run_length) {
      *to++ = ':';
    }
    if (mapped && i == 6) {
      return format(Ipv4Address::load(ip.bytes.data() + 12), to);
    }
    to = std::to_chars(to, to + 4, static_cast<unsigned>(groups[i]), 16).ptr;
    ++i;
  }
  return to;
}

std::string to_string(MacAddress mac) {
  char text[kMacTextBytes];
  return {text, format(mac, text)};
}

std::string to_string(Ipv4Address ip) {
  char text[kIpv4TextBytes];
  return {text, format(ip, text)};
}

std::string to_string(const Ipv6Address& ip) {
  char text[kIpv6TextBytes];
  return {text, format(ip, text)};
}

std::optional<MacAddress> parse_mac(std::string_view text) {
  MacAddress mac;
  if (text.size() != kMacTextBytes) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < 6; ++i) {
    const char* from = text.data() + 3 * i;
    const auto [end, error] = std::from_chars(from, from + 2, mac.bytes[i], 16);
    if (error != std::errc{} || end != from + 2 || (i < 5 && from[2] != ':')) {
      return std::nullopt;
    }
  }
  return mac;
}

std::optional<Ipv4Address> parse_ipv4(std::string_view text) {
  std::uint32_t value = 0;
  const char* at = text.data();
  const char* end = at + text.size();
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at == end || *at++ != '.')) {
      return std::nullopt;
    }
    std::uint8_t byte = 0;
    const auto [next, error] = std::from_chars(at, end, byte);
    if (error != std::errc{} || (next - at > 1 && *at == '0')) {
      return std::nullopt;
    }
    at = next;
    value = value << 8 | byte;
  }
  return at == end ? std::optional(Ipv4Address{value}) : std::nullopt;
}

std::optional<Ipv6Address> parse_ipv6(std::string_view text) {
  Ipv6Address ip;
  const std::string terminated(text);
  if (terminated.size() != std::strlen(terminated.c_str()) ||
      inet_pton(AF_INET6, terminated.c_str(), ip.bytes.data()) != 1) {
    return std::nullopt;
  }
  return ip;
}

}  // namespace ringbed::wire
