// The simulated world: a link, a NIC with receive rings, cores that serve them, and the way back.
// It moves frames and virtual time; what the frames mean is the Host's business. Discrete events,
// three a packet (arrival, end of service, transmit completion), in an order that is defined to
// the last tie, so a run is a pure function of its configuration, seed and source.
//
// One thread. Construct, run(), then read the ledger and the measurements.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/counters.hpp"
#include "base/histogram.hpp"
#include "base/ledger.hpp"
#include "sim/core.hpp"
#include "sim/cost.hpp"
#include "sim/host.hpp"
#include "sim/inbound.hpp"
#include "sim/nic.hpp"
#include "sim/scheduler.hpp"

namespace ringbed::sim {

// A consumer that leaves the ring of `queue` alone.
struct Stall {
  std::uint32_t queue = 0;
  Interval when;
};

struct CorePause {
  std::uint32_t core = 0;
  Interval when;
};

struct WorldConfig {
  std::uint64_t seed = 0;
  LinkConfig link;
  NicConfig nic;
  CoreConfig core;
  WorldCosts costs;
  std::vector<LinkFault> link_faults;  // both directions
  std::vector<CorePause> pauses;
  std::vector<Stall> stalls;
  Picoseconds warmup = 0;  // frames that depart earlier are not measured
  std::uint32_t max_frame_bytes = 1518;
};

// Times in nanoseconds; a frame that departed during the warm-up is left out.
struct Measurements {
  base::Histogram link;         // departure to last bit at the NIC
  base::Histogram nic;          // last bit to visible
  base::Histogram rx_wait;      // visible to the begin of its service
  base::Histogram service;      // core time
  base::Histogram tx_wait;      // end of service to last bit sent
  base::Histogram return_link;  // last bit sent to arrival at the sink
  base::Histogram request;      // departure to the begin of its service
  base::Histogram device;       // last bit at the NIC to last bit of the response sent
};

class Simulator {
 public:
  // source, host and sink outlive the simulator.
  Simulator(const WorldConfig& config, FrameSource& source, Host& host, Sink& sink);

  // Runs until every frame has met its fate, or, once `stop` is true, until what is in flight has.
  // `progress` is called now and then with the virtual time; both may be empty.
  void run(const std::atomic<bool>* stop, const std::function<void(Picoseconds)>& progress);

  [[nodiscard]] const base::Ledger& ledger() const noexcept { return ledger_; }
  [[nodiscard]] const Measurements& measured() const noexcept { return measured_; }
  [[nodiscard]] const Nic& nic() const noexcept { return nic_; }
  [[nodiscard]] const std::vector<Core>& cores() const noexcept { return cores_; }
  [[nodiscard]] const Link& forward() const noexcept { return inbound_.link(); }
  // Virtual time of the last event.
  [[nodiscard]] Picoseconds now() const noexcept { return now_; }
  [[nodiscard]] std::size_t frames_in_flight() const noexcept { return arena_.in_use(); }
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  struct Completion {
    std::uint32_t core;
    std::uint32_t buffer;
  };

  // Event sources, in the order in which equal times are served: buffers and descriptors come
  // home before anyone asks for one, a core is done before the next frame arrives.
  static constexpr std::uint32_t kCompletions = 0;
  static constexpr std::uint32_t kFirstCore = 1;
  [[nodiscard]] std::uint32_t arrivals() const noexcept {
    return kFirstCore + static_cast<std::uint32_t>(cores_.size());
  }

  void arrive();
  void complete();
  void step(Core& core);
  void poll(Core& core, Picoseconds now);
  void go_idle(Core& core, Picoseconds later) noexcept;
  void begin_burst(Core& core, RxRing& ring, Picoseconds now);
  void start(Core& core, Picoseconds now);
  void finish(Core& core);
  void flush(Core& core);
  void transmit(Core& core, const StagedResponse& response);
  void wake(Core& core, RxRing& ring, Picoseconds visible);
  [[nodiscard]] Picoseconds stalled_until(std::uint32_t queue, Picoseconds now) const noexcept;
  [[nodiscard]] std::uint32_t visible_in(const RxRing& ring, Picoseconds now) const noexcept;

  WorldConfig config_;
  base::Ledger ledger_;
  Measurements measured_;
  FrameArena arena_;
  Nic nic_;
  Host& host_;
  Sink& sink_;
  Inbound inbound_;
  Link return_link_;
  std::vector<Core> cores_;
  Pending<Completion> completions_;
  Scheduler scheduler_;
  base::Random completion_random_;
  base::Random poll_random_;
  base::Random interrupt_random_;
  base::Random yield_random_;
  std::vector<std::uint8_t> corrupt_copy_;  // of a response that the wire damaged
  Picoseconds now_ = 0;
};

}  // namespace ringbed::sim
