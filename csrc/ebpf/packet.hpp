// The frame that a program works on, and the context that describes it: xdp_md for XDP, __sk_buff
// for TC and socket filters. Laid out like the kernel's buffer, so that adjust_head, adjust_tail
// and adjust_meta succeed and fail where the kernel's do.
//
//   0         40                     headroom                             buffer - tailroom
//   | xdp_frame | … room for meta … | data_meta | data … data_end | … room to grow … | tailroom |
//
// A socket buffer (SocketBuffer, packet_skb.cpp) begins kSkbHeadroom bytes before the frame and
// gets more room at either end when a helper asks for it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "ebpf/memory.hpp"
#include "ebpf/program.hpp"

namespace ringbed::ebpf {

// XDP_* and TC_ACT_* that helpers return.
namespace xdp_action {
inline constexpr std::uint32_t aborted = 0, drop = 1, pass = 2, tx = 3, redirect = 4;
}
namespace tc_action {
inline constexpr std::uint32_t shot = 2, redirect = 7;
}

struct PacketParameters {
  std::uint32_t headroom = 256;
  std::uint32_t buffer_bytes = 4096;  // of the linear part, head- and tailroom included
  std::uint32_t tailroom = 320;       // skb_shared_info
  std::uint32_t ifindex = 1;
  std::uint32_t ingress_ifindex = 1;  // __sk_buff's: where the frame came in
  std::uint32_t rx_queue = 0;
  std::uint32_t mtu = 1500;  // of interface `ifindex`
  std::uint32_t egress_ifindex = 0;
  std::uint32_t link_bytes = 0;  // of the frame's begin that the program does not see
};

// Where a redirect helper sent the frame.
struct Redirect {
  bool requested = false;
  std::uint32_t map = 0xffff'ffff;  // number of the map; none for bpf_redirect
  std::uint32_t target = 0;         // interface, CPU or socket
  std::uint64_t flags = 0;
};

// Where a context has the packet's bounds. XDP's is read-only.
struct ContextLayout {
  std::uint32_t data = 0;
  std::uint32_t data_end = 0;
  std::uint32_t bytes = 0;
};
[[nodiscard]] ContextLayout context_layout(ProgramType type) noexcept;

// What a socket buffer knows of its frame besides the bytes. Offsets of headers count from the head
// of the buffer, and what moves the frame moves which of them the kernel moves: helpers tell by
// them what they may do.
struct SocketBuffer {
  static constexpr std::uint16_t kUnset = 0xffff;

  std::uint16_t mac = 0;
  std::uint16_t network = 0;
  std::uint16_t transport = kUnset;
  std::uint16_t mac_bytes = 0;  // as some helpers left it; 0: none has yet
  std::uint16_t protocol = 0;   // an EtherType
  std::uint16_t vlan_protocol = 0;
  std::uint16_t vlan_tci = 0;
  bool tagged = false;         // by a tag that is not in the bytes
  bool encapsulation = false;  // a helper has put headers around the frame
  bool hashed = false;
  std::uint32_t hash = 0;
  std::uint32_t packet_type = 0;  // PACKET_*

  void clear_hash() noexcept {
    hashed = false;
    hash = 0;
  }
};

// Of a frame in several pieces: each but the first and the last is so long.
inline constexpr std::size_t kFragmentBytes = 4096;

class Packet {
 public:
  // Copies the frame in and describes it for a program of `type`. For XDP, bytes that do not fit
  // the linear part are fragments: only the *_load_bytes and *_store_bytes helpers reach them.
  void place(base::ByteView frame, ProgramType type, const PacketParameters& parameters);

  // Writes regions and context after any change of the bounds.
  void publish(Memory& memory);

  // The frame as it is now, fragments included.
  [[nodiscard]] std::vector<std::uint8_t> bytes() const;
  [[nodiscard]] base::ByteView meta() const {
    return base::ByteView(buffer_).subspan(meta_, data_ - meta_);
  }
  [[nodiscard]] std::uint32_t length() const noexcept {
    return end_ - data_ + static_cast<std::uint32_t>(fragments_.size());
  }
  // Of the part that the program sees.
  [[nodiscard]] std::uint32_t linear_length() const noexcept { return end_ - data_; }

  // 0 or a negative errno.
  int adjust_head(std::int32_t delta);
  int adjust_tail(std::int32_t delta);
  int adjust_meta(std::int32_t delta);
  int load(std::uint32_t offset, std::uint8_t* to, std::uint32_t bytes) const;
  int store(std::uint32_t offset, const std::uint8_t* from, std::uint32_t bytes);

  // --- Of a socket buffer: packet_skb.cpp ---

  // Bytes from data to a header; negative when that lies before data.
  [[nodiscard]] std::int32_t offset_of(std::uint16_t header) const noexcept {
    return std::int32_t{header} - static_cast<std::int32_t>(data_ - head_);
  }
  [[nodiscard]] std::uint16_t header_at(std::uint32_t offset) const noexcept {
    return static_cast<std::uint16_t>(data_ - head_ + offset);
  }
  [[nodiscard]] std::uint16_t mac_header_bytes() const noexcept {
    return static_cast<std::uint16_t>(skb.network - skb.mac);
  }
  // The protocol that the two bytes `type` in the frame stand for.
  [[nodiscard]] static std::uint16_t protocol_at(const std::uint8_t* type);
  // `bytes` bytes at `offset` from a header, or nullptr when they end behind the frame.
  [[nodiscard]] std::uint8_t* at_header(std::uint16_t header, std::uint32_t offset,
                                        std::uint32_t bytes) noexcept;
  // Moves the first `offset` bytes of the frame to the front, which leaves a gap of `bytes` zeros
  // behind them. No header moves. False when the frame is too short: the kernel goes on then, with
  // whatever lies in its memory.
  [[nodiscard]] bool open_gap(std::uint32_t offset, std::uint32_t bytes);
  // Takes away the `bytes` bytes behind the first `offset`. False when the frame is too short.
  [[nodiscard]] bool close_gap(std::uint32_t offset, std::uint32_t bytes);
  // Cuts the frame, or lengthens it by zeros.
  void resize(std::uint32_t bytes);

  SocketBuffer skb;

  [[nodiscard]] const PacketParameters& parameters() const noexcept { return parameters_; }
  [[nodiscard]] ProgramType type() const noexcept { return type_; }
  [[nodiscard]] const std::uint8_t* context() const noexcept { return context_.data(); }
  // Host address of `bytes` linear bytes at `offset` from data, or nullptr.
  [[nodiscard]] std::uint8_t* linear(std::uint32_t offset, std::uint32_t bytes) noexcept;

  Redirect redirect;

 private:
  int grow_fragment(std::int32_t bytes);
  int shrink_fragments(std::int64_t bytes);
  void describe_xdp();
  void place_skb();
  void describe_skb();
  void reserve_head(std::uint32_t bytes);
  void put(std::uint32_t offset, std::uint32_t value);

  std::vector<std::uint8_t> buffer_;
  std::vector<std::uint8_t> fragments_;
  PacketParameters parameters_;
  ProgramType type_ = ProgramType::raw;
  std::uint32_t meta_ = 0;
  std::uint32_t data_ = 0;
  std::uint32_t end_ = 0;
  std::uint32_t head_ = 0;    // of a socket buffer
  std::uint32_t lowest_ = 0;  // that data or metadata ever started: below, the headroom is zero
  alignas(8) std::array<std::uint8_t, 192> context_{};
};

}  // namespace ringbed::ebpf
