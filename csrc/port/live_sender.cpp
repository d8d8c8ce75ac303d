#include "port/live_sender.hpp"

#include <linux/if_link.h>
#include <sys/mman.h>

#include <bit>

namespace ringbed::port {

namespace {

// Frames that the kernel makes and sends at a time; as many as a NAPI poll takes.
constexpr std::uint32_t kBatch = 64;
constexpr int kMostTries = 1000;  // calls in a row that sent nothing (interrupted, no memory)
constexpr std::uint32_t kLoopbackIndex = 1;

}  // namespace

LiveSender::SharedMap::SharedMap(SharedMap&& other) noexcept
    : map(std::move(other.map)), at_(std::exchange(other.at_, nullptr)), bytes_(other.bytes_) {}

LiveSender::SharedMap& LiveSender::SharedMap::operator=(SharedMap&& other) noexcept {
  std::swap(map, other.map);
  std::swap(at_, other.at_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

LiveSender::SharedMap::~SharedMap() {
  if (at_ != nullptr) {
    munmap(at_, bytes_);
  }
}

base::Result<LiveSender::SharedMap> LiveSender::SharedMap::make(std::string_view name,
                                                                std::uint32_t bytes) {
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

LiveSender::LiveSender(std::string interface, FrameWriter writer, std::uint32_t longest_frame,
                       Netlink netlink, std::uint64_t dropped_before)
    : interface_(std::move(interface)),
      writer_(std::move(writer)),
      longest_frame_(longest_frame),
      blank_(writer_.initial_bytes()),
      netlink_(std::move(netlink)),
      dropped_before_(dropped_before) {}

base::Result<std::unique_ptr<LiveSender>> LiveSender::open(const std::string& interface,
                                                           std::uint32_t slots,
                                                           const KernelOptions& options) {
  auto netlink = Netlink::open();
  if (!netlink) {
    return netlink.error();
  }
  auto link = netlink.value().link(interface);
  if (!link) {
    return link.error();
  }
  std::unique_ptr<LiveSender> made(new LiveSender(
      interface, FrameWriter(options.recipes, options.longest_frame, std::bit_ceil(slots)),
      options.longest_frame, std::move(netlink).value(), link.value().tx_dropped));
  if (base::Status status = made->load(link.value().index); !status) {
    return status.error();
  }
  return made;
}

base::Status LiveSender::load(std::uint32_t index) {
  auto control = SharedMap::make("ringbed_control", FrameWriter::kControlBytes);
  auto records = SharedMap::make("ringbed_records", writer_.slots() * writer_.record_bytes());
  auto devmap = make_bpf_map({.type = BPF_MAP_TYPE_DEVMAP, .name = "ringbed_iface"});
  if (!control || !records || !devmap) {
    return !control ? control.error() : !records ? records.error() : devmap.error();
  }
  control_ = std::move(control).value();
  records_ = std::move(records).value();
  devmap_ = std::move(devmap).value();
  if (auto status = set_bpf_element(devmap_.get(), 0, index); !status) {
    return status.error();
  }
  auto program = load_xdp(writer_.compile({control_.map.get(), records_.map.get(), devmap_.get()}),
                          "ringbed_gen");
  if (!program) {
    return program.error();
  }
  program_ = std::move(program).value();
  park();
  // Nothing is in the ring, so nothing is sent: only whether the kernel can.
  if (!run(1)) {
    return system_error(base::ErrorCode::unavailable,
                        "this kernel runs no XDP program on live frames", errno,
                        "use Linux 5.18 or later, or generator.engine: xdp and "
                        "device.xdp.liveFrames: off");
  }
  return {};
}

void LiveSender::park() {
  auto made = NetworkNamespace::create();
  if (!made) {
    return;
  }
  parking_ = std::move(made).value();
  static_cast<void>(parking_->run([&]() -> base::Status {
    parked_ = link_xdp(program_.get(), kLoopbackIndex, XDP_FLAGS_SKB_MODE);
    return {};
  }));
}

bool LiveSender::run(std::uint32_t repeat) noexcept {
  xdp_md context{};
  context.data_end = static_cast<std::uint32_t>(blank_.size());
  bpf_attr attributes{};
  attributes.test.prog_fd = static_cast<std::uint32_t>(program_.get());
  attributes.test.data_in = reinterpret_cast<std::uintptr_t>(blank_.data());
  attributes.test.data_size_in = static_cast<std::uint32_t>(blank_.size());
  attributes.test.ctx_in = reinterpret_cast<std::uintptr_t>(&context);
  attributes.test.ctx_size_in = sizeof context;
  attributes.test.repeat = repeat;
  attributes.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  attributes.test.batch_size = std::min(repeat, kBatch);
  return bpf(BPF_PROG_TEST_RUN, attributes) == 0;
}

void LiveSender::put(base::ByteView frame, std::uint32_t recipe) noexcept {
  if (pending() == writer_.slots()) {
    flush();
  }
  const std::uint64_t slot = head_ & (writer_.slots() - 1);
  writer_.write_record(records_.at(slot * writer_.record_bytes()), frame, recipe);
  ++head_;
}

void LiveSender::flush() noexcept {
  control_.counter(FrameWriter::kHeadAt) = head_;
  for (int tries = 0; cursor() != head_; ++tries) {
    ++calls_;
    const std::uint64_t before = cursor();
    const bool ok = run(static_cast<std::uint32_t>(head_ - before));
    tries = cursor() != before ? 0 : tries;
    if (!ok && ((errno != EINTR && errno != EAGAIN && errno != ENOMEM) || tries == kMostTries)) {
      error_ = errno;
      unsent_ += head_ - cursor();
      cursor() = head_;
    }
  }
}

void LiveSender::close() noexcept {
  if (!closed_) {
    dropped_ = dropped();
    unsent_ += pending();
    head_ = cursor();
    closed_ = true;
  }
}

std::uint64_t LiveSender::dropped() const noexcept {
  if (!closed_) {
    if (auto link = netlink_.link(interface_)) {
      dropped_ = link.value().tx_dropped - dropped_before_;
    }
  }
  return dropped_;
}

base::Status LiveSender::status() const {
  if (error_ == 0 && refused() == 0) {
    return {};
  }
  return system_error(base::ErrorCode::io, "the eBPF sender has lost its interface",
                      error_ != 0 ? error_ : ENODEV,
                      "the interface was deleted or moved while the run went on");
}

}  // namespace ringbed::port
