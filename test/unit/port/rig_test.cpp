// The rigs themselves. (A _test file, so that it is linked into the folder's executable.)
#include "unit/port/rig.hpp"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include <cstring>

#include "base/endian.hpp"
#include "port/veth.hpp"
#include "port/xdp_program.hpp"

namespace ringbed::port {

namespace {

// Experimental EtherType (IEEE 802, 0x88b5), so that nobody in the kernel feels addressed.
constexpr std::uint16_t kType = 0x88b5;
constexpr std::size_t kNumber = 14;

Frame plain_frame(std::uint32_t number, std::size_t length) {
  Frame frame(std::max<std::size_t>(length, 60));
  for (std::size_t i = kNumber + 4; i < frame.size(); ++i) {
    frame[i] = static_cast<std::uint8_t>(number * 31 + i);
  }
  std::memset(frame.data(), 0xff, 6);
  std::memcpy(frame.data() + 6, "\x02\x00\x00\x00\x00\x01", 6);
  base::store_be(frame.data() + 12, kType);
  base::store_be(frame.data() + kNumber, number);
  return frame;
}

class LoopbackRig final : public Rig {
 public:
  // The second queue is the one outside.
  LoopbackRig() {
    PortConfig pair = config();
    pair.queues = 2;
    ports_ = open_ports("loopback", pair).value();
  }

  Frame make(std::uint32_t number, std::size_t length) const override {
    return plain_frame(number, length);
  }
  std::uint32_t number_of(const std::uint8_t* frame, std::size_t) const override {
    return base::load_be<std::uint32_t>(frame + kNumber);
  }
  // Its last tx frame is the outside's.
  bool inject(const Frame& frame) override {
    const std::uint64_t address = tx_address(kTxFrames - 1);
    std::copy(frame.begin(), frame.end(), at(address));
    const ring::Descriptor descriptor{address, static_cast<std::uint32_t>(frame.size()), 0};
    std::uint64_t home = 0;
    return ports_[1]->tx_burst({&descriptor, 1}) == 1 && ports_[1]->reclaim({&home, 1}) == 1 &&
           home == address;
  }
  std::vector<Frame> observe() override {
    std::vector<Frame> frames;
    std::array<ring::Descriptor, 16> burst;
    while (const std::size_t count = ports_[1]->rx_burst(burst)) {
      for (const auto& frame : std::span(burst).first(count)) {
        frames.emplace_back(at(frame.address), at(frame.address) + frame.length);
      }
      ports_[1]->recycle(std::span(burst).first(count));
    }
    return frames;
  }
};

class VethRig final : public Rig {
 public:
  VethRig(VethPair pair, std::string_view backend) : pair_(std::move(pair)) {
    PortConfig port_config = config();
    port_config.where = pair_.right().link.name;
    const base::Status opened = pair_.right().space.run([&]() -> base::Status {
      auto ports = open_ports(backend, port_config);
      if (!ports) {
        return ports.error();
      }
      ports_ = std::move(ports).value();
      return {};
    });
    const base::Status listening = pair_.left().space.run([&]() -> base::Status {
      if (backend == "kernel") {  // a veth takes redirected frames only where an XDP program hangs
        auto program = XdpProgram::attach(pair_.left().link.index, 1, XdpMode::native, false);
        if (!program) {
          return program.error();
        }
        passing_ = std::move(program).value();
      }
      outside_ = FileDescriptor(
          socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL)));
      sockaddr_ll address{};
      address.sll_family = AF_PACKET;
      address.sll_protocol = htons(ETH_P_ALL);
      address.sll_ifindex = static_cast<int>(pair_.left().link.index);
      const int on = 1;
      const int megabytes = 8 << 20;
      setsockopt(outside_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
      setsockopt(outside_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &megabytes, sizeof megabytes);
      return bind(outside_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0
                 ? base::Status()
                 : system_error(base::ErrorCode::io, "packet socket", errno, "");
    });
    // The backend said that it is available: then this is no reason to skip.
    EXPECT_TRUE(opened.ok()) << (opened ? "" : opened.error().message + "; " + opened.error().hint);
    EXPECT_TRUE(listening.ok()) << (listening ? "" : listening.error().message);
  }

  Frame make(std::uint32_t number, std::size_t length) const override {
    return plain_frame(number, length);
  }
  std::uint32_t number_of(const std::uint8_t* frame, std::size_t) const override {
    return base::load_be<std::uint32_t>(frame + kNumber);
  }
  bool inject(const Frame& frame) override {
    return send(outside_.get(), frame.data(), frame.size(), 0) ==
           static_cast<ssize_t>(frame.size());
  }
  std::vector<Frame> observe() override {
    std::vector<Frame> frames;
    Frame buffer(4096);
    for (;;) {
      const ssize_t got = recv(outside_.get(), buffer.data(), buffer.size(), 0);
      if (got < 0) {
        return frames;
      }
      frames.emplace_back(buffer.begin(), buffer.begin() + got);
    }
  }

 private:
  VethPair pair_;
  FileDescriptor outside_;
  XdpProgram passing_;
};

}  // namespace

std::unique_ptr<Rig> make_rig(std::string_view backend, std::string& why) {
  if (backend == "loopback") {
    return std::make_unique<LoopbackRig>();
  }
  auto pair = VethPair::create("rt", {2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, 1, 1500);
  if (!pair) {
    why = pair.error().message + " (" + pair.error().hint + ")";
    return nullptr;
  }
  return std::make_unique<VethRig>(std::move(pair).value(), backend);
}

}  // namespace ringbed::port
