// A port over an AF_XDP socket. The rings' memory is the kernel's; one pair of ring
// classes serves both sides. In copy mode the kernel sends only inside the system call that wakes
// it, at most 32 frames a call (TX_BATCH_SIZE), so a burst is kicked until the ring is empty.
// Longer bursts may leave as live frames (live_sender.hpp), never past frames that are still in the
// ring.
#include "port/xdp_port.hpp"

#include <sys/socket.h>

#include <cstring>

#include "port/in_flight.hpp"

namespace ringbed::port {

namespace {

// Frames that the kernel holds on their way out; the default (208 KiB) is 200 small ones.
constexpr int kSendBufferBytes = 8 << 20;
// AF_XDP leaves this much in front of a received frame (XDP_PACKET_HEADROOM).
constexpr std::uint32_t kHeadroomBytes = 256;
constexpr std::uint32_t kMinFrameBytes = 14;
// From so many frames on a call for live frames costs less than as many socket buffers.
constexpr std::size_t kLiveBurst = 16;

class XdpPort final : public Port {
 public:
  XdpPort(const PortConfig& config, std::uint32_t queue, XdpParts parts)
      : program_(std::move(parts.program)),
        deferred_(std::move(parts.deferred)),
        live_(std::move(parts.live)),
        socket_(std::move(parts.socket)),
        in_flight_(config.frames(), config.frame_bytes),
        area_(config.area),
        frame_bytes_(config.frame_bytes),
        chunk_bytes_(std::min(config.frame_bytes, kMaxChunkBytes)),
        first_tx_address_(std::uint64_t{config.first_tx_frame()} * config.frame_bytes),
        end_address_(std::uint64_t{config.frames()} * config.frame_bytes) {
    over_.reserve(socket_.completion.size());
    capabilities_.max_frame_bytes = config.frame_bytes - kHeadroomBytes;
    capabilities_.zero_copy = socket_.zero_copy();
    capabilities_.interface_counts_drops = program_->native();
    capabilities_.rx_stamps = program_->stamps();
    capabilities_.mode =
        std::string(program_->native() ? "native" : "generic") +
        (socket_.zero_copy() ? ", zero-copy" : ", copy") +
        (socket_.need_wakeup() ? ", need_wakeup" : "") +
        (socket_.busy_poll()                  ? ", busy polling"
         : config.xdp.busy_poll == Choice::on ? ", no busy polling (the driver names no NAPI)"
                                              : "") +
        (deferred_ ? " with deferred interrupts" : "") + (live_ ? ", bursts as live frames" : "");
    setsockopt(socket_.descriptor(), SOL_SOCKET, SO_SNDBUFFORCE, &kSendBufferBytes,
               sizeof kSendBufferBytes);
    std::uint32_t index = 0;
    const std::uint32_t count = socket_.fill.reserve(config.rx_frames, index);
    for (std::uint32_t i = 0; i < count; ++i) {
      socket_.fill.slot(index + i) =
          std::uint64_t{queue * config.rx_frames + i} * config.frame_bytes;
    }
    socket_.fill.submit();
  }

  std::size_t rx_burst(std::span<ring::Descriptor> frames) noexcept override {
    if (closed_) {
      return 0;
    }
    const std::size_t count = several_pieces() ? assemble(frames) : socket_.rx.pop(frames);
    if (count == 0) {
      if (socket_.busy_poll() || (socket_.need_wakeup() && socket_.fill.needs_wakeup())) {
        ++system_calls_;
        recvfrom(socket_.descriptor(), nullptr, 0, MSG_DONTWAIT, nullptr, nullptr);
      }
      return 0;
    }
    rx_frames_ += count;
    for (const ring::Descriptor& frame : frames.first(count)) {
      rx_bytes_ += frame.length;
    }
    return count;
  }

  // Pieces, where frames come in several.
  std::size_t waiting() const noexcept override { return closed_ ? 0 : socket_.rx.ready(); }

  void recycle(std::span<const ring::Descriptor> frames) noexcept override {
    if (closed_) {
      return;
    }
    std::uint32_t index = 0;
    const std::uint32_t count =
        socket_.fill.reserve(static_cast<std::uint32_t>(frames.size()), index);
    for (std::uint32_t i = 0; i < count; ++i) {
      // The kernel rounds down to the chunk, but the frame may be several.
      socket_.fill.slot(index + i) = frames[i].address & ~std::uint64_t{frame_bytes_ - 1};
    }
    socket_.fill.submit();
  }

