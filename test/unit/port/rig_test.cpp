// The rigs themselves. (A _test file, so that it is linked into the folder's executable.)
#include "unit/port/rig.hpp"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/endian.hpp"
#include "port/datagram.hpp"
#include "port/host_stack.hpp"
#include "port/veth.hpp"
#include "port/xdp_program.hpp"

namespace ringbed::port {

namespace {

// Experimental EtherType (IEEE 802, 0x88b5), so that nobody in the kernel feels addressed.
constexpr std::uint16_t kType = 0x88b5;
constexpr std::size_t kNumber = 14;
// Of the datagrams, for backends that carry nothing else.
NetAddress outside_address(bool v6) {
  constexpr std::array<std::uint8_t, 16> kV6{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0,
                                             0,    0,    0,    0,    0, 0, 0, 1};
  constexpr std::array<std::uint8_t, 4> kV4{10, 0, 0, 1};
  return v6 ? NetAddress::from(kV6) : NetAddress::from(kV4);
}
NetAddress inside_address(bool v6) { return outside_address(v6).after(1); }
constexpr std::uint16_t kOutsidePort = 40'000;
constexpr std::uint16_t kInsidePort = 8'080;
constexpr std::uint16_t kFlows = 8;
constexpr std::array<std::uint8_t, 6> kOutsideMac{2, 0, 0, 0, 0, 1};
constexpr std::array<std::uint8_t, 6> kInsideMac{2, 0, 0, 0, 0, 2};

Frame plain_frame(std::uint32_t number, std::size_t length) {
  Frame frame(std::max<std::size_t>(length, 60));
  for (std::size_t i = kNumber + 4; i < frame.size(); ++i) {
    frame[i] = static_cast<std::uint8_t>(number * 31 + i);
  }
  std::memset(frame.data(), 0xff, 6);
  // Another source for every number of eight: what spreads frames over queues looks at the
  // addresses.
  std::copy(kOutsideMac.begin(), kOutsideMac.end(), frame.begin() + 6);
  frame[10] = static_cast<std::uint8_t>(number % kFlows);
  base::store_be(frame.data() + 12, kType);
  base::store_be(frame.data() + kNumber, number);
  return frame;
}

class LoopbackRig final : public Rig {
 public:
  // Every second queue is the one outside.
  explicit LoopbackRig(std::uint32_t queues) : queues_(queues) {
    PortConfig pairs = config();
    pairs.queues = 2 * queues;
    ports_ = open_ports("loopback", pairs).value();
  }

  Port& port(std::uint32_t queue) override { return *ports_[2 * queue]; }
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
    Port& from = *ports_[2 * (number_of(frame.data(), frame.size()) % queues_) + 1];
    std::uint64_t home = 0;
    return from.tx_burst({&descriptor, 1}) == 1 && from.reclaim({&home, 1}) == 1 && home == address;
  }
  std::vector<Frame> observe() override {
    std::vector<Frame> frames;
    std::array<ring::Descriptor, 16> burst;
    for (std::uint32_t queue = 0; queue < queues_; ++queue) {
      Port& outside = *ports_[2 * queue + 1];
      while (const std::size_t count = outside.rx_burst(burst)) {
        for (const auto& frame : std::span(burst).first(count)) {
          frames.emplace_back(at(frame.address), at(frame.address) + frame.length);
        }
        outside.recycle(std::span(burst).first(count));
      }
    }
    return frames;
  }

