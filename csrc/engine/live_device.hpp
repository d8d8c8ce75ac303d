// One core of the device in a live run: takes bursts from its queues' ports, lets the device
// process them, hands the responses to the transmit ring and brings buffers home when their
// transmission is over. The thread's body, and everything that only this thread counts.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/ledger.hpp"
#include "device/device.hpp"
#include "engine/core_mailbox.hpp"
#include "engine/device_set.hpp"
#include "engine/device_stages.hpp"
#include "engine/flight_log.hpp"
#include "engine/hardware_stamps.hpp"
#include "engine/live_clock.hpp"
#include "engine/live_tally.hpp"
#include "engine/plan.hpp"
#include "engine/verdict_digest.hpp"
#include "gen/sequence_tracker.hpp"
#include "port/port.hpp"
#include "sim/nic.hpp"
#include "sim/pause_timeline.hpp"

namespace ringbed::engine {

// What others may read while the core runs; a cache line of its own.
struct alignas(64) LiveProgress {
  std::atomic<std::uint64_t> received{0};
  std::atomic<std::uint64_t> processed{0};
  std::atomic<std::uint64_t> bypassed{0};
  std::atomic<std::uint64_t> responded{0};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<bool> paused{false};
};

// The stream number of frames that nobody of this run has sent.
inline constexpr std::uint32_t kOutside = UINT32_MAX;

class LiveDevice {
 public:
  struct Queue {
    std::uint32_t number = 0;
    port::Port* port = nullptr;
    // What the generator sends: to this queue first, then to the others, because a NIC's RSS may
    // choose another queue than the generator thought.
    std::vector<const FlightLog*> requests;
  };
  struct Measured {
    base::Histogram request;  // should have left -> arrived: stamped, or taken from the ring
    base::Histogram service;  // time in the device, of each packet of a burst its share
    base::Histogram device;   // taken from the ring -> response handed to the kernel
    base::Histogram hold;     // buffer taken -> buffer home
    base::Histogram tx_wait;  // response made -> handed to the kernel
  };

  // `pool_address`: where the pool's buffers begin in the ports' area. `flows`: of each stream.
  // `datagrams`: sockets are at one of the ends.
  LiveDevice(const Plan& plan, device::Device& device, std::uint64_t pool_address,
             base::MutableBytes area, std::vector<Queue> queues,
             std::span<const std::uint32_t> flows, bool datagrams, const LiveClock& clock);

  // Where it counts for readers outside, and what an order to reset is for; before run().
  void attach(base::LiveCounters live, DeviceSet& devices) noexcept {
    live_ = live;
    devices_ = &devices;
  }

  // Frames arrive by this clock; before run().
  void stamped_by(const port::HardwareClock* clock) noexcept { arrivals_.stamped_by(clock); }

  // Until `stop` is true; `yield`: give the processor up when there is nothing to do.
  void run(const std::atomic<bool>& stop, bool yield) noexcept;

  // Orders to the device, carried out between bursts.
  [[nodiscard]] CoreMailbox& mailbox() noexcept { return mailbox_; }

  // After run().
  [[nodiscard]] const base::Ledger& ledger() const noexcept { return ledger_; }
  [[nodiscard]] const Measured& measured() const noexcept { return measured_; }
  [[nodiscard]] const DeviceStages& stages() const noexcept { return stages_; }
  [[nodiscard]] const VerdictDigest& verdicts() const noexcept { return verdicts_; }
  [[nodiscard]] const gen::SequenceTracker& tracker() const noexcept { return tracker_; }
  // Frames that nobody of this run has sent, as far as their bytes tell.
  [[nodiscard]] std::uint64_t outside() const noexcept { return outside_; }
  [[nodiscard]] const Arrivals& arrivals() const noexcept { return arrivals_; }
  [[nodiscard]] std::uint64_t busy_ns() const noexcept { return busy_ns_; }
  [[nodiscard]] std::uint64_t paused_ns() const noexcept { return paused_ns_; }
  [[nodiscard]] std::uint64_t polls() const noexcept { return polls_; }
  [[nodiscard]] std::uint32_t rx_peak(std::size_t queue) const noexcept {
    return served_[queue].rx_peak;
  }
  [[nodiscard]] std::uint32_t tx_peak() const noexcept { return tx_peak_; }
  [[nodiscard]] std::span<const Queue> queues() const noexcept { return queues_; }
  // What the sink looks the responses of a queue up in: one log a queue, because only frames of
  // one queue arrive in the order in which they were sent.
  [[nodiscard]] const FlightLog& responses(std::size_t queue) const noexcept {
    return *served_[queue].responses;
  }
  [[nodiscard]] const LiveProgress& progress() const noexcept { return progress_; }
  [[nodiscard]] const LiveTally& tally() const noexcept { return tally_; }

