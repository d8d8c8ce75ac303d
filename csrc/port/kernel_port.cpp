// Backend `kernel`: sends by live_sender.hpp, receives through AF_XDP, like `xdp`.
#include <memory>

#include "port/backends.hpp"
#include "port/live_sender.hpp"

namespace ringbed::port {

namespace {

class KernelPort final : public Port {
 public:
  KernelPort(const PortConfig& config, std::unique_ptr<LiveSender> sender,
             std::unique_ptr<Port> receiver)
      : sender_(std::move(sender)),
        receiver_(std::move(receiver)),
        area_(config.area),
        frame_bytes_(config.frame_bytes),
        max_frame_bytes_(config.kernel.longest_frame),
        hold_(std::min(config.kernel.hold, config.tx_descriptors)) {
    sent_.reserve(config.tx_descriptors);
    capabilities_ = receiver_->capabilities();
    capabilities_.mode = "eBPF live frames; receives " + capabilities_.mode;
    capabilities_.max_frame_bytes = std::min(capabilities_.max_frame_bytes, max_frame_bytes_);
    capabilities_.peer_counts_tx_drops = true;
  }

  std::size_t rx_burst(std::span<ring::Descriptor> frames) noexcept override {
    return receiver_->rx_burst(frames);
  }
  std::size_t waiting() const noexcept override { return receiver_->waiting(); }
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
        sender_->put(area_.subspan(frame.address, frame.length), frame.options);
      } else {
        ++too_long_;
      }
    }
    frames_ += count;
    full_ += frames.size() - count;
    if (sender_->pending() > hold_) {
      sender_->flush();
    }
    return count;
  }

  void flush() noexcept override { sender_->flush(); }

  std::size_t held() const noexcept override {
    return closed_ ? 0 : static_cast<std::size_t>(sender_->pending());
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
    stats.system_calls += sender_->calls();
    stats.tx_drop(base::Reason::frame_too_long, too_long_);
    stats.tx_drop(base::Reason::link_queue_full, sender_->lost() + sender_->dropped());
    return stats;
  }
  const Capabilities& capabilities() const noexcept override { return capabilities_; }
  base::Status status() const override {
    if (base::Status status = sender_->status(); !status) {
      return status;
    }
    return receiver_->status();
  }
  void close() noexcept override {
    if (!closed_) {
      sender_->close();
      closed_ = true;
      receiver_->close();
    }
  }

 private:
  [[nodiscard]] bool sendable(const ring::Descriptor& frame) const noexcept {
    return sender_->takes(frame.length) && frame.address < area_.size() &&
           (frame.address & (frame_bytes_ - 1)) + frame.length <= frame_bytes_;
  }
  std::unique_ptr<LiveSender> sender_;
  std::unique_ptr<Port> receiver_;
  base::MutableBytes area_;
  std::uint64_t frame_bytes_;
  std::uint32_t max_frame_bytes_;
  std::uint32_t hold_;
  std::vector<std::uint64_t> sent_;  // addresses to be reclaimed
  Capabilities capabilities_;
  std::uint64_t frames_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t completed_ = 0;
  std::uint64_t full_ = 0;
  std::uint64_t too_long_ = 0;
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
  auto sender = LiveSender::open(config.where, std::max(config.tx_descriptors, config.kernel.hold),
                                 config.kernel);
  if (!sender) {
    return sender.error();
  }
  Ports ports;
  ports.push_back(std::make_unique<KernelPort>(config, std::move(sender).value(),
                                               std::move(receivers.value().front())));
  return ports;
}

}  // namespace ringbed::port