  std::size_t tx_burst(std::span<const ring::Descriptor> frames) noexcept override {
    if (closed_) {
      return 0;
    }
    if (can_live(frames)) {
      return send_live(frames);
    }
    std::size_t count = 0;
    bool submit = false;
    for (; count < frames.size(); ++count) {
      const ring::Descriptor& frame = frames[count];
      const bool valid = sendable(frame);
      if (valid ? !put(frame) : over_.size() == over_.capacity()) {
        break;
      }
      if (!valid) {
        // The kernel would skip it and never complete it.
        in_flight_.add(frame.address);
        over_.push_back(frame.address);
        ++too_long_;
      }
      submit = submit || valid;
      tx_bytes_ += frame.length;
    }
    tx_frames_ += count;
    tx_full_ += frames.size() - count;
    if (submit) {
      socket_.tx.submit();
    }
    kick();
    return count;
  }

  std::size_t reclaim(std::span<std::uint64_t> addresses) noexcept override {
    if (closed_) {
      return in_flight_.take(addresses);
    }
    std::size_t count = 0;
    while (!over_.empty() && count < addresses.size()) {
      addresses[count] = over_.back();
      over_.pop_back();
      in_flight_.remove(addresses[count++]);
    }
    std::size_t known = count;
    known += complete(addresses.subspan(known));
    if (known == 0 && in_flight_.count() != 0) {
      kick();
      known = complete(addresses);
    }
    tx_completed_ += known;
    return known;
  }

  PortStats stats() const noexcept override {
    const XdpStatistics kernel = closed_ ? last_ : socket_.statistics();
    PortStats stats;
    stats.rx_frames = rx_frames_;
    stats.rx_bytes = rx_bytes_;
    stats.tx_frames = tx_frames_;
    stats.tx_bytes = tx_bytes_;
    stats.tx_completed = tx_completed_;
    stats.tx_full = tx_full_;
    stats.system_calls = system_calls_ + (live_ ? live_->calls() : 0);
    // A frame for which the fill ring had no buffer counts under both names in the kernel.
    const std::uint64_t no_frame = std::min(kernel.fill_ring_empty, kernel.rx_dropped);
    stats.rx_drop(base::Reason::rx_ring_full, no_frame + kernel.rx_ring_full);
    stats.rx_drop(base::Reason::frame_too_long, kernel.rx_dropped - no_frame);
    stats.tx_drop(base::Reason::frame_too_long, too_long_ + kernel.tx_invalid);
    // The interface counts what the socket is told of, too.
    stats.tx_drop(base::Reason::link_queue_full,
                  live_ ? live_->lost() + live_->dropped() : refused_);
    return stats;
  }

  const Capabilities& capabilities() const noexcept override { return capabilities_; }

  base::Status status() const override {
    if (error_ == 0) {
      return live_ ? live_->status() : base::Status();
    }
    return system_error(base::ErrorCode::io, "the AF_XDP socket has lost its interface", error_,
                        "the interface was deleted or moved while the run went on");
  }

  void close() noexcept override {
    if (closed_) {
      return;
    }
    last_ = socket_.statistics();
    if (live_) {
      live_->close();
    }
    closed_ = true;
    socket_ =
        XdpSocket{};  // completions that nobody fetched stay in in_flight_: reclaim() has them
    deferred_.reset();
    program_.reset();
  }

 private:
  [[nodiscard]] bool can_live(std::span<const ring::Descriptor> frames) const noexcept {
    return live_ && frames.size() >= kLiveBurst && socket_.tx.held() == 0 &&
           std::ranges::all_of(frames, [&](const ring::Descriptor& frame) {
             return sendable(frame) && live_->takes(frame.length);
           });
  }
  // Each is a copy: a frame's way is over when it is written.
  std::size_t send_live(std::span<const ring::Descriptor> frames) noexcept {
    const std::size_t count = std::min(frames.size(), over_.capacity() - over_.size());
    for (const ring::Descriptor& frame : frames.first(count)) {
      in_flight_.add(frame.address);
      over_.push_back(frame.address);
      tx_bytes_ += frame.length;
      live_->put(area_.subspan(frame.address, frame.length), 0);
    }
    tx_frames_ += count;
    tx_full_ += frames.size() - count;
    live_->flush();
    return count;
  }

  [[nodiscard]] bool several_pieces() const noexcept { return chunk_bytes_ < frame_bytes_; }

  // Puts the pieces of a frame, one a chunk, into the ring; false when they do not all fit. Every
  // descriptor in flight has a place in the completion ring.
  bool put(const ring::Descriptor& frame) noexcept {
    const std::uint64_t end = frame.address + frame.length;
    const std::uint64_t last = (end - 1) & ~std::uint64_t{chunk_bytes_ - 1};
    const std::uint64_t first = frame.address & ~std::uint64_t{chunk_bytes_ - 1};
    const auto pieces = static_cast<std::uint32_t>((last - first) / chunk_bytes_ + 1);
    std::uint32_t index = 0;
    if (socket_.completion.size() - pieces_in_flight_ < pieces) {
      return false;
    }
    if (const std::uint32_t got = socket_.tx.reserve(pieces, index); got < pieces) {
      socket_.tx.cancel(got);
      return false;
    }
    std::uint64_t at = frame.address;
    for (std::uint32_t i = 0; i < pieces; ++i) {
      const std::uint64_t next =
          std::min(end, (at & ~std::uint64_t{chunk_bytes_ - 1}) + chunk_bytes_);
      socket_.tx.slot(index + i) = {at, static_cast<std::uint32_t>(next - at),
                                    next < end ? kMoreFollows : 0};
      at = next;
    }
    pieces_in_flight_ += pieces;
    in_flight_.add(frame.address, pieces == 1 ? frame.address : last);
    return true;
  }