 private:
  static constexpr std::size_t kMaxBatch = 64;
  static constexpr std::uint64_t kNear = 64;  // records

  struct Served {
    std::vector<FlightReader> requests;
    std::unique_ptr<FlightLog> responses;
    std::vector<sim::Interval> stalls;
    std::uint32_t rx_peak = 0;
    // How the last frame was known again, unless by all its bytes.
    std::optional<Likeness> edited;
  };
  struct Burst {
    std::array<ring::Descriptor, kMaxBatch> frames;
    std::array<base::ByteView, kMaxBatch> views;
    std::array<Flight, kMaxBatch> flights;
    std::array<device::Verdict, kMaxBatch> verdicts;
    std::array<ring::Descriptor, kMaxBatch> responses;
    std::array<std::uint32_t, kMaxBatch> buffers;
    std::size_t accepted = 0;  // frames that passed the address filter
    std::size_t to_send = 0;
  };

  [[nodiscard]] bool serve(std::size_t queue) noexcept;
  // How a frame was known again: by its bytes, by what an edit left, or not at all.
  enum class Known : std::uint8_t { whole, edited, no };
  [[nodiscard]] Known recall(std::size_t queue, base::ByteView frame, Flight& flight) noexcept;
  [[nodiscard]] bool recall_edited(Served& served, base::ByteView frame, Flight& flight) noexcept;
  void identify(std::size_t queue, std::size_t count, std::uint64_t now) noexcept;
  void settle(std::size_t queue, std::uint64_t taken, std::uint64_t done) noexcept;
  void send(std::size_t queue, std::uint64_t taken) noexcept;
  void bring_home(std::size_t queue) noexcept;
  void rest(std::uint64_t until_ns, const std::atomic<bool>& stop) noexcept;
  void publish() noexcept;
  // What is too much for every burst: drops by reason, rings, connections, the pool.
  void publish_all(std::uint64_t now) noexcept;
  void obey(const CoreOrder& order) noexcept;

  const LiveClock& clock_;
  device::Device& device_;
  std::uint64_t pool_address_;
  base::MutableBytes area_;
  Arrivals arrivals_;
  std::vector<Queue> queues_;
  std::vector<Served> served_;
  sim::Nic nic_;  // its address filter and length limit; the rings are real ones
  sim::PauseTimeline pauses_;
  gen::SequenceTracker tracker_;
  std::size_t batch_;
  std::uint64_t warmup_ns_;
  bool datagrams_;
  Burst burst_;
  std::vector<std::uint64_t> got_at_;  // by buffer
  base::Ledger ledger_;
  Measured measured_;
  DeviceStages stages_;
  VerdictDigest verdicts_;
  LiveProgress progress_;
  LiveTally tally_;
  CoreMailbox mailbox_;
  base::LiveCounters live_;
  DeviceSet* devices_ = nullptr;
  std::uint64_t next_tally_ns_ = 0;
  std::uint64_t outside_ = 0;
  std::uint64_t busy_ns_ = 0;
  std::uint64_t paused_ns_ = 0;
  std::uint64_t polls_ = 0;
  std::uint32_t tx_in_use_ = 0;
  std::uint32_t tx_peak_ = 0;
};

}  // namespace ringbed::engine
