// The one table of drop reasons and stages. A reason says what was full, broken or refused;
// the same name stands in the report, in `ringbed decode` problems and in live counters.
// TypeScript reads the table from the addon: there is no second copy.
// Adding a reason: one row below. Names are a contract: add, never rename.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringbed::base {

// The places a frame passes, in order (DESIGN: the path of a frame).
#define RINGBED_STAGES(X)                                           \
  X(link, "the wire from the generator to the device")              \
  X(nic, "the device's NIC: frame check, address filter, RSS, DMA") \
  X(rx_ring, "the receive ring between NIC and core")               \
  X(classifier, "the eBPF classifier")                              \
  X(parse, "headers and checksums")                                 \
  X(validate, "rules that a well-formed packet must keep")          \
  X(match, "is the packet for this device")                         \
  X(track, "the connection table")                                  \
  X(decide, "the decision logic")                                   \
  X(respond, "the response pool and the response frame")            \
  X(tx_ring, "the transmit ring between core and NIC")              \
  X(return_link, "the wire from the device back to the sink")

#define RINGBED_REASONS(X)                                                           \
  /* link */                                                                         \
  X(link_loss, "lost on the wire (random loss or a loss burst)")                     \
  X(link_down, "the link was down")                                                  \
  X(link_queue_full, "the sender's queue in front of the link was full")             \
  /* nic and rings */                                                                \
  X(fcs_error, "the frame check sequence did not match")                             \
  X(mac_filter, "unicast destination MAC is not this host's")                        \
  X(queue_unserved, "it came on a queue of the NIC that the run has no socket on")   \
  X(multicast_filter, "multicast destination MAC was not joined")                    \
  X(frame_too_long, "the frame is longer than the receive buffer or the MTU allows") \
  X(rx_ring_full, "no free receive descriptor")                                      \
  X(tx_ring_full, "no free transmit descriptor")                                     \
  /* the kernel's stack in front of a socket */                                      \
  X(stack_header, "the kernel's stack refused the IP header")                        \
  X(stack_address, "the destination is no address of the host, nor a joined group")  \
  X(stack_protocol, "the kernel has nobody for this IP protocol")                    \
  X(stack_discard, "the kernel's stack discarded the packet")                        \
  X(socket_no_port, "no socket on the destination port")                             \
  X(socket_buffer_full, "the socket's receive buffer was full")                      \
  X(socket_refused, "a socket cannot or would not send the frame")                   \
  X(kernel_drop, "the kernel dropped it, for a reason that it names")                \
  X(classifier_drop, "the classifier said drop")                                     \
  X(classifier_aborted, "the classifier program failed")                             \
  /* parse: rules of a frame; also the problem names of `ringbed decode` */          \
  X(ethernet_truncated, "fewer than 14 bytes")                                       \
  X(link_truncated, "fewer bytes than the link header of the capture's link type")   \
  X(ethernet_length, "802.3 length field exceeds the bytes that follow")             \
  X(ethertype_unknown, "no parser for this EtherType")                               \
  X(vlan_truncated, "fewer than 4 bytes of VLAN tag")                                \
  X(vlan_depth, "more stacked VLAN tags than the limit")                             \
  X(arp_truncated, "shorter than its address lengths say")                           \
  X(arp_format, "hardware or protocol type or address length is not Ethernet/IPv4")  \
  X(ip_truncated, "fewer bytes than the IPv4 header")                                \
  X(ip_version, "version is not 4")                                                  \
  X(ip_header_length, "IHL below 5 or past the packet")                              \
  X(ip_total_length, "total length below the header or past the frame")              \
  X(ip_checksum, "IPv4 header checksum is wrong")                                    \
  X(ip_options, "an IPv4 option is malformed")                                       \
  X(ip_fragment, "a fragment: the transport header cannot be judged")                \
  X(ip_source_zero, "IPv4 source address is 0.0.0.0")                                \
  X(ip_source_invalid, "source address is multicast or broadcast")                   \
  X(ip_ttl_zero, "TTL or hop limit is 0")                                            \
  X(ip_protocol_unknown, "no parser for this IP protocol")                           \
  X(ipv6_truncated, "fewer than 40 bytes")                                           \
  X(ipv6_version, "version is not 6")                                                \
  X(ipv6_payload_length, "payload length past the frame")                            \
  X(ipv6_extension, "an extension header is malformed or runs past the packet")      \
  X(ipv6_extension_limit, "more extension headers than the limit")                   \
  X(icmp_truncated, "fewer than 8 bytes")                                            \
  X(icmp_checksum, "ICMP checksum is wrong")                                         \
  X(udp_truncated, "fewer than 8 bytes")                                             \
  X(udp_length, "UDP length below 8 or past the IP payload")                         \
  X(udp_checksum, "UDP checksum is wrong")                                           \
  X(udp_checksum_zero, "UDP over IPv6 without a checksum")                           \
  X(tcp_truncated, "fewer than 20 bytes")                                            \
  X(tcp_data_offset, "data offset below 5 or past the segment")                      \
  X(tcp_options, "a TCP option is malformed")                                        \
  X(tcp_flags, "a combination of flags that no TCP sends")                           \
  X(tcp_checksum, "TCP checksum is wrong")                                           \
  X(payload_truncated, "payload shorter than its message")                           \
  X(payload_malformed, "payload breaks a rule of its message")                       \
  X(capture_truncated, "the capture holds fewer bytes than the frame had")           \
  /* device */                                                                       \
  X(checksum_partial, "UDP or TCP checksum left to a NIC: pseudo-header only")       \
  X(connection_unknown, "a TCP packet of no known connection")                       \
  X(connection_cleared, "the connection was cleared by the operator")                \
  X(table_full, "the connection table was full and its policy refuses")              \
  X(pool_empty, "no free response buffer")                                           \
  X(response_too_long, "the response does not fit a pool buffer")                    \
  X(logic_error, "the decision logic refused the message")

#define RINGBED_ENUM(name, text) name,
enum class Stage : std::uint8_t { RINGBED_STAGES(RINGBED_ENUM) };
enum class Reason : std::uint8_t { none, RINGBED_REASONS(RINGBED_ENUM) };
#undef RINGBED_ENUM

struct NamedRow {
  std::string_view name;
  std::string_view text;
};

#define RINGBED_ROW(name, text) NamedRow{#name, text},
inline constexpr auto kStages = std::to_array<NamedRow>({RINGBED_STAGES(RINGBED_ROW)});
// Row 0 is Reason::none, so that a Reason indexes its own row.
inline constexpr auto kReasons =
    std::to_array<NamedRow>({{"none", "nothing is wrong"}, RINGBED_REASONS(RINGBED_ROW)});
#undef RINGBED_ROW

inline constexpr std::size_t kStageCount = kStages.size();
inline constexpr std::size_t kReasonCount = kReasons.size();

[[nodiscard]] constexpr std::string_view to_string(Stage stage) noexcept {
  return kStages[static_cast<std::size_t>(stage)].name;
}
[[nodiscard]] constexpr std::string_view to_string(Reason reason) noexcept {
  return kReasons[static_cast<std::size_t>(reason)].name;
}

}  // namespace ringbed::base
