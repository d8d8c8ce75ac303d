// A port moves frames between a umem and the outside in bursts, without copying where the backend
// can. One Port is one queue of one interface: one receive ring and one transmit ring over the
// umem that all queues of the interface share. Backends are rows of the table in registry.hpp; the
// contract below holds for each of them and test/unit/port holds them to it.
//
// Who owns a frame of the umem:
//
//   rx frames    the first queues * rx_frames frames of the area, a share for each queue
//     port --rx_burst()--> caller --recycle()--> port
//   tx frames    every other frame of the area
//     caller --tx_burst() accepted--> port --reclaim()--> caller
//
// Nobody touches a frame that the other side owns. A frame that tx_burst() did not accept stays the
// caller's. A port never loses a frame: what it accepted comes out of reclaim() sooner or later,
// and after close() at once. An rx frame must not be given to tx_burst() (copy it: on the way back
// it would land in the caller's pool).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "base/reasons.hpp"
#include "base/result.hpp"
#include "ring/umem.hpp"

namespace ringbed::port {

// Since the port was opened. Frames, unless the name says otherwise.
struct PortStats {
  std::uint64_t rx_frames = 0;
  std::uint64_t rx_bytes = 0;
  std::uint64_t tx_frames = 0;     // accepted
  std::uint64_t tx_bytes = 0;      // accepted
  std::uint64_t tx_completed = 0;  // came out of reclaim()
  std::uint64_t tx_full = 0;       // not accepted by tx_burst()
  std::uint64_t system_calls = 0;  // made by rx_burst() and tx_burst()
  // Dropped behind the caller's back, by the kernel or the backend, under the reason that fits.
  std::array<std::uint64_t, base::kReasonCount> rx_drops{};
  std::array<std::uint64_t, base::kReasonCount> tx_drops{};

  void rx_drop(base::Reason reason, std::uint64_t count = 1) noexcept {
    rx_drops[static_cast<std::size_t>(reason)] += count;
  }
  void tx_drop(base::Reason reason, std::uint64_t count = 1) noexcept {
    tx_drops[static_cast<std::size_t>(reason)] += count;
  }
  [[nodiscard]] std::uint64_t rx_dropped() const noexcept { return sum(rx_drops); }
  [[nodiscard]] std::uint64_t tx_dropped() const noexcept { return sum(tx_drops); }

 private:
  static std::uint64_t sum(const std::array<std::uint64_t, base::kReasonCount>& counts) noexcept {
    std::uint64_t total = 0;
    for (const std::uint64_t count : counts) {
      total += count;
    }
    return total;
  }
};

// Bytes of a stamp (Capabilities::rx_stamps).
inline constexpr std::int16_t kStampBytes = 8;

// What the backend settled on; for reports.
struct Capabilities {
  std::string mode;                   // e.g. "native, copy, need_wakeup"
  std::uint32_t max_frame_bytes = 0;  // longest frame that it receives and sends
  bool zero_copy = false;
  bool interface_counts_drops = false;  // rx drops are among the interface's rx_dropped, too
  bool peer_counts_tx_drops = false;    // tx drops are among the rx_dropped of the veth peer, too
  bool taps_stack = false;  // the stack gets each frame too: what it drops has been received
  // The bytes in front of a received frame are when the NIC got it: nanoseconds of the NIC's clock
  // in host order, 0 when it does not say. Whoever reads a stamp writes 0 over it: where the NIC's
  // driver finds no room for one, the last one of that frame is still there.
  bool rx_stamps = false;
  bool makes_headers = false;  // frames are datagrams: only addresses, ports and payload are real
};

// One thread at a time, stats() and close() included.
class Port {
 public:
  virtual ~Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  // Takes up to frames.size() frames that have arrived, oldest first; returns how many. They are
  // the caller's until recycle(). Does not wait. 0 after close().
  [[nodiscard]] virtual std::size_t rx_burst(std::span<ring::Descriptor> frames) noexcept = 0;

  // Frames that have arrived and that nobody has taken yet; 0 also where that cannot be told: where
  // the kernel's queue is measured in bytes (backends `packet` and `socket`).
  [[nodiscard]] virtual std::size_t waiting() const noexcept { return 0; }

  // Gives received frames back, in any order. Any address inside a frame stands for it.
  virtual void recycle(std::span<const ring::Descriptor> frames) noexcept = 0;

  // Queues the first n frames for sending, in order, and returns n <= frames.size(). n is smaller
  // when the transmit ring is full: reclaim() and try again. 0 after close(). A frame of the n that
  // cannot be sent (too long, invalid) is a tx drop and still comes home through reclaim().
  [[nodiscard]] virtual std::size_t tx_burst(std::span<const ring::Descriptor> frames) noexcept = 0;

  // Sends what tx_burst() was allowed to keep back (KernelOptions::hold); others keep nothing.
  virtual void flush() noexcept {}
  // Frames that it keeps back now, the last ones that tx_burst() accepted.
  [[nodiscard]] virtual std::size_t held() const noexcept { return 0; }

  // Takes home the addresses of frames whose sending is over, as they were given to tx_burst();
  // returns how many.
  [[nodiscard]] virtual std::size_t reclaim(std::span<std::uint64_t> addresses) noexcept = 0;

  [[nodiscard]] virtual PortStats stats() const noexcept = 0;
  [[nodiscard]] virtual const Capabilities& capabilities() const noexcept = 0;

  // ok() while the port works; else what ended it (the interface was deleted).
  [[nodiscard]] virtual base::Status status() const = 0;

  // Stops receiving and sending at once. What was accepted and not yet reclaimed can be reclaimed
  // now; received frames that the caller holds stay readable. May be called again.
  virtual void close() noexcept = 0;

 protected:
  Port() = default;
};

}  // namespace ringbed::port
