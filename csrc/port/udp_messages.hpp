// The arguments of one recvmmsg(2) or sendmmsg(2) call, made once and pointed at frames call by
// call; and what stands beside a datagram in its control messages (ip(7), udp(7)).
//
// To send: the payloads of one message are the datagrams of a row that the kernel cuts apart again
// (UDP_SEGMENT): all as long as the first, the last one perhaps shorter.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>

#include "port/datagram.hpp"
#include "port/socket_name.hpp"

namespace ringbed::port {

// Newer than some systems' headers.
inline constexpr int kSolUdp = 17;       // SOL_UDP
inline constexpr int kUdpSegment = 103;  // UDP_SEGMENT
inline constexpr int kUdpGro = 104;      // UDP_GRO

class UdpMessages {
 public:
  static constexpr std::size_t kMost = 64;

  UdpMessages();

  // --- to receive ---
  // Message `index` of the next call goes to `room`.
  void expect(std::size_t index, std::uint8_t* room, std::size_t bytes) noexcept;
  // What arrived as message `index`: its datagram (without payload_at), `segment` the length of
  // each of those that it is made of (all of it where it is one). False: it did not fit.
  [[nodiscard]] bool arrived(std::size_t index, Datagram& datagram,
                             std::uint32_t& segment) const noexcept;

  // --- to send ---
  void clear() noexcept {
    messages_ = payloads_used_ = 0;
    open_ = false;
  }
  // Adds a datagram: to the last message if `join` and it can be, else as the next one.
  void add(const Datagram& datagram, std::uint8_t* payload, int interface, bool join) noexcept;
  [[nodiscard]] std::size_t messages() const noexcept { return messages_; }
  // Datagrams in message `index`.
  [[nodiscard]] std::size_t datagrams(std::size_t index) const noexcept {
    return headers_[index].msg_hdr.msg_iovlen;
  }

  [[nodiscard]] mmsghdr* headers() noexcept { return headers_.data(); }

 private:
  static constexpr std::size_t kControlBytes = 128;
  struct alignas(cmsghdr) Control {
    std::array<std::uint8_t, kControlBytes> bytes;
  };
  [[nodiscard]] bool joins(const Datagram& datagram) const noexcept;
  template <typename T>
  void put(msghdr& header, int level, int type, const T& value) noexcept;

  std::array<mmsghdr, kMost> headers_{};
  std::array<iovec, kMost> payloads_{};
  std::array<SocketName, kMost> names_{};
  std::array<Control, kMost> controls_{};
  std::size_t messages_ = 0;
  std::size_t payloads_used_ = 0;
  Datagram first_;     // of the last message
  bool open_ = false;  // no shorter one ends it
};

}  // namespace ringbed::port
