// The other end of a live run: sends the streams' frames at their times and hears the responses.
// Open loop: a frame leaves when it is due, by absolute deadlines, whatever became of the ones
// before it; one that is late counts from when it should have left, and those that are still there
// when the time is over do not leave. What the scenario's link loses, doubles or damages is lost,
// doubled and damaged here, by the simulator's own link and from the same substreams; rate, delay
// and jitter are those of the real link. One thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/ledger.hpp"
#include "engine/flight_log.hpp"
#include "engine/hardware_stamps.hpp"
#include "engine/live_clock.hpp"
#include "engine/live_device.hpp"
#include "engine/live_tally.hpp"
#include "engine/plan.hpp"
#include "engine/stream_stats.hpp"
#include "gen/generator.hpp"
#include "port/port.hpp"
#include "ring/frame_allocator.hpp"
#include "sim/link.hpp"
#include "sim/nic.hpp"

namespace ringbed::engine {

class LiveGenerator {
 public:
  struct Config {
    base::MutableBytes area;  // of the ports
    std::uint32_t frame_bytes = 0;
    std::uint32_t first_tx_frame = 0;
    std::uint32_t log_records = 1U << 18;  // of each queue
    bool recipes = false;     // the ports know the streams' images (port::KernelOptions)
    bool datagrams = false;   // sockets are at one of the ends
    bool to_sockets = false;  // ... at the device's
    bool edited = false;      // a classifier stands before the device's rings
    // Responses arrive in the order in which they were sent, unless several sockets of the
    // generator's take them: then only within each of those. A power of two, by which their ports
    // differ.
    std::uint32_t answer_sockets = 1;
  };

  LiveGenerator(const Plan& plan, gen::Generator& source, std::span<port::Port* const> queues,
                const Config& config, const LiveClock& clock);

  // Where the responses that the device sends on `queue` are looked up; before run().
  void listen_to(std::size_t queue, const FlightLog& responses) {
    for (Queue& here : queues_) {
      here.answers[queue].assign(answer_sockets_, FlightReader(responses));
    }
  }

  // Sends until the source ends, the scenario's time is over or `stop_sending`, then only listens,
  // until `stop`.
  void run(const std::atomic<bool>& stop_sending, const std::atomic<bool>& stop,
           bool yield) noexcept;

  // Responses arrive by this clock; before run().
  void stamped_by(const port::HardwareClock* clock) noexcept { arrivals_.stamped_by(clock); }

  // Where it counts for readers outside; before run().
  void attach(base::LiveCounters live) noexcept { live_ = live; }

  [[nodiscard]] bool has_ports() const noexcept { return !queues_.empty(); }