 private:
  std::uint32_t queues_;
};

class VethRig final : public Rig {
 public:
  // What a name stands for beyond its backend. `rows`: sockets with all that they can do
  // (SocketTuning); four datagrams of a flow in a row.
  struct Variant {
    bool live = false;
    bool rows = false;
    bool v6 = false;
  };
  VethRig(VethPair pair, const Backend& backend, std::uint32_t queues, const Variant& variant)
      : pair_(std::move(pair)),
        datagrams_(backend.datagrams_only),
        in_a_row_(variant.rows ? 4 : 1),
        v6_(variant.v6) {
    // Not a structured binding: C++20 does not let lambdas capture those.
    const bool live = variant.live;
    const bool rows = variant.rows;
    const bool v6 = variant.v6;
    PortConfig port_config = config();
    port_config.xdp.live_frames = live ? Choice::on : Choice::off;
    port_config.where = pair_.right().link.name;
    port_config.queues = queues;
    port_config.socket.v6 = v6;
    port_config.socket.receive = {{inside_address(v6), kInsidePort}};
    port_config.socket.tuning = {rows, rows, rows ? 50U : 0U, 64};
    port_config.socket.own_mac = kInsideMac;
    port_config.socket.peer_mac = kOutsideMac;
    for (std::uint16_t i = 0; datagrams_ && i < kFlows; ++i) {
      port_config.socket.send_from.push_back(static_cast<std::uint16_t>(kInsidePort + i));
    }
    const base::Status opened = pair_.right().space.run([&]() -> base::Status {
      if (datagrams_) {
        base::Status ready = prepare_stack(
            pair_.right().link, {{inside_address(v6)}, {{outside_address(v6), kOutsideMac}}});
        ready = ready && rows ? receive_in_rows(pair_.right().link.name) : ready;
        if (!ready) {
          return ready;
        }
      }
      auto ports = open_ports(backend.name, port_config);
      if (!ports) {
        return ports.error();
      }
      ports_ = std::move(ports).value();
      return {};
    });
    const base::Status listening = pair_.left().space.run([&]() -> base::Status {
      // A veth takes redirected frames only where an XDP program hangs.
      if (backend.name == "kernel" || live) {
        auto program = XdpProgram::attach(pair_.left().link.index, {.mode = XdpMode::native});
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
    return datagrams_ ? datagram(number, length, false) : plain_frame(number, length);
  }
  Frame make_outgoing(std::uint32_t number, std::size_t length) const override {
    return datagrams_ ? datagram(number, length, true) : plain_frame(number, length);
  }
  std::uint32_t number_of(const std::uint8_t* frame, std::size_t) const override {
    return base::load_be<std::uint32_t>(frame + (datagrams_ ? header_bytes() : kNumber));
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
      if (datagrams_) {
        as_made(frames.back());
      }
    }
  }

 private:
  [[nodiscard]] std::uint32_t header_bytes() const { return datagram_header_bytes(v6_); }

  // Outgoing ones have a source port of their own for every flow, too.
  Frame datagram(std::uint32_t number, std::size_t length, bool outgoing) const {
    Frame frame = plain_frame(number, length);
    const auto flow = static_cast<std::uint16_t>(number / in_a_row_ % kFlows);
    const auto inside = static_cast<std::uint16_t>(kInsidePort + (outgoing ? flow : 0));
    const auto outside = static_cast<std::uint16_t>(kOutsidePort + flow);
    frame.resize(std::max<std::size_t>(frame.size(), header_bytes() + 4));
    Datagram made{outside_address(v6_),
                  inside_address(v6_),
                  outside,
                  inside,
                  64,
                  0,
                  header_bytes(),
                  static_cast<std::uint32_t>(frame.size()) - header_bytes()};
    if (outgoing) {
      std::swap(made.source, made.destination);
      std::swap(made.source_port, made.destination_port);
    }
    base::store_be(frame.data() + header_bytes(), number);
    write_headers(frame.data(), made, kInsideMac, kOutsideMac);
    return frame;
  }

  // The kernel's stack has put whole frames around the datagrams that the port sent: they are
  // sound, their addresses and ports are those that were asked for, and turned round they are what
  // make() makes.
  void as_made(Frame& frame) const {
    const auto word = [&frame](std::size_t at) {
      return std::uint32_t{base::load_be<std::uint16_t>(frame.data() + at)};
    };
    Datagram found;
    ASSERT_TRUE(read_datagram(frame, found));
    std::uint32_t sum = 17 + 8 + found.payload_bytes;  // the pseudo header (RFC 768)
    const std::size_t addresses = v6_ ? 22 : 26;
    for (std::size_t at = addresses; at < frame.size(); at += 2) {
      sum += at + 1 < frame.size() ? word(at) : std::uint32_t{frame[at]} << 8;
    }
    sum = (sum & 0xffff) + (sum >> 16);
    ASSERT_EQ((sum & 0xffff) + (sum >> 16), 0xffffU) << "UDP checksum";
    ASSERT_TRUE(std::equal(kOutsideMac.begin(), kOutsideMac.end(), frame.begin()));
    const std::uint32_t number = number_of(frame.data(), frame.size());
    Datagram wanted;
    ASSERT_TRUE(read_datagram(datagram(number, frame.size(), true), wanted));
    ASSERT_EQ(found.source, wanted.source);
    ASSERT_EQ(found.destination, wanted.destination);
    ASSERT_EQ(found.source_port, wanted.source_port);
    ASSERT_EQ(found.destination_port, wanted.destination_port);
    Frame turned = make(number, frame.size());
    std::copy(frame.begin() + header_bytes(), frame.end(), turned.begin() + header_bytes());
    frame = std::move(turned);
  }

  VethPair pair_;
  bool datagrams_;
  std::uint32_t in_a_row_;
  bool v6_;
  FileDescriptor outside_;
  XdpProgram passing_;
};

}  // namespace

std::unique_ptr<Rig> make_rig(std::string_view name, std::uint32_t queues, std::string& why) {
  const VethRig::Variant variant{name == kXdpLive, name == kSocketRows, name == kSocketV6};
  const std::string_view backend = variant.live                 ? "xdp"
                                   : variant.rows || variant.v6 ? "socket"
                                                                : name;
  const auto row = std::find_if(backends().begin(), backends().end(),
                                [backend](const Backend& b) { return b.name == backend; });
  if (!row->on_interface) {
    return std::make_unique<LoopbackRig>(queues);
  }
  auto pair = VethPair::create("rt", kOutsideMac, kInsideMac, queues, 1500);
  if (!pair) {
    why = pair.error().message + " (" + pair.error().hint + ")";
    return nullptr;
  }
  return std::make_unique<VethRig>(std::move(pair).value(), *row, queues, variant);
}

}  // namespace ringbed::port
