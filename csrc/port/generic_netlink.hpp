// Generic netlink: families of commands that the kernel numbers as they are loaded, and what is the
// same in their messages.
#pragma once

#include <linux/genetlink.h>

#include "port/netlink_socket.hpp"

namespace ringbed::port {

[[nodiscard]] inline genlmsghdr generic_header(std::uint8_t command) noexcept {
  genlmsghdr header{};
  header.cmd = command;
  header.version = 1;
  return header;
}

// Calls each(type, payload) for the attributes of an answer.
template <typename Each>
void generic_attributes(base::ByteView body, Each each) {
  attributes(base::sub(body, GENL_HDRLEN), each);
}

// The number of a family into `number`. Returns 0 or the errno of the refusal: ENOENT where the
// kernel has no such family.
[[nodiscard]] inline int find_family(NetlinkSocket& socket, std::string_view name,
                                     std::uint16_t& number) {
  NetlinkMessage who(GENL_ID_CTRL, NLM_F_ACK, generic_header(CTRL_CMD_GETFAMILY));
  who.text(CTRL_ATTR_FAMILY_NAME, name);
  return socket.exchange(who, [&number](std::uint16_t, base::ByteView body) {
    generic_attributes(body, [&number](std::uint16_t type, base::ByteView value) {
      number = type == CTRL_ATTR_FAMILY_ID ? load<std::uint16_t>(value) : number;
    });
  });
}

}  // namespace ringbed::port
