// Backend `kernel`: sends by BPF_PROG_RUN in live-frame mode. The kernel makes empty frames, the
// program of frame_writer.hpp turns each into the next frame of the ring of records and redirects
// it to the interface: no copy of the frame into a socket, no socket buffer, no queueing
// discipline. Receives through AF_XDP, like `xdp`.
//
// A call has a price of its own (about 9 µs here: the kernel makes a page pool for it), a frame
// costs less than 60 ns: it pays to send many a call. Two things keep the price there:
// - The kernel patches its XDP dispatcher for a program that runs more than once in a call, which
//   takes a millisecond, unless the program is in the dispatcher already. So the program hangs on
//   the loopback interface of an empty namespace as well, where no frame will ever meet it.
// - The interface is reached through a devmap, which remembers it: the caller's thread may be in
// any
//   namespace.
#include <linux/if_link.h>
#include <net/if.h>
#include <sys/mman.h>

#include <bit>
#include <memory>
#include <optional>

#include "port/backends.hpp"
#include "port/bpf.hpp"
#include "port/frame_writer.hpp"
#include "port/netlink.hpp"
#include "port/netns.hpp"

namespace ringbed::port {

namespace {

// Frames that the kernel makes and sends at a time; as many as a NAPI poll takes.
constexpr std::uint32_t kBatch = 64;
constexpr int kMostTries = 1000;  // calls in a row that sent nothing (interrupted, no memory)
constexpr std::uint32_t kLoopbackIndex = 1;

// A map of one value, in this process's memory as well.
class SharedMap {
 public:
  SharedMap() = default;
  SharedMap(SharedMap&& other) noexcept
      : map(std::move(other.map)), at_(std::exchange(other.at_, nullptr)), bytes_(other.bytes_) {}
  SharedMap& operator=(SharedMap&&) = delete;
  ~SharedMap() {
    if (at_ != nullptr) {
      munmap(at_, bytes_);
    }
  }

  [[nodiscard]] static base::Result<SharedMap> make(std::string_view name, std::uint32_t bytes) {
    auto map = make_bpf_map(
        {.type = BPF_MAP_TYPE_ARRAY, .value_bytes = bytes, .flags = BPF_F_MMAPABLE, .name = name});
    if (!map) {
      return map.error();
    }
    SharedMap made;
    made.map = std::move(map).value();
    made.bytes_ = bytes;
    void* const at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, made.map.get(), 0);
    if (at == MAP_FAILED) {
      return system_error(base::ErrorCode::resource, "cannot map an eBPF map", errno,
                          "make nic.txDescriptors or the frames smaller");
    }
    made.at_ = static_cast<std::uint8_t*>(at);
    return made;
  }

  [[nodiscard]] std::uint8_t* at(std::uint64_t offset) const noexcept { return at_ + offset; }
  [[nodiscard]] std::uint64_t& counter(std::uint32_t offset) const noexcept {
    return *reinterpret_cast<std::uint64_t*>(at_ + offset);
  }

  FileDescriptor map;

 private:
  std::uint8_t* at_ = nullptr;
  std::size_t bytes_ = 0;
};

// Keeps a program in the kernel's dispatcher. Where it may not (no CAP_SYS_ADMIN) the run works,
// but a call costs a millisecond more.
struct Parking {
  std::optional<NetworkNamespace> space;  // its loopback interface lives as long
  FileDescriptor link;

  explicit Parking(int program) {
    auto made = NetworkNamespace::create();
    if (!made) {
      return;
    }
    space = std::move(made).value();
    static_cast<void>(space->run([&]() -> base::Status {
      link = link_xdp(program, kLoopbackIndex, XDP_FLAGS_SKB_MODE);
      return {};
    }));
  }
};

// The program with its maps, loaded, and the frame that it is given.
struct Sender {
  FrameWriter writer;
  SharedMap control;
  SharedMap records;
  FileDescriptor interface;  // BPF_MAP_TYPE_DEVMAP
  FileDescriptor program;
  Parking parking;
  std::vector<std::uint8_t> blank;

