#include "port/udp_messages.hpp"

#include <cstring>

namespace ringbed::port {

namespace {

constexpr std::uint8_t kUsualTtl = 64;
constexpr std::uint32_t kMostBytes = 65'000;  // of a row: what an IPv4 packet holds, about

}  // namespace

UdpMessages::UdpMessages() {
  for (std::size_t i = 0; i < kMost; ++i) {
    msghdr& header = headers_[i].msg_hdr;
    header.msg_name = names_[i].room();
    header.msg_iov = &payloads_[i];
    header.msg_iovlen = 1;
    header.msg_control = controls_[i].bytes.data();
  }
}

void UdpMessages::expect(std::size_t index, std::uint8_t* room, std::size_t bytes) noexcept {
  payloads_[index] = {room, bytes};
  headers_[index].msg_hdr.msg_namelen = SocketName::kMostBytes;
  headers_[index].msg_hdr.msg_controllen = kControlBytes;
}

bool UdpMessages::arrived(std::size_t index, Datagram& datagram,
                          std::uint32_t& segment) const noexcept {
  const mmsghdr& message = headers_[index];
  if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
    return false;
  }
  datagram.source = names_[index].address();
  datagram.source_port = names_[index].port();
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
      datagram.destination =
          NetAddress::from({reinterpret_cast<const std::uint8_t*>(&info.ipi_addr), 4});
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      value(c, info);
      datagram.destination =
          NetAddress::from({reinterpret_cast<const std::uint8_t*>(&info.ipi6_addr), 16});
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT) {
      value(c, number);
      datagram.ttl = static_cast<std::uint8_t>(number);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
      value(c, number);
      datagram.tos = static_cast<std::uint8_t>(number);
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
  SocketName& name = names_[messages_];
  name = SocketName(datagram.destination, datagram.destination_port);
  msghdr& header = headers_[messages_++].msg_hdr;
  header.msg_iov = &payloads_[payloads_used_ - 1];
  header.msg_iovlen = 1;
  header.msg_namelen = name.length();
  header.msg_controllen = 0;
  const bool v6 = datagram.destination.v6;
  const int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
  if (v6) {
    in6_pktinfo info{};
    info.ipi6_ifindex = static_cast<unsigned>(interface);
    std::memcpy(&info.ipi6_addr, datagram.source.bytes.data(), 16);
    put(header, level, IPV6_PKTINFO, info);
  } else {
    in_pktinfo info{};
    info.ipi_ifindex = interface;
    std::memcpy(&info.ipi_spec_dst, datagram.source.bytes.data(), 4);
    put(header, level, IP_PKTINFO, info);
  }
  if (datagram.ttl != kUsualTtl || datagram.destination.is_group()) {
    put(header, level, v6 ? IPV6_HOPLIMIT : IP_TTL, static_cast<int>(datagram.ttl));
  }
  if (datagram.tos != 0) {
    put(header, level, v6 ? IPV6_TCLASS : IP_TOS, static_cast<int>(datagram.tos));
  }
  first_ = datagram;
  open_ = datagram.payload_bytes != 0;
}

}  // namespace ringbed::port
