// Takes the device's response frames apart with the views of wire/: another path through the bytes
// than the one that wrote them.
#pragma once

#include <gtest/gtest.h>

#include "support/nanonet_request.hpp"

namespace ringbed::device::testing {

// A response, taken apart; every check of the views and both checksums must hold.
struct Response {
  wire::MacAddress mac_source;
  wire::MacAddress mac_destination;
  std::vector<std::uint16_t> vlans;
  IpAddress source;
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = 0;
  std::uint8_t ttl = 0;
  bool df = false;
  std::uint16_t identification = 0;
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint8_t tcp_flags = 0;
  feed::TradingOrder order;

  static Response parse(base::ByteView frame, feed::ByteOrder byte_order = feed::ByteOrder::big) {
    Response response;
    const auto ethernet = wire::EthernetView::parse(frame);
    EXPECT_TRUE(ethernet.ok());
    EXPECT_GE(frame.size(), 60U);
    response.mac_source = ethernet->src();
    response.mac_destination = ethernet->dst();
    std::uint16_t type = ethernet->type();
    base::ByteView rest = ethernet->payload();
    while (wire::is_vlan_type(type)) {
      const auto tag = wire::VlanView::parse(rest);
      EXPECT_TRUE(tag.ok());
      EXPECT_EQ(tag->pcp(), 5);
      response.vlans.push_back(tag->vid());
      type = tag->type();
      rest = tag->payload();
    }
    wire::PartialSum pseudo;
    if (type == wire::ethertype::kIpv6) {
      const auto packet = wire::Ipv6View::parse(rest);
      EXPECT_TRUE(packet.ok());
      EXPECT_EQ(packet->payload().size(), rest.size() - 40);
      response.source = IpAddress::from(packet->src().bytes);
      response.destination = IpAddress::from(packet->dst().bytes);
      response.protocol = packet->next_header();
      response.ttl = packet->hop_limit();
      rest = packet->payload();
      pseudo = packet->pseudo(response.protocol, rest.size());
    } else {
      const auto packet = wire::Ipv4View::parse(rest);
      EXPECT_TRUE(packet.ok());
      EXPECT_TRUE(packet->checksum_ok());
      EXPECT_EQ(packet->total_length(), rest.size());
      std::uint8_t address[4];
      packet->src().store(address);
      response.source = IpAddress::from(address);
      packet->dst().store(address);
      response.destination = IpAddress::from(address);
      response.protocol = packet->protocol();
      response.ttl = packet->ttl();
      response.df = packet->df();
      response.identification = packet->identification();
      rest = packet->payload();
      pseudo = packet->pseudo(rest.size());
    }
    if (response.protocol == 6) {
      const auto tcp = wire::TcpView::parse(rest);
      EXPECT_TRUE(tcp.ok());
      EXPECT_EQ(tcp->judge(pseudo), wire::Checksum::good);
      response.source_port = tcp->src_port();
      response.destination_port = tcp->dst_port();
      response.seq = tcp->seq();
      response.ack = tcp->ack();
      response.tcp_flags = tcp->flags();
      rest = tcp->payload();
    } else {
      const auto udp = wire::UdpView::parse(rest);
      EXPECT_TRUE(udp.ok());
      EXPECT_EQ(udp->judge(pseudo), wire::Checksum::good);
      response.source_port = udp->src_port();
      response.destination_port = udp->dst_port();
      rest = udp->payload();
    }
    EXPECT_EQ(rest.size(), feed::TradingOrder::kBytes);
    const auto order = feed::TradingOrderView::parse(rest, byte_order);
    EXPECT_TRUE(order.ok());
    response.order = order->repr();
    return response;
  }
};

}  // namespace ringbed::device::testing
