// A netlink socket (netlink(7)): one request, its answers, the acknowledgement. And the reading
// side of a message: the attributes in it. netlink_message.hpp is the writing side.
#pragma once

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "port/descriptor.hpp"
#include "port/netlink_message.hpp"

namespace ringbed::port {

// A T at the start of `payload`; zeros where it is shorter.
template <typename T>
[[nodiscard]] T load(base::ByteView payload) {
  T value{};
  std::memcpy(&value, payload.data(), std::min(sizeof value, payload.size()));
  return value;
}

// Calls each(type, payload) for the attributes in `bytes`.
template <typename Each>
void attributes(base::ByteView bytes, Each each) {
  while (bytes.size() >= sizeof(nlattr)) {
    const auto attribute = load<nlattr>(bytes);
    if (attribute.nla_len < sizeof attribute || attribute.nla_len > bytes.size()) {
      return;
    }
    each(static_cast<std::uint16_t>(attribute.nla_type & NLA_TYPE_MASK),
         bytes.subspan(sizeof attribute, attribute.nla_len - sizeof attribute));
    bytes = bytes.subspan(std::min<std::size_t>(bytes.size(), (attribute.nla_len + 3U) & ~3U));
  }
}

class NetlinkSocket {
 public:
  // `protocol`: NETLINK_ROUTE, NETLINK_GENERIC. Error: unavailable.
  [[nodiscard]] static base::Result<NetlinkSocket> open(int protocol) {
    FileDescriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
    if (!socket) {
      return system_error(base::ErrorCode::unavailable, "cannot open a netlink socket", errno,
                          "run as root, or give the program CAP_NET_ADMIN");
    }
    return NetlinkSocket(std::move(socket));
  }

  // Sends and reads until the acknowledgement or the end of a dump; each answering message goes to
  // `each`. Returns 0 or the errno of the refusal.
  template <typename Each>
  [[nodiscard]] int exchange(NetlinkMessage& message, Each each) {
    const base::ByteView request = message.finish(++sequence_);
    if (send(socket_.get(), request.data(), request.size(), 0) < 0) {
      return errno;
    }
    std::vector<std::uint8_t> answer(kAnswerBytes);
    for (;;) {
      const ssize_t got = recv(socket_.get(), answer.data(), answer.size(), 0);
      if (got < 0) {
        if (errno == EINTR) {
          continue;
        }
        return errno;
      }
      base::ByteView rest(answer.data(), static_cast<std::size_t>(got));
      while (rest.size() >= sizeof(nlmsghdr)) {
        const auto header = load<nlmsghdr>(rest);
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > rest.size()) {
          return EBADMSG;
        }
        const base::ByteView body = rest.subspan(NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
        if (header.nlmsg_seq == sequence_) {
          if (header.nlmsg_type == NLMSG_ERROR) {
            return -load<int>(body);
          }
          if (header.nlmsg_type == NLMSG_DONE) {
            return 0;
          }
          each(header.nlmsg_type, body);
        }
        rest = rest.subspan(std::min<std::size_t>(rest.size(), NLMSG_ALIGN(header.nlmsg_len)));
      }
    }
  }
  [[nodiscard]] int exchange(NetlinkMessage& message) {
    return exchange(message, [](std::uint16_t, base::ByteView) {});
  }

 private:
  static constexpr std::size_t kAnswerBytes = 1U << 16;
  explicit NetlinkSocket(FileDescriptor socket) noexcept : socket_(std::move(socket)) {}

  FileDescriptor socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace ringbed::port
