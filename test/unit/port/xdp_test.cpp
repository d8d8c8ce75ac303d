// What the kernel counts of an AF_XDP socket (XDP_STATISTICS), as drops under their reasons. That a
// ring which runs full is counted is part of the port contract.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "port/veth.hpp"
#include "unit/port/rig.hpp"

namespace ringbed::port {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kFrameBytes = 2048;
constexpr std::uint32_t kMtu = 3000;

std::uint64_t count(const Port& port, base::Reason reason) {
  return port.stats().rx_drops[static_cast<std::size_t>(reason)];
}

class XdpStatisticsTest : public testing::TestWithParam<XdpMode> {};

TEST_P(XdpStatisticsTest, TellTooLongFramesFromFullRings) {
  constexpr std::uint32_t kRxFrames = 8;
  auto pair = VethPair::create("rx", {2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, 1, kMtu);
  if (!pair) {
    RINGBED_SKIP_OR_FAIL(pair.error().message);
  }
  ring::MemoryArea area = ring::MemoryArea::map(std::size_t{2} * kRxFrames * kFrameBytes).value();
  PortConfig config;
  config.where = pair.value().right().link.name;
  config.area = {area.data(), area.size()};
  config.frame_bytes = kFrameBytes;
  config.rx_frames = kRxFrames;
  config.tx_descriptors = kRxFrames;
  config.xdp.mode = GetParam();
  Ports ports;
  base::Status status = pair.value().right().space.run([&]() -> base::Status {
    auto opened = open_ports("xdp", config);
    if (opened) {
      ports = std::move(opened).value();
    }
    return opened ? base::Status() : base::Status(opened.error());
  });
  ASSERT_TRUE(status.ok()) << status.error().message;
  FileDescriptor outside;
  status = pair.value().left().space.run([&]() -> base::Status {
    outside = FileDescriptor(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(pair.value().left().link.index);
    return bind(outside.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0
               ? base::Status()
               : system_error(base::ErrorCode::io, "packet socket", errno, "");
  });
  ASSERT_TRUE(status.ok()) << status.error().message;
  const auto send_frames = [&](std::size_t length, int frames) {
    Frame frame(length, 0xff);
    base::store_be(frame.data() + 12, std::uint16_t{0x88b5});
    for (int i = 0; i < frames; ++i) {
      ASSERT_EQ(send(outside.get(), frame.data(), frame.size(), 0),
                static_cast<ssize_t>(frame.size()));
    }
  };
  const auto until = [](const auto& condition) {
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    return condition();
  };
  Port& port = *ports.front();
  send_frames(kFrameBytes + 100, 3);
  EXPECT_TRUE(until([&] { return count(port, base::Reason::frame_too_long) == 3; }))
      << count(port, base::Reason::frame_too_long);
  EXPECT_EQ(count(port, base::Reason::rx_ring_full), 0U);
  send_frames(100, kRxFrames + 5);
  EXPECT_TRUE(until([&] { return count(port, base::Reason::rx_ring_full) == 5; }))
      << count(port, base::Reason::rx_ring_full);
  EXPECT_EQ(count(port, base::Reason::frame_too_long), 3U);
}

INSTANTIATE_TEST_SUITE_P(Modes, XdpStatisticsTest,
                         testing::Values(XdpMode::native, XdpMode::generic));

}  // namespace
}  // namespace ringbed::port
