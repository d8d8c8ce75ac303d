// A run in the simulated world: joins the generator, the simulator and the device. The three
// adapters below are all that the simulator sees of the rest.
#include "engine/sim_run.hpp"

#include <algorithm>
#include <cassert>
#include <memory>
#include <string>

#include "base/digest.hpp"
#include "engine/device_set.hpp"
#include "engine/device_stages.hpp"
#include "engine/live_tally.hpp"
#include "engine/sim_classifier.hpp"
#include "engine/stream_stats.hpp"
#include "engine/verdict_digest.hpp"
#include "gen/generator.hpp"
#include "sim/simulator.hpp"

namespace ringbed::engine {

namespace {

// What a probe of the table may touch: its entries in use and the index over them.
std::uint64_t working_set(const device::ConnectionTable& table) noexcept {
  return std::uint64_t{table.stats().active} * sizeof(device::Connection) +
         std::uint64_t{table.buckets()} * sizeof(std::uint32_t);
}

// The generator as the simulator's source of frames.
class TrafficSource final : public sim::FrameSource {
 public:
  TrafficSource(gen::Generator& generator, StreamStats& streams)
      : generator_(generator), streams_(streams) {}

  bool next(base::MutableBytes frame, sim::FrameInfo& info) noexcept override {
    gen::FrameMeta meta;
    if (!generator_.next(frame, meta)) {
      return false;
    }
    info.departure = meta.departure_ps;
    info.sequence = meta.sequence;
    info.stream = meta.stream;
    info.flow = meta.flow;
    info.length = meta.length;
    streams_.offered(meta);
    return true;
  }

 private:
  gen::Generator& generator_;
  StreamStats& streams_;
};

// The device's cores as the simulator's host.
class DeviceHost final : public sim::Host {
 public:
  DeviceHost(const Plan& plan, device::ResponsePool& pool,
             std::vector<std::unique_ptr<device::Device>>& devices, SimClassifier* classifier,
             StreamStats& streams, base::Digest& digest)
      : devices_(devices),
        classifier_(classifier),
        pool_(pool),
        streams_(streams),
        digest_(digest),
        costs_(plan.costs, plan.seed),
        stages_(plan.sim.warmup),
        got_at_(plan.pool.size) {}

  sim::Served serve(std::uint32_t core, base::ByteView frame, const sim::FrameInfo& info,
                    sim::Picoseconds now) noexcept override {
    if (classifier_ == nullptr) {
      return serve_device(core, frame, info, now);
    }
    const SimClassifier::Decision decision = classifier_->decide(core, info, frame, now);
    digest_.add(now, static_cast<std::uint64_t>(decision.way));
    sim::Served served;
    switch (decision.way) {
      case SimClassifier::Way::device:
        served = serve_device(core, decision.frame, info, now + decision.cost);
        break;
      case SimClassifier::Way::kernel:
        served.fate = sim::Served::Fate::bypassed;
        streams_.received(info.stream, info.flow, info.sequence);
        break;
      case SimClassifier::Way::drop:
      case SimClassifier::Way::aborted:
        served.fate = sim::Served::Fate::dropped;
        served.stage = base::Stage::classifier;
        served.reason = decision.way == SimClassifier::Way::drop ? base::Reason::classifier_drop
                                                                 : base::Reason::classifier_aborted;
        break;
    }
    served.cost += decision.cost;
    return served;
  }

  base::ByteView response(std::uint32_t, std::uint32_t buffer) noexcept override {
    return {pool_.data(buffer), got_at_[buffer].length};
  }

  void complete(std::uint32_t core, std::uint32_t buffer, sim::Picoseconds now) noexcept override {
    pool_hold_.record(sim::to_ns(sim::elapsed(got_at_[buffer].when, now)));
    [[maybe_unused]] const device::PutResult put = devices_[core]->complete(buffer);
    assert(put == device::PutResult::ok);
  }

