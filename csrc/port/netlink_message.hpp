// Builds one netlink request: header, family header, attributes that may nest.
//
//   | nlmsghdr 16 | family header | attribute | attribute ...       attribute = | len 2 | type 2 |
//   payload, padded to 4 |
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace ringbed::port {

class NetlinkMessage {
 public:
  template <typename Header>
  NetlinkMessage(std::uint16_t type, std::uint16_t flags, const Header& family) {
    bytes_.resize(NLMSG_HDRLEN);
    header().nlmsg_type = type;
    header().nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
    append(&family, sizeof family);
  }

  void bytes(std::uint16_t type, base::ByteView payload) {
    const std::size_t at = begin(type);
    append(payload.data(), payload.size());
    end(at);
  }
  void number(std::uint16_t type, std::uint32_t value) {
    bytes(type, {reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
  }
  void octet(std::uint16_t type, std::uint8_t value) { bytes(type, {&value, 1}); }
  // With the NUL at its end.
  void text(std::uint16_t type, std::string_view value) {
    const std::size_t at = begin(type);
    append(value.data(), value.size());
    const char nul = 0;
    append(&nul, 1);
    end(at);
  }

  // A nested attribute: begin(), its content, end(what begin() returned).
  [[nodiscard]] std::size_t begin(std::uint16_t type) {
    const std::size_t at = bytes_.size();
    const nlattr attribute{0, type};
    append(&attribute, sizeof attribute);
    return at;
  }
  void end(std::size_t at) {
    const auto length = static_cast<std::uint16_t>(bytes_.size() - at);
    std::memcpy(bytes_.data() + at, &length, sizeof length);
    pad();
  }
  // A bare structure inside an attribute (VETH_INFO_PEER begins with one).
  template <typename Struct>
  void raw(const Struct& value) {
    append(&value, sizeof value);
    pad();
  }

  // Ready to be sent.
  [[nodiscard]] base::ByteView finish(std::uint32_t sequence) {
    header().nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
    header().nlmsg_seq = sequence;
    return bytes_;
  }

 private:
  [[nodiscard]] nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(bytes_.data()); }
  void append(const void* from, std::size_t length) {
    const auto* const first = static_cast<const std::uint8_t*>(from);
    bytes_.insert(bytes_.end(), first, first + length);
  }
  void pad() { bytes_.resize((bytes_.size() + 3) & ~std::size_t{3}); }

  std::vector<std::uint8_t> bytes_;
};

}  // namespace ringbed::port
