#include "port/datagram.hpp"

#include <algorithm>

namespace ringbed::port {

namespace {

constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint16_t kIpv6 = 0x86dd;
constexpr std::uint8_t kUdp = 17;
constexpr std::size_t kEthernet = 14;
constexpr std::size_t kIpv6Bytes = 40;

// Of one's complement words (RFC 1071).
std::uint64_t sum_of(base::ByteView bytes) noexcept {
  std::uint64_t sum = 0;
  std::size_t at = 0;
  for (; at + 2 <= bytes.size(); at += 2) {
    sum += base::load_be<std::uint16_t>(bytes.data() + at);
  }
  return at < bytes.size() ? sum + (std::uint64_t{bytes[at]} << 8) : sum;
}

std::uint16_t folded(std::uint64_t sum) noexcept {
  while (sum >> 16 != 0) {
    sum = (sum & 0xffffU) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

// `ip`: the header; `header`: its length; `total`: of the packet.
bool read_udp(base::ByteView frame, std::size_t header, std::size_t total,
              Datagram& found) noexcept {
  const std::uint8_t* const udp = frame.data() + kEthernet + header;
  const std::uint32_t length = base::load_be<std::uint16_t>(udp + 4);
  if (length < 8 || header + length > total) {
    return false;
  }
  found.source_port = base::load_be<std::uint16_t>(udp);
  found.destination_port = base::load_be<std::uint16_t>(udp + 2);
  found.payload_at = static_cast<std::uint32_t>(kEthernet + header + 8);
  found.payload_bytes = length - 8;
  return true;
}

bool read_v4(base::ByteView frame, Datagram& found) noexcept {
  const std::uint8_t* const ip = frame.data() + kEthernet;
  const std::uint32_t header = (ip[0] & 0xfU) * 4;
  const std::uint32_t total = base::load_be<std::uint16_t>(ip + 2);
  const bool fragment = (base::load_be<std::uint16_t>(ip + 6) & 0x3fffU) != 0;
  if ((ip[0] >> 4) != 4 || header < 20 || total < header + 8 || kEthernet + total > frame.size() ||
      fragment || ip[9] != kUdp) {
    return false;
  }
  found.source = NetAddress::from({ip + 12, 4});
  found.destination = NetAddress::from({ip + 16, 4});
  found.ttl = ip[8];
  found.tos = ip[1];
  return read_udp(frame, header, total, found);
}

bool read_v6(base::ByteView frame, Datagram& found) noexcept {
  const std::uint8_t* const ip = frame.data() + kEthernet;
  const std::uint32_t total = kIpv6Bytes + base::load_be<std::uint16_t>(ip + 4);
  if ((ip[0] >> 4) != 6 || total < kIpv6Bytes + 8 || kEthernet + total > frame.size() ||
      ip[6] != kUdp) {
    return false;
  }
  found.source = NetAddress::from({ip + 8, 16});
  found.destination = NetAddress::from({ip + 24, 16});
  found.ttl = ip[7];
  found.tos = static_cast<std::uint8_t>(base::load_be<std::uint16_t>(ip) >> 4);
  return read_udp(frame, kIpv6Bytes, total, found);
}

void write_v4(std::uint8_t* ip, const Datagram& datagram, std::uint16_t length) noexcept {
  ip[0] = 0x45;
  ip[1] = datagram.tos;
  base::store_be(ip + 2, static_cast<std::uint16_t>(20 + length));
  base::store_be(ip + 4, std::uint32_t{0x4000});  // identification 0, don't fragment (RFC 6864)
  ip[8] = datagram.ttl;
  ip[9] = kUdp;
  base::store_be(ip + 10, std::uint16_t{0});
  std::copy_n(datagram.source.bytes.data(), 4, ip + 12);
  std::copy_n(datagram.destination.bytes.data(), 4, ip + 16);
  base::store_be(ip + 10, folded(sum_of({ip, 20})));
}

void write_v6(std::uint8_t* ip, const Datagram& datagram, std::uint16_t length) noexcept {
  base::store_be(ip, 0x60000000U | std::uint32_t{datagram.tos} << 20);
  base::store_be(ip + 4, length);
  ip[6] = kUdp;
  ip[7] = datagram.ttl;
  std::copy_n(datagram.source.bytes.data(), 16, ip + 8);
  std::copy_n(datagram.destination.bytes.data(), 16, ip + 24);
}

// RFC 1112, 6.4; RFC 2464, 7.
void write_group_mac(std::uint8_t* to, const NetAddress& group) noexcept {
  if (group.v6) {
    base::store_be(to, std::uint16_t{0x3333});
    std::copy_n(group.bytes.data() + 12, 4, to + 2);
    return;
  }
  const auto low = base::load_be<std::uint32_t>(group.bytes.data());
  base::store_be(to, std::uint32_t{0x01005e00} | (low >> 16 & 0x7fU));
  base::store_be(to + 4, static_cast<std::uint16_t>(low));
}

}  // namespace

bool read_datagram(base::ByteView frame, Datagram& found) noexcept {
  if (frame.size() < datagram_header_bytes(false)) {
    return false;
  }
  const auto type = base::load_be<std::uint16_t>(frame.data() + 12);
  return type == kIpv4   ? read_v4(frame, found)
         : type == kIpv6 ? frame.size() >= datagram_header_bytes(true) && read_v6(frame, found)
                         : false;
}

std::uint32_t write_headers(std::uint8_t* frame, const Datagram& datagram,
                            const std::array<std::uint8_t, 6>& to,
                            const std::array<std::uint8_t, 6>& from) noexcept {
  const bool v6 = datagram.destination.v6;
  const auto length = static_cast<std::uint16_t>(8 + datagram.payload_bytes);
  if (datagram.destination.is_group()) {
    write_group_mac(frame, datagram.destination);
  } else {
    std::copy(to.begin(), to.end(), frame);
  }
  std::copy(from.begin(), from.end(), frame + 6);
  base::store_be(frame + 12, v6 ? kIpv6 : kIpv4);
  std::uint8_t* const ip = frame + kEthernet;
  v6 ? write_v6(ip, datagram, length) : write_v4(ip, datagram, length);
  std::uint8_t* const udp = frame + datagram_header_bytes(v6) - 8;
  base::store_be(udp, datagram.source_port);
  base::store_be(udp + 2, datagram.destination_port);
  base::store_be(udp + 4, length);
  base::store_be(udp + 6, std::uint16_t{0});
  if (v6) {  // over the pseudo-header, too (RFC 8200, 8.1)
    const std::uint16_t checksum =
        folded(sum_of({ip + 8, 32}) + length + kUdp + sum_of({udp, length}));
    base::store_be(udp + 6, checksum == 0 ? std::uint16_t{0xffff} : checksum);
  }
  return datagram_header_bytes(v6) + datagram.payload_bytes;
}

}  // namespace ringbed::port
