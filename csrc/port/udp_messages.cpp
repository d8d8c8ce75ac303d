#include "port/udp_messages.hpp"

#include <arpa/inet.h>

#include <cstring>

namespace ringbed::port {

namespace {

// Newer than some systems' headers.
constexpr int kSolUdp = 17;
constexpr int kUdpSegment = 103;
constexpr int kUdpGro = 104;

constexpr std::uint8_t kUsualTtl = 64;
constexpr std::uint32_t kMostBytes = 65'000;  // of a row: what an IPv4 packet holds, about

}  // namespace

UdpMessages::UdpMessages() {
  for (std::size_t i = 0; i < kMost; ++i) {
    msghdr& header = headers_[i].msg_hdr;
    header.msg_name = &names_[i];
    header.msg_iov = &payloads_[i];
    header.msg_iovlen = 1;
    header.msg_control = controls_[i].bytes.data();
  }
}

void UdpMessages::expect(std::size_t index, std::uint8_t* room, std::size_t bytes) noexcept {
  payloads_[index] = {room, bytes};
  headers_[index].msg_hdr.msg_namelen = sizeof(sockaddr_in);
  headers_[index].msg_hdr.msg_controllen = kControlBytes;
}

bool UdpMessages::arrived(std::size_t index, Datagram& datagram,
                          std::uint32_t& segment) const noexcept {
  const mmsghdr& message = headers_[index];
  if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
    return false;
  }
  datagram.source = ntohl(names_[index].sin_addr.s_addr);
  datagram.source_port = ntohs(names_[index].sin_port);
  datagram.payload_bytes = message.msg_len;
  segment = message.msg_len;
  auto header = message.msg_hdr;
  const auto value = [](const cmsghdr* c, auto& into) {
    std::memcpy(&into, CMSG_DATA(c), sizeof into);
  };
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    int number = 0;
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      value(c, info);
      datagram.destination = ntohl(info.ipi_addr.s_addr);
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) {
      value(c, number);
      datagram.ttl = static_cast<std::uint8_t>(number);
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
      datagram.tos = *CMSG_DATA(c);
    } else if (c->cmsg_level == kSolUdp && c->cmsg_type == kUdpGro) {
      value(c, number);
      segment = static_cast<std::uint32_t>(number);
    }
  }
  return true;
}

bool UdpMessages::joins(const Datagram& next) const noexcept {
  return open_ && next.destination == first_.destination && next.source == first_.source &&
         next.destination_port == first_.destination_port && next.ttl == first_.ttl &&
         next.tos == first_.tos && next.payload_bytes != 0 &&
         next.payload_bytes <= first_.payload_bytes &&
         (datagrams(messages_ - 1) + 1) * first_.payload_bytes <= kMostBytes;
}

template <typename T>
void UdpMessages::put(msghdr& header, int level, int type, const T& value) noexcept {
  auto* const c = reinterpret_cast<cmsghdr*>(static_cast<std::uint8_t*>(header.msg_control) +
                                             header.msg_controllen);
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(c), &value, sizeof value);
  header.msg_controllen += CMSG_SPACE(sizeof value);
}

void UdpMessages::add(const Datagram& datagram, std::uint8_t* payload, int interface,
                      bool join) noexcept {
  payloads_[payloads_used_++] = {payload, datagram.payload_bytes};
  if (join && joins(datagram)) {
    msghdr& header = headers_[messages_ - 1].msg_hdr;
    if (++header.msg_iovlen == 2) {
      put(header, kSolUdp, kUdpSegment, static_cast<std::uint16_t>(first_.payload_bytes));
    }
    open_ = datagram.payload_bytes == first_.payload_bytes;
    return;
  }
  sockaddr_in& name = names_[messages_];
  name = {};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(datagram.destination);
  name.sin_port = htons(datagram.destination_port);
  msghdr& header = headers_[messages_++].msg_hdr;
  header.msg_iov = &payloads_[payloads_used_ - 1];
  header.msg_iovlen = 1;
  header.msg_namelen = sizeof name;
  header.msg_controllen = 0;
  in_pktinfo info{};
  info.ipi_ifindex = interface;
  info.ipi_spec_dst.s_addr = htonl(datagram.source);
  put(header, IPPROTO_IP, IP_PKTINFO, info);
  if (datagram.ttl != kUsualTtl || is_group(datagram.destination)) {
    put(header, IPPROTO_IP, IP_TTL, static_cast<int>(datagram.ttl));
  }
  if (datagram.tos != 0) {
    put(header, IPPROTO_IP, IP_TOS, static_cast<int>(datagram.tos));
  }
  first_ = datagram;
  open_ = datagram.payload_bytes != 0;
}

}  // namespace ringbed::port