  [[nodiscard]] const DeviceStages& stages() const noexcept { return stages_; }
  [[nodiscard]] const base::Histogram& pool_hold() const noexcept { return pool_hold_; }
  [[nodiscard]] const VerdictDigest& verdicts() const noexcept { return verdicts_; }

 private:
  struct Held {
    sim::Picoseconds when = 0;
    std::uint32_t length = 0;
  };

  sim::Served serve_device(std::uint32_t core, base::ByteView frame, const sim::FrameInfo& info,
                           sim::Picoseconds now) noexcept {
    device::Device& device = *devices_[core];
    const device::Verdict verdict = device.process(frame, sim::to_ns(now));
    const bool responded = verdict.outcome == device::Outcome::responded;
    const sim::ServiceTime time =
        costs_.service({static_cast<std::uint32_t>(frame.size()), verdict.probes,
                        verdict.probes == 0 ? 0 : working_set(device.connections()), responded});
    device.record_time(sim::to_ns(time.total()));
    stages_.record(info.departure, time, verdict.tracked, responded);
    streams_.received(info.stream, info.flow, info.sequence);
    verdicts_.add(info.stream, info.flow, info.sequence, verdict);
    digest_.add(now ^ (static_cast<std::uint64_t>(info.stream) << 48),
                info.sequence * 8 + static_cast<std::uint64_t>(verdict.outcome));

    sim::Served served;
    served.cost = time.total();
    switch (verdict.outcome) {
      case device::Outcome::processed: served.fate = sim::Served::Fate::unanswered; break;
      case device::Outcome::bypassed: served.fate = sim::Served::Fate::bypassed; break;
      case device::Outcome::dropped:
        served.fate = sim::Served::Fate::dropped;
        served.stage = verdict.stage;
        served.reason = verdict.reason;
        break;
      case device::Outcome::responded:
        served.fate = sim::Served::Fate::responded;
        served.response = verdict.response;
        got_at_[verdict.response] = {now, verdict.response_length};
        break;
    }
    return served;
  }

  std::vector<std::unique_ptr<device::Device>>& devices_;
  SimClassifier* classifier_;  // nullptr: none
  device::ResponsePool& pool_;
  StreamStats& streams_;
  base::Digest& digest_;
  sim::CostModel costs_;
  DeviceStages stages_;
  std::vector<Held> got_at_;
  base::Histogram pool_hold_;
  VerdictDigest verdicts_;
};

// The generator's ear: what comes back, and how long after its request should have left.
class ResponseSink final : public sim::Sink {
 public:
  ResponseSink(StreamStats& streams, base::Digest& digest, sim::Picoseconds warmup)
      : streams_(streams), digest_(digest), warmup_(warmup) {}

  void receive(base::ByteView frame, const sim::FrameInfo& request,
               sim::Picoseconds arrival) noexcept override {
    bytes_ += frame.size();
    const std::uint64_t ns = sim::to_ns(sim::elapsed(request.departure, arrival));
    const bool measured = request.departure >= warmup_;
    if (measured) {
      response_.record(ns);
    }
    streams_.answered(request.stream, ns, measured);
    // Over UDP and IPv4 these eight bytes are ports, length and the checksum of all that follows.
    digest_.add(arrival, base::load_be<std::uint64_t>(frame.data() + 34));
  }

