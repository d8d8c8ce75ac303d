// VLAN tags of a socket buffer. One tag lies beside the bytes, in the buffer's description, where a
// NIC would put it; those under it lie in the frame.
#include "base/endian.hpp"
#include "ebpf/helper_functions.hpp"
#include "ebpf/machine.hpp"

namespace ringbed::ebpf::helper {

namespace {

constexpr std::uint32_t kAddresses = 12;  // before the EtherType
constexpr std::uint32_t kEthernetHeader = 14;
constexpr std::uint32_t kTag = 4;
constexpr std::uint16_t kQ = 0x8100, kAd = 0x88a8;

bool is_vlan(std::uint16_t protocol) { return protocol == kQ || protocol == kAd; }

// Takes the outermost tag out of the bytes, and what is under it becomes the frame's protocol.
// False when the frame is too short for one.
bool take_tag(Packet& packet, std::uint16_t& tci) {
  const std::uint8_t* tag = packet.linear(kAddresses, kTag + 2);
  if (tag == nullptr) return false;
  tci = base::load_be<std::uint16_t>(tag + 2);
  packet.skb.protocol = Packet::protocol_at(tag + kTag);
  if (!packet.close_gap(kAddresses, kTag)) return false;
  SocketBuffer& skb = packet.skb;
  skb.mac = static_cast<std::uint16_t>(skb.mac + kTag);
  if (packet.offset_of(skb.network) < static_cast<std::int32_t>(kEthernetHeader)) {
    skb.network = packet.header_at(kEthernetHeader);
  }
  skb.mac_bytes = packet.mac_header_bytes();
  return true;
}

int pop(Packet& packet) {
  SocketBuffer& skb = packet.skb;
  std::uint16_t tci = 0;
  if (skb.tagged) {
    skb.tagged = false;
    skb.vlan_protocol = 0;
    skb.vlan_tci = 0;
  } else if (is_vlan(skb.protocol) && !take_tag(packet, tci)) {
    return -ENOMEM;
  }
  // The next one takes the place beside the bytes.
  const std::uint16_t protocol = skb.protocol;
  if (!is_vlan(protocol)) return 0;
  if (!take_tag(packet, tci)) return -ENOMEM;
  skb.tagged = true;
  skb.vlan_protocol = protocol;
  skb.vlan_tci = tci;
  return 0;
}

int push(Packet& packet, std::uint16_t protocol, std::uint16_t tci) {
  SocketBuffer& skb = packet.skb;
  if (skb.tagged) {
    if (!packet.open_gap(kAddresses, kTag)) return kBehindTheFrame;
    std::uint8_t* tag = packet.linear(kAddresses, kTag);
    base::store_be(tag, skb.vlan_protocol);
    base::store_be(tag + 2, skb.vlan_tci);
    skb.protocol = skb.vlan_protocol;
    skb.mac = static_cast<std::uint16_t>(skb.mac - kTag);
    skb.network = static_cast<std::uint16_t>(skb.network - kTag);
  }
  skb.tagged = true;
  skb.vlan_protocol = protocol;
  skb.vlan_tci = tci;
  return 0;
}

}  // namespace

// (context, protocol in network order, tag control information)
std::uint64_t skb_vlan_push(Machine& machine, State& state) {
  if (!skb_given(machine, state)) return 0;
  const std::uint16_t wanted = base::network_order(static_cast<std::uint16_t>(state.r[2]));
  const std::uint16_t protocol = is_vlan(wanted) ? wanted : kQ;
  return skb_changed(machine, state,
                     push(machine.packet(), protocol, static_cast<std::uint16_t>(state.r[3])));
}

std::uint64_t skb_vlan_pop(Machine& machine, State& state) {
  if (!skb_given(machine, state)) return 0;
  return skb_changed(machine, state, pop(machine.packet()));
}

}  // namespace ringbed::ebpf::helper