  // Completions, as the addresses of the frames that they end.
  std::size_t complete(std::span<std::uint64_t> addresses) noexcept {
    const std::size_t count = socket_.completion.pop(addresses);
    pieces_in_flight_ -= static_cast<std::uint32_t>(count);
    std::size_t known = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::uint64_t address = addresses[i];
      if (in_flight_.remove(address)) {
        addresses[known++] = address;
      }
    }
    return known;
  }

  // Frames that came in pieces, each in an rx frame of its own, of which the kernel only knows the
  // first chunk: the later pieces are copied behind the first one, and their frames go back.
  std::size_t assemble(std::span<ring::Descriptor> frames) noexcept {
    std::size_t count = 0;
    ring::Descriptor piece;
    while (count < frames.size() && socket_.rx.pop(std::span(&piece, 1)) == 1) {
      if (partial_.length == 0) {
        partial_ = {piece.address, piece.length, 0};
      } else {
        const std::uint64_t room = frame_bytes_ - (partial_.address & (frame_bytes_ - 1));
        const std::uint64_t fits = std::min<std::uint64_t>(piece.length, room - partial_.length);
        std::memcpy(area_.data() + partial_.address + partial_.length, area_.data() + piece.address,
                    fits);
        partial_.length += static_cast<std::uint32_t>(fits);
        give(piece.address);
      }
      if ((piece.options & kMoreFollows) == 0) {
        frames[count++] = partial_;
        partial_.length = 0;
      }
    }
    return count;
  }

  void give(std::uint64_t address) noexcept {
    const std::uint64_t frame = address & ~std::uint64_t{frame_bytes_ - 1};
    socket_.fill.push(std::span(&frame, 1));
  }

  [[nodiscard]] bool sendable(const ring::Descriptor& frame) const noexcept {
    const std::uint64_t in_frame = frame.address & (frame_bytes_ - 1);
    return frame.length >= kMinFrameBytes && in_frame + frame.length <= frame_bytes_ &&
           frame.address >= first_tx_address_ && frame.address < end_address_;
  }

  // Makes the kernel send what is in the ring. In copy mode a call sends at most 32 frames, then
  // says EAGAIN; EBUSY: the driver dropped one frame, the others wait for the next call.
  void kick() noexcept {
    if (socket_.need_wakeup() && !socket_.tx.needs_wakeup()) {
      return;
    }
    std::uint32_t before = socket_.tx.held();
    while (before != 0) {
      ++system_calls_;
      if (sendto(socket_.descriptor(), nullptr, 0, MSG_DONTWAIT, nullptr, 0) < 0) {
        if (errno == EBUSY && !capabilities_.zero_copy) {
          ++refused_;
        } else if (errno == ENXIO || errno == EBADF || errno == ENODEV) {
          error_ = errno;
          return;
        }
      }
      const std::uint32_t now = socket_.tx.held();
      if (now == before || capabilities_.zero_copy) {
        return;
      }
      before = now;
    }
  }

  std::shared_ptr<XdpProgram> program_;
  std::shared_ptr<DeferredInterrupts> deferred_;
  std::unique_ptr<LiveSender> live_;
  XdpSocket socket_;
  InFlight in_flight_;
  std::vector<std::uint64_t> over_;  // accepted, sent live or not sendable, not yet reclaimed
  base::MutableBytes area_;
  std::uint64_t frame_bytes_;
  std::uint32_t chunk_bytes_;
  ring::Descriptor partial_{};  // a frame of which pieces are still to come; length 0: none
  std::uint32_t pieces_in_flight_ = 0;
  std::uint64_t first_tx_address_;
  std::uint64_t end_address_;
  Capabilities capabilities_;
  std::uint64_t rx_frames_ = 0;
  std::uint64_t rx_bytes_ = 0;
  std::uint64_t tx_frames_ = 0;
  std::uint64_t tx_bytes_ = 0;
  std::uint64_t tx_completed_ = 0;
  std::uint64_t tx_full_ = 0;
  std::uint64_t system_calls_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t too_long_ = 0;
  XdpStatistics last_;
  int error_ = 0;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<Port> make_xdp_port(const PortConfig& config, std::uint32_t queue, XdpParts parts) {
  return std::make_unique<XdpPort>(config, queue, std::move(parts));
}

}  // namespace ringbed::port