  [[nodiscard]] static base::Result<Sender> open(FrameWriter writer, std::uint32_t index);
  // Lets `repeat` frames go through the program; false with errno set.
  bool run(std::uint32_t repeat) noexcept;
};

base::Result<Sender> Sender::open(FrameWriter writer, std::uint32_t index) {
  auto control = SharedMap::make("ringbed_control", FrameWriter::kControlBytes);
  auto records = SharedMap::make("ringbed_records", writer.slots() * writer.record_bytes());
  auto interface = make_bpf_map({.type = BPF_MAP_TYPE_DEVMAP, .name = "ringbed_iface"});
  if (!control || !records || !interface) {
    return !control ? control.error() : !records ? records.error() : interface.error();
  }
  if (auto status = set_bpf_element(interface.value().get(), 0, index); !status) {
    return status.error();
  }
  const auto code = writer.compile(
      {control.value().map.get(), records.value().map.get(), interface.value().get()});
  auto program = load_xdp(code, "ringbed_gen");
  if (!program) {
    return program.error();
  }
  Parking parking(program.value().get());
  std::vector<std::uint8_t> blank(writer.initial_bytes());
  Sender made{std::move(writer),
              std::move(control).value(),
              std::move(records).value(),
              std::move(interface).value(),
              std::move(program).value(),
              std::move(parking),
              std::move(blank)};
  // Nothing is in the ring, so nothing is sent: only whether the kernel can.
  if (!made.run(1)) {
    return system_error(base::ErrorCode::unavailable,
                        "this kernel runs no XDP program on live frames", errno,
                        "use Linux 5.18 or later, or generator.engine: xdp");
  }
  return made;
}

bool Sender::run(std::uint32_t repeat) noexcept {
  xdp_md context{};
  context.data_end = static_cast<std::uint32_t>(blank.size());
  bpf_attr attributes{};
  attributes.test.prog_fd = static_cast<std::uint32_t>(program.get());
  attributes.test.data_in = reinterpret_cast<std::uintptr_t>(blank.data());
  attributes.test.data_size_in = static_cast<std::uint32_t>(blank.size());
  attributes.test.ctx_in = reinterpret_cast<std::uintptr_t>(&context);
  attributes.test.ctx_size_in = sizeof context;
  attributes.test.repeat = repeat;
  attributes.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  attributes.test.batch_size = std::min(repeat, kBatch);
  return bpf(BPF_PROG_TEST_RUN, attributes) == 0;
}

class KernelPort final : public Port {
 public:
  KernelPort(const PortConfig& config, Sender sender, std::unique_ptr<Port> receiver,
             Netlink netlink, std::uint64_t dropped_before)
      : sender_(std::move(sender)),
        receiver_(std::move(receiver)),
        netlink_(std::make_unique<Netlink>(std::move(netlink))),
        interface_(config.where),
        area_(config.area),
        frame_bytes_(config.frame_bytes),
        max_frame_bytes_(config.kernel.longest_frame),
        hold_(std::min(config.kernel.hold, config.tx_descriptors)),
        dropped_before_(dropped_before) {
    sent_.reserve(config.tx_descriptors);
    capabilities_ = receiver_->capabilities();
    capabilities_.mode = "eBPF live frames; receives " + capabilities_.mode;
    capabilities_.max_frame_bytes = std::min(capabilities_.max_frame_bytes, max_frame_bytes_);
    capabilities_.peer_counts_tx_drops = true;
  }

  std::size_t rx_burst(std::span<ring::Descriptor> frames) noexcept override {
    return receiver_->rx_burst(frames);
  }
  void recycle(std::span<const ring::Descriptor> frames) noexcept override {
    receiver_->recycle(frames);
  }

  std::size_t tx_burst(std::span<const ring::Descriptor> frames) noexcept override {
    std::size_t count = 0;
    for (; !closed_ && count < frames.size() && sent_.size() < sent_.capacity(); ++count) {
      const ring::Descriptor& frame = frames[count];
      sent_.push_back(frame.address);
      bytes_ += frame.length;
      if (sendable(frame)) {
        put(frame);
      } else {
        ++too_long_;
      }
    }
    frames_ += count;
    full_ += frames.size() - count;
    if (pending() > hold_) {
      flush();
    }
    return count;
  }

  void flush() noexcept override {
    std::uint64_t& cursor = sender_.control.counter(FrameWriter::kCursorAt);
    sender_.control.counter(FrameWriter::kHeadAt) = head_;
    for (int tries = 0; cursor != head_; ++tries) {
      ++calls_;
      const std::uint64_t before = cursor;
      const bool ok = sender_.run(static_cast<std::uint32_t>(head_ - before));
      tries = cursor != before ? 0 : tries;
      if (!ok && ((errno != EINTR && errno != EAGAIN && errno != ENOMEM) || tries == kMostTries)) {
        error_ = errno;
        unsent_ += head_ - cursor;
        cursor = head_;
      }
    }
  }

  std::size_t held() const noexcept override {
    return closed_ ? 0 : static_cast<std::size_t>(pending());
  }

  // A record is a copy: the frame's way is over when it is written.
  std::size_t reclaim(std::span<std::uint64_t> addresses) noexcept override {
    const std::size_t count = std::min(addresses.size(), sent_.size());
    std::copy_n(sent_.end() - static_cast<std::ptrdiff_t>(count), count, addresses.begin());
    sent_.resize(sent_.size() - count);
    completed_ += count;
    return count;
  }