  // While it runs.
  [[nodiscard]] bool sending() const noexcept { return sending_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t offered() const noexcept {
    return offered_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t responses() const noexcept {
    return responses_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t lost() const noexcept {
    return lost_.load(std::memory_order_relaxed);
  }

  [[nodiscard]] const LiveTally& tally() const noexcept { return tally_; }

  // After run(): offered, link drops and responses.
  [[nodiscard]] const base::Ledger& ledger() const noexcept { return ledger_; }
  [[nodiscard]] const StreamStats& streams() const noexcept { return streams_; }
  [[nodiscard]] const base::Histogram& response() const noexcept { return response_; }
  [[nodiscard]] const base::Histogram& lateness() const noexcept { return lateness_; }
  [[nodiscard]] std::uint64_t response_bytes() const noexcept { return response_bytes_; }
  [[nodiscard]] std::uint64_t strays() const noexcept { return strays_; }
  [[nodiscard]] const Arrivals& arrivals() const noexcept { return arrivals_; }
  // Frames that were due and had not left when the time was over.
  [[nodiscard]] std::uint64_t unsent() const noexcept { return unsent_; }
  // ... and there were too many to count them all: it is the least that they are.
  [[nodiscard]] bool unsent_is_least() const noexcept { return unsent_is_least_; }
  // Frames that no socket of the device could get, whatever became of them.
  [[nodiscard]] std::uint64_t undeliverable() const noexcept { return undeliverable_; }
  [[nodiscard]] std::uint32_t in_flight() const noexcept {
    return frames_.frames() - frames_.free_count() - first_tx_frame_;
  }
  [[nodiscard]] const FlightLog& requests(std::size_t queue) const noexcept {
    return *queues_[queue].log;
  }
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  static constexpr std::size_t kBurst = 32;
  // A sender that lost its processor for a moment catches up behind the end; one that cannot keep
  // the rate does not.
  static constexpr std::uint64_t kGraceNs = 200'000'000;
  static constexpr std::uint64_t kCountingNs = 2'000'000'000;
  static constexpr std::uint64_t kNoEnd = UINT64_MAX / gen::kPsPerNs - kGraceNs;

  static constexpr std::uint32_t kWarmup = UINT32_MAX;  // for a stream: not measured

  struct Queue {
    port::Port* port;
    std::unique_ptr<FlightLog> log;
    std::vector<std::vector<FlightReader>> answers;  // by the device's queue, then by socket
    std::array<ring::Descriptor, kBurst> staged{};
    std::array<std::uint32_t, kBurst> streams{};  // of the staged frames
    std::size_t count = 0;
    std::vector<std::uint32_t> waiting{};  // streams of what the port has and has not sent yet
  };

  enum class Phase : std::uint8_t { sending, counting, listening };

  // One round of the phase; true when there was something to do.
  bool advance(std::uint64_t now, bool stop_sending) noexcept;
  bool send_due(std::uint64_t until, std::uint64_t now) noexcept;
  void count_unsent(std::uint64_t now) noexcept;
  void stage(Queue& queue, std::uint64_t address, const gen::FrameMeta& meta,
             bool damaged) noexcept;
  void hand_over(Queue& queue) noexcept;
  void flush() noexcept;
  void leave(Queue& queue, std::uint64_t since) noexcept;
  bool listen(std::size_t queue) noexcept;
  void hear(std::size_t queue, base::ByteView frame, std::uint64_t now) noexcept;
  [[nodiscard]] bool recall(std::size_t queue, base::ByteView frame, Flight& flight) noexcept;
  void reclaim() noexcept;
  void publish_all(std::uint64_t now) noexcept;

  const Plan& plan_;
  const LiveClock& clock_;
  gen::Generator& source_;
  base::MutableBytes area_;
  Arrivals arrivals_;
  std::vector<Queue> queues_;
  ring::FrameAllocator frames_;
  std::uint32_t first_tx_frame_;
  std::uint32_t max_frame_bytes_;
  sim::Link link_;
  sim::Nic nic_;  // RSS: which queue a frame is for
  bool check_fcs_;
  bool recipes_;
  bool datagrams_;
  bool to_sockets_;
  std::uint32_t answer_sockets_;
  StreamStats streams_;
  std::uint64_t warmup_ns_;
  Phase phase_ = Phase::sending;
  std::uint64_t end_ns_;               // of the time in which frames are due
  std::uint64_t count_end_ns_ = 0;     // of the time for counting those that did not leave
  std::vector<std::uint8_t> scratch_;  // where these are made
  std::uint64_t unsent_ = 0;
  bool unsent_is_least_ = false;
  base::Ledger ledger_;
  base::Histogram response_;
  base::Histogram lateness_;
  std::uint64_t response_bytes_ = 0;
  std::uint64_t strays_ = 0;
  std::uint64_t undeliverable_ = 0;
  base::LiveCounters live_;
  std::uint64_t next_tally_ns_ = 0;
  LiveTally tally_;
  alignas(64) std::atomic<bool> sending_{true};
  std::atomic<std::uint64_t> offered_{0};
  std::atomic<std::uint64_t> responses_{0};
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace ringbed::engine