  [[nodiscard]] const base::Histogram& response() const noexcept { return response_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  StreamStats& streams_;
  base::Digest& digest_;
  sim::Picoseconds warmup_;
  base::Histogram response_;
  std::uint64_t bytes_ = 0;
};

StageResult stage(base::Stage which, std::uint64_t in, std::uint64_t out,
                  const base::Histogram& ns) {
  return {std::string(base::to_string(which)), in, out, ns};
}

std::vector<StageResult> stages(const base::Ledger& books, const sim::Measurements& measured,
                                const DeviceSet& devices, const DeviceStages& times,
                                const SimClassifier* classifier) {
  using base::Stage;
  const std::uint64_t queued = books.arrived - books.dropped(Stage::nic);
  const std::uint64_t taken = books.received + books.dropped(Stage::classifier);
  std::vector<StageResult> rows = {
      stage(Stage::link, books.offered + books.duplicated_forward, books.arrived, measured.link),
      stage(Stage::nic, books.arrived, queued, measured.nic),
      stage(Stage::rx_ring, queued, taken, measured.rx_wait),
      devices.stage(Stage::parse, &times.parse),
      devices.stage(Stage::validate, nullptr),
      devices.stage(Stage::match, nullptr),
      devices.stage(Stage::track, &times.track),
      devices.stage(Stage::decide, nullptr),
      devices.stage(Stage::respond, &times.respond),
      stage(Stage::tx_ring, books.responded, books.sent, measured.tx_wait),
      stage(Stage::return_link, books.sent + books.duplicated_return, books.responses,
            measured.return_link),
  };
  if (classifier != nullptr) {
    rows.insert(rows.begin() + 3,
                stage(Stage::classifier, taken, books.received, classifier->ns()));
  }
  return rows;
}

std::vector<RingResult> rings(const Plan& plan, const sim::Simulator& simulator) {
  std::vector<RingResult> rows;
  std::uint32_t queue = 0;
  for (const sim::RxRing& ring : simulator.nic().rings()) {
    rows.push_back({"rx" + std::to_string(queue++), ring.size(), ring.peak(), ring.full()});
  }
  for (const sim::Core& core : simulator.cores()) {
    rows.push_back(
        {"tx" + std::to_string(core.id), plan.sim.nic.tx_descriptors, core.tx_peak, core.tx_full});
  }
  return rows;
}

std::vector<CoreResult> cores(const sim::Simulator& simulator) {
  std::vector<CoreResult> rows;
  for (const sim::Core& core : simulator.cores()) {
    rows.push_back({core.id, sim::to_ns(core.busy), sim::to_ns(core.pauses.paused()), core.polls,
                    core.interrupts, core.frames});
  }
  return rows;
}

void publish(const base::Ledger& books, const device::ResponsePool& pool,
             const StreamStats& streams, sim::Picoseconds now, base::LiveCounters live) {
  using base::Counter;
  live.set(Counter::time_ns, sim::to_ns(now));
  live.set(Counter::offered, books.offered);
  live.set(Counter::received, books.received);
  live.set(Counter::processed, books.processed);
  live.set(Counter::bypassed, books.bypassed);
  live.set(Counter::responded, books.responded);
  live.set(Counter::responses, books.responses);
  publish_drops(books.drops, live);
  streams.publish(live);
  const device::PoolStats buffers = pool.stats();
  live.set(Counter::pool_size, pool.size());
  live.set(Counter::pool_in_use, buffers.in_use);
  live.set(Counter::pool_exhausted, buffers.exhausted);
}

// Of the parts that several components share the cells of.
void publish(const sim::Simulator& simulator, const DeviceSet& devices, base::LiveCounters live) {
  for (std::size_t queue = 0; queue < simulator.nic().rings().size(); ++queue) {
    const sim::RxRing& ring = simulator.nic().rings()[queue];
    live.set(queue, base::RingCounter::size, ring.size());
    live.set(queue, base::RingCounter::peak, ring.peak());
    live.set(queue, base::RingCounter::full, ring.full());
  }
  for (std::size_t core = 0; core < devices.cores.size(); ++core) {
    const sim::Core& row = simulator.cores()[core];
    const device::DeviceStats stats = devices.cores[core]->stats();
    const device::ConnectionStats connections = devices.cores[core]->connections().stats();
    live.set(core, base::CoreCounter::received, stats.in);
    live.set(core, base::CoreCounter::processed, stats.processed);
    live.set(core, base::CoreCounter::bypassed, stats.bypassed);
    live.set(core, base::CoreCounter::responded, stats.responded);
    live.set(core, base::CoreCounter::polls, row.polls);
    live.set(core, base::CoreCounter::busy_ns, sim::to_ns(row.busy));
    live.set(core, base::CoreCounter::connections, connections.active);
    live.set(core, base::CoreCounter::connections_inserted, connections.inserted);
    live.set(core, base::CoreCounter::connections_rejected, connections.rejected);
  }
}

// Everything that the packet-by-packet digest does not cover by itself.
std::string seal(base::Digest digest, const RunResult& result) {
  const base::Ledger& books = result.ledger;
  for (const std::uint64_t count :
       {books.offered, books.duplicated_forward, books.arrived, books.received, books.bypassed,
        books.processed, books.unanswered, books.responded, books.sent, books.duplicated_return,
        books.responses, result.offered_bytes, result.response_bytes, result.end_ns}) {
    digest.add(count);
  }
  books.add_drops_to(digest);
  for (const NamedHistogram& latency : result.latency) {
    digest.add(latency.ns.encode());
  }
  for (const StageResult& row : result.stages) {
    digest.add(row.ns.encode());
  }
  return digest.hex();
}

}  // namespace

base::Result<RunResult> run_sim(const Plan& plan, const RunControl& control) {
  auto generator = gen::Generator::create(plan.traffic, plan.seed, plan.sim.link.rate_bps,
                                          {plan.packets, plan.duration_ns * sim::kPsPerNs});
  if (!generator) {
    return generator.error();
  }
  auto devices = DeviceSet::create(plan);
  if (!devices) {
    return devices.error();
  }

  std::unique_ptr<SimClassifier> classifier;
  if (plan.has_classifier) {
    auto made = SimClassifier::create(plan);
    if (!made) {
      return made.error();
    }
    classifier = std::move(made).value();
  }

  base::Digest digest;
  StreamStats streams(plan.traffic, generator.value(), plan.sim.warmup);
  TrafficSource source(generator.value(), streams);
  DeviceHost host(plan, *devices.value().pool, devices.value().cores, classifier.get(), streams,
                  digest);
  ResponseSink sink(streams, digest, plan.sim.warmup);
  sim::WorldConfig world = plan.sim;
  world.max_frame_bytes = generator.value().max_frame_bytes();
  sim::Simulator simulator(world, source, host, sink);

  base::LiveCounters live(control.counters, shape_of(plan));
  live.set(base::Counter::end_ns, plan.duration_ns);
  live.set(base::Counter::end_packets, plan.packets);
  simulator.run(control.stop, [&](sim::Picoseconds now) {
    publish(simulator.ledger(), *devices.value().pool, streams, now, live);
    publish(simulator, devices.value(), live);
  });
  if (base::Status status = generator.value().status(); !status.ok()) {
    return status.error();
  }

  RunResult result;
  result.verdicts = host.verdicts().value();
  const sim::Measurements& measured = simulator.measured();
  result.interrupted = control.stopped();
  result.end_ns = sim::to_ns(simulator.now());
  result.ledger = simulator.ledger();
  result.offered_bytes = streams.offered_bytes();
  result.response_bytes = sink.bytes();
  result.imbalance =
      result.ledger.check(simulator.frames_in_flight() + devices.value().pool->stats().in_use);
  result.stages = stages(result.ledger, measured, devices.value(), host.stages(), classifier.get());
  result.latency = {{"response", sink.response()},
                    {"request", measured.request},
                    {"device", measured.device},
                    {"service", measured.service},
                    {"poolHold", host.pool_hold()}};
  result.pool = devices.value().pool_result(plan);
  result.connections = devices.value().connections_result(plan);
  result.rings = rings(plan, simulator);
  result.streams = streams.results();
  result.cores = cores(simulator);
  result.memory_bytes = simulator.memory_bytes() + generator.value().memory_bytes() +
                        streams.memory_bytes() + result.pool.bytes + result.connections.bytes;
  if (classifier) {
    result.classifier = classifier->result();
    result.memory_bytes += result.classifier->map_bytes;
  }
  result.digest = seal(digest, result);
  return result;
}

}  // namespace ringbed::engine