  PortStats stats() const noexcept override {
    PortStats stats = receiver_->stats();
    stats.tx_frames = frames_;
    stats.tx_bytes = bytes_;
    stats.tx_completed = completed_;
    stats.tx_full = full_;
    stats.system_calls += calls_;
    stats.tx_drop(base::Reason::frame_too_long, too_long_);
    stats.tx_drop(base::Reason::link_queue_full, refused() + unsent_ + dropped());
    return stats;
  }
  const Capabilities& capabilities() const noexcept override { return capabilities_; }
  base::Status status() const override {
    if (error_ != 0 || refused() != 0) {
      return system_error(base::ErrorCode::io, "the eBPF sender has lost its interface",
                          error_ != 0 ? error_ : ENODEV,
                          "the interface was deleted or moved while the run went on");
    }
    return receiver_->status();
  }
  void close() noexcept override {
    if (!closed_) {
      dropped_ = dropped();
      unsent_ += pending();
      head_ = sender_.control.counter(FrameWriter::kCursorAt);
      closed_ = true;
      receiver_->close();
    }
  }

 private:
  [[nodiscard]] std::uint64_t pending() const noexcept {
    return head_ - sender_.control.counter(FrameWriter::kCursorAt);
  }
  // Frames that the program could not make or send.
  [[nodiscard]] std::uint64_t refused() const noexcept {
    return sender_.control.counter(FrameWriter::kRefusedAt);
  }
  [[nodiscard]] bool sendable(const ring::Descriptor& frame) const noexcept {
    return frame.length >= FrameWriter::kMinFrameBytes && frame.length <= max_frame_bytes_ &&
           frame.address < area_.size() &&
           (frame.address & (frame_bytes_ - 1)) + frame.length <= frame_bytes_;
  }
  void put(const ring::Descriptor& frame) noexcept {
    const FrameWriter& writer = sender_.writer;
    if (pending() == writer.slots()) {
      flush();
    }
    const std::uint64_t slot = head_ & (writer.slots() - 1);
    writer.write_record(sender_.records.at(slot * writer.record_bytes()),
                        area_.subspan(frame.address, frame.length), frame.options);
    ++head_;
  }
  // By the interface: the other end had no room.
  [[nodiscard]] std::uint64_t dropped() const noexcept {
    if (!closed_) {
      if (auto link = netlink_->link(interface_)) {
        dropped_ = link.value().tx_dropped - dropped_before_;
      }
    }
    return dropped_;
  }

  mutable Sender sender_;
  std::unique_ptr<Port> receiver_;
  std::unique_ptr<Netlink> netlink_;
  std::string interface_;
  base::MutableBytes area_;
  std::uint64_t frame_bytes_;
  std::uint32_t max_frame_bytes_;
  std::uint32_t hold_;
  std::uint64_t dropped_before_;
  mutable std::uint64_t dropped_ = 0;
  std::uint64_t head_ = 0;           // records written
  std::vector<std::uint64_t> sent_;  // addresses to be reclaimed
  Capabilities capabilities_;
  std::uint64_t frames_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t completed_ = 0;
  std::uint64_t full_ = 0;
  std::uint64_t calls_ = 0;
  std::uint64_t too_long_ = 0;
  std::uint64_t unsent_ = 0;
  int error_ = 0;
  bool closed_ = false;
};

base::Status check(const PortConfig& config) {
  if (config.queues != 1) {
    return base::Error{base::ErrorCode::unavailable,
                       "the engine `kernel` cannot choose the queue that a frame arrives on, and "
                       "the scenario has " +
                           std::to_string(config.queues) + " queues",
                       "set nic.queues: 1, or use generator.engine: xdp"};
  }
  if (config.kernel.longest_frame > FrameWriter::kMaxFrameBytes) {
    return base::Error{
        base::ErrorCode::unavailable,
        "the engine `kernel` sends frames of up to " + std::to_string(FrameWriter::kMaxFrameBytes) +
            " bytes, this scenario has some of " + std::to_string(config.kernel.longest_frame),
        "lower the sizes of the streams, or use generator.engine: xdp"};
  }
  return {};
}

}  // namespace

Availability kernel_available() noexcept { return xdp_available(); }

base::Result<Ports> create_kernel(const PortConfig& given) {
  if (base::Status status = check(given); !status) {
    return status.error();
  }
  PortConfig config = given;
  if (config.kernel.longest_frame == 0) {
    config.kernel.longest_frame = std::min(config.frame_bytes, FrameWriter::kMaxFrameBytes);
  }
  // First: it names what is wrong with the interface.
  auto receivers = create_xdp(config);
  if (!receivers) {
    return receivers.error();
  }
  auto netlink = Netlink::open();
  if (!netlink) {
    return netlink.error();
  }
  auto link = netlink.value().link(config.where);
  if (!link) {
    return link.error();
  }
  const std::uint32_t slots = std::bit_ceil(std::max(config.tx_descriptors, config.kernel.hold));
  auto sender = Sender::open(FrameWriter(config.kernel.recipes, config.kernel.longest_frame, slots),
                             link.value().index);
  if (!sender) {
    return sender.error();
  }
  Ports ports;
  ports.push_back(std::make_unique<KernelPort>(
      config, std::move(sender).value(), std::move(receivers.value().front()),
      std::move(netlink).value(), link.value().tx_dropped));
  return ports;
}

}  // namespace ringbed::port
