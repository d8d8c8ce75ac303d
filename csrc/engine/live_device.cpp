#include "engine/live_device.hpp"

#include <cassert>
#include <string>
#include <thread>

namespace ringbed::engine {

namespace {

// Records of responses on their way; at a million a second the sink may be 60 ms behind.
constexpr std::uint64_t kResponseLog = 1U << 16;
// A pause is slept in pieces, so that a stop need not wait for its end.
constexpr std::uint64_t kNapNs = 200'000;

std::vector<sim::Interval> pauses_of(const Plan& plan, std::uint32_t core) {
  std::vector<sim::Interval> pauses;
  for (const sim::CorePause& pause : plan.sim.pauses) {
    if (pause.core == core) {
      pauses.push_back(pause.when);
    }
  }
  return pauses;
}

std::vector<sim::Interval> stalls_of(const Plan& plan, std::uint32_t queue) {
  std::vector<sim::Interval> stalls;
  for (const sim::Stall& stall : plan.sim.stalls) {
    if (stall.queue == queue) {
      stalls.push_back(stall.when);
    }
  }
  return stalls;
}

}  // namespace

LiveDevice::LiveDevice(const Plan& plan, device::Device& device, std::uint64_t pool_address,
                       base::MutableBytes area, std::vector<Queue> queues,
                       std::span<const std::uint32_t> flows, bool datagrams, const LiveClock& clock)
    : clock_(clock),
      device_(device),
      pool_address_(pool_address),
      area_(area),
      arrivals_(area, clock),
      queues_(std::move(queues)),
      nic_(plan.sim.nic),
      // The machine makes its own noise: only the scenario's pauses are acted out.
      pauses_(pauses_of(plan, device.core()), sim::Noise{},
              base::Random(plan.seed, "core." + std::to_string(device.core()) + ".noise")),
      tracker_(flows),
      batch_(std::clamp<std::size_t>(plan.sim.core.batch, 1, kMaxBatch)),
      warmup_ns_(sim::to_ns(plan.sim.warmup)),
      datagrams_(datagrams),
      got_at_(plan.pool.size),
      stages_(plan.sim.warmup) {
  for (const Queue& queue : queues_) {
    Served& served = served_.emplace_back();
    for (const FlightLog* log : queue.requests) {
      served.requests.emplace_back(*log);
    }
    served.responses = std::make_unique<FlightLog>(kResponseLog);
    served.stalls = stalls_of(plan, queue.number);
  }
}

void LiveDevice::run(const std::atomic<bool>& stop, bool yield) noexcept {
  while (!stop.load(std::memory_order_relaxed)) {
    const std::uint64_t now_ns = clock_.now();
    if (now_ns >= next_tally_ns_) [[unlikely]] {
      publish_all(now_ns);
    }
    const sim::Picoseconds now = now_ns * sim::kPsPerNs;
    if (const sim::Picoseconds running = pauses_.running_from(now); running > now) {
      rest(sim::to_ns(running), stop);
      continue;
    }
    if (const CoreOrder* order = mailbox_.order(); order != nullptr) [[unlikely]] {
      obey(*order);
    }
    bool worked = false;
    for (std::size_t queue = 0; queue < queues_.size(); ++queue) {
      const auto& stalls = served_[queue].stalls;
      const bool stalled = std::any_of(stalls.begin(), stalls.end(), [&](const auto& stall) {
        return stall.start <= now && now < stall.end;
      });
      if (!stalled) {
        worked = serve(queue) || worked;
      }
      bring_home(queue);
    }
    if (!worked && yield) {
      std::this_thread::yield();
    }
  }
  publish();
  publish_all(clock_.now());
}

// Control: between bursts, on the device's own thread.
void LiveDevice::obey(const CoreOrder& order) noexcept {
  CoreAnswer answer;
  try {
    switch (order.kind) {
      case CoreOrder::Kind::look: break;
      case CoreOrder::Kind::reset: devices_->reset(device_.core()); break;
      case CoreOrder::Kind::enable: device_.set_enabled(true); break;
      case CoreOrder::Kind::disable: device_.set_enabled(false); break;
      case CoreOrder::Kind::clear_connections:
        answer.cleared = device_.connections().stats().active;
        device_.clear_connections();
        break;
      case CoreOrder::Kind::retarget: {
        device::Endpoint target = order.target;
        target.mac = device_.config().target.mac;
        answer.status = device_.set_target(target, order.protocol, &order.groups);
        if (answer.status) {
          sim::NicConfig filter = nic_.config();
          filter.joined.clear();
          for (const device::IpAddress& group : device_.config().join) {
            filter.joined.push_back(group_mac(group));
          }
          nic_ = sim::Nic(filter);
        }
        break;
      }
    }
    answer.target = device_.config().target;
    answer.protocol = device_.config().protocol;
    answer.groups = device_.config().join;
  } catch (const std::bad_alloc&) {
    answer.status = base::Error{base::ErrorCode::resource, "no memory to carry the command out",
                                "free some memory, then try again"};
  }
  answer.enabled = device_.enabled();
  answer.stats = device_.stats();
  answer.connections = device_.connections().stats();
  answer.pool = device_.pool().stats();
  mailbox_.answer(std::move(answer));
}

void LiveDevice::rest(std::uint64_t until_ns, const std::atomic<bool>& stop) noexcept {
  const std::uint64_t from = clock_.now();
  progress_.paused.store(true, std::memory_order_relaxed);
  std::uint64_t now = from;
  while (now < until_ns && !stop.load(std::memory_order_relaxed)) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(until_ns - now, kNapNs)));
    now = clock_.now();
  }
  paused_ns_ += now - from;
  progress_.paused.store(false, std::memory_order_relaxed);
}

// One burst of one queue; false when there was nothing.
bool LiveDevice::serve(std::size_t queue) noexcept {
  port::Port& port = *queues_[queue].port;
  const std::size_t count = port.rx_burst(std::span(burst_.frames).first(batch_));
  if (count == 0) {
    return false;
  }
  const std::uint64_t taken = clock_.now();
  ++polls_;
  served_[queue].rx_peak =
      std::max(served_[queue].rx_peak, static_cast<std::uint32_t>(count + port.waiting()));
  identify(queue, count, taken);
  const std::span views(burst_.views.data(), burst_.accepted);
  device_.process_burst(views, taken, std::span(burst_.verdicts).first(burst_.accepted));
  const std::uint64_t done = clock_.now();
  settle(queue, taken, done);
  send(queue, taken);
  port.recycle(std::span(burst_.frames).first(count));
  busy_ns_ += clock_.now() - taken;
  publish();
  return true;
}

LiveDevice::Known LiveDevice::recall(std::size_t queue, base::ByteView frame,
                                     Flight& flight) noexcept {
  Served& served = served_[queue];
  const std::uint64_t hash = flight_hash(frame, datagrams_);
  const auto find = [&](std::uint64_t reach) {
    return std::any_of(served.requests.begin(), served.requests.end(),
                       [&](FlightReader& reader) { return reader.find(hash, flight, reach); });
  };
  // Where the last one was edited, this one is likely to be, too, and a long search for its bytes
  // in vain.
  if (served.edited) {
    if (find(kNear)) {
      return Known::whole;
    }
    const FlightTrace trace = flight_trace(frame);
    if (served.requests.front().find_edited(trace, *served.edited, flight, kNear)) {
      return Known::edited;
    }
  }
  if (find(FlightReader::kAll)) {
    served.edited.reset();
    return Known::whole;
  }
  return recall_edited(served, frame, flight) ? Known::edited : Known::no;
}

// Whose it is shows in what a classifier left of it.
bool LiveDevice::recall_edited(Served& served, base::ByteView frame, Flight& flight) noexcept {
  if (served.requests.empty() || !served.requests.front().traced()) {
    return false;
  }
  const FlightTrace trace = flight_trace(frame);
  for (const Likeness likeness : kLikenesses) {
    for (FlightReader& reader : served.requests) {
      if (reader.find_edited(trace, likeness, flight)) {
        served.edited = likeness;
        return true;
      }
    }
  }
  return false;
}

// What the address filter of a NIC lets through, and who sent it.
void LiveDevice::identify(std::size_t queue, std::size_t count, std::uint64_t now) noexcept {
  burst_.accepted = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const ring::Descriptor& frame = burst_.frames[i];
    const base::ByteView view = area_.subspan(frame.address, frame.length);
    const std::uint64_t arrived = arrivals_.of(frame.address, now);
    Flight flight;
    const Known known = recall(queue, view, flight);
    if (known == Known::no) {
      flight.departure_ns = now;
      flight.stream = kOutside;
      ++outside_;
    }
    sim::FrameInfo info;
    info.length = frame.length;
    // A NIC looks before the classifier does.
    const base::Reason refused = known == Known::edited ? flight.refused : nic_.accept(view, info);
    if (refused != base::Reason::none) {
      ledger_.drop(base::Stage::nic, refused);
      continue;
    }
    if (flight.stream != kOutside) {
      tracker_.receive(flight.stream, flight.flow, flight.sequence);
      if (flight.departure_ns >= warmup_ns_) {
        measured_.request.record(arrived - std::min(arrived, flight.departure_ns));
      }
    }
    burst_.views[burst_.accepted] = view;
    burst_.flights[burst_.accepted++] = flight;
  }
  ledger_.received += burst_.accepted;
}

// Books the verdicts and readies the responses.
void LiveDevice::settle(std::size_t queue, std::uint64_t taken, std::uint64_t done) noexcept {
  burst_.to_send = 0;
  if (burst_.accepted == 0) {
    return;
  }
  // The stages inside the device cannot be timed one by one without slowing them down: each
  // packet gets its share of the burst's time, booked as parsing.
  const std::uint64_t share = (done - taken) / burst_.accepted;
  for (std::size_t i = 0; i < burst_.accepted; ++i) {
    const device::Verdict& verdict = burst_.verdicts[i];
    const Flight& flight = burst_.flights[i];
    device_.record_time(share);
    verdicts_.add(flight.stream, flight.flow, flight.sequence, verdict);
    if (flight.departure_ns >= warmup_ns_) {
      stages_.parse.record(share);
      measured_.service.record(share);
    }
    switch (verdict.outcome) {
      case device::Outcome::bypassed: ++ledger_.bypassed; break;
      case device::Outcome::dropped: ledger_.drop(verdict.stage, verdict.reason); break;
      case device::Outcome::processed:
        ++ledger_.processed;
        ++ledger_.unanswered;
        break;
      case device::Outcome::responded: {
        ++ledger_.processed;
        ++ledger_.responded;
        got_at_[verdict.response] = taken;
        const std::uint64_t address = pool_address_ + device_.pool().offset(verdict.response);
        served_[queue].responses->add(flight_hash(device_.response(verdict), datagrams_), flight);
        burst_.buffers[burst_.to_send] = verdict.response;
        burst_.responses[burst_.to_send++] = {address, verdict.response_length, 0};
        break;
      }
    }
  }
  stages_.respond.record(0, burst_.to_send);
}

void LiveDevice::send(std::size_t queue, std::uint64_t taken) noexcept {
  if (burst_.to_send == 0) {
    return;
  }
  const std::uint64_t ready = clock_.now();
  const std::size_t sent =
      queues_[queue].port->tx_burst(std::span(burst_.responses).first(burst_.to_send));
  const std::uint64_t now = clock_.now();
  ledger_.sent += sent;
  tx_in_use_ += static_cast<std::uint32_t>(sent);
  tx_peak_ = std::max(tx_peak_, tx_in_use_);
  if (taken >= warmup_ns_) {
    measured_.device.record(now - taken, sent);
    measured_.tx_wait.record(now - ready, sent);
  }
  for (std::size_t i = sent; i < burst_.to_send; ++i) {
    ledger_.drop(base::Stage::tx_ring, base::Reason::tx_ring_full);
    device_.complete(burst_.buffers[i]);
  }
}

void LiveDevice::bring_home(std::size_t queue) noexcept {
  std::array<std::uint64_t, kMaxBatch> addresses;
  for (;;) {
    const std::size_t count = queues_[queue].port->reclaim(addresses);
    if (count == 0) {
      return;
    }
    const std::uint64_t now = clock_.now();
    tx_in_use_ -= static_cast<std::uint32_t>(count);
    for (const std::uint64_t address : std::span(addresses).first(count)) {
      const auto buffer =
          static_cast<std::uint32_t>((address - pool_address_) / device_.pool().stride());
      measured_.hold.record(now - got_at_[buffer]);
      [[maybe_unused]] const device::PutResult put = device_.complete(buffer);
      assert(put == device::PutResult::ok);
    }
    if (count < addresses.size()) {
      return;
    }
  }
}

void LiveDevice::publish() noexcept {
  const auto set = [](std::atomic<std::uint64_t>& cell, std::uint64_t value) {
    cell.store(value, std::memory_order_relaxed);
  };
  set(progress_.received, ledger_.received);
  set(progress_.processed, ledger_.processed);
  set(progress_.bypassed, ledger_.bypassed);
  set(progress_.responded, ledger_.responded);
  set(progress_.dropped, ledger_.dropped());
}

void LiveDevice::publish_all(std::uint64_t now) noexcept {
  next_tally_ns_ = now + kTallyIntervalNs;
  Drops drops = ledger_.drops;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    const port::PortStats stats = queues_[i].port->stats();
    add_drops(drops, base::Stage::rx_ring, stats.rx_drops);
    add_drops(drops, base::Stage::return_link, stats.tx_drops);
    const auto full = stats.rx_drops[static_cast<std::size_t>(base::Reason::rx_ring_full)];
    live_.set(queues_[i].number, base::RingCounter::size, nic_.config().rx_descriptors);
    live_.set(queues_[i].number, base::RingCounter::peak, served_[i].rx_peak);
    live_.set(queues_[i].number, base::RingCounter::full, full);
  }
  tally_.store(drops);
  const std::uint32_t core = device_.core();
  const device::ConnectionStats connections = device_.connections().stats();
  live_.set(core, base::CoreCounter::received, ledger_.received);
  live_.set(core, base::CoreCounter::processed, ledger_.processed);
  live_.set(core, base::CoreCounter::bypassed, ledger_.bypassed);
  live_.set(core, base::CoreCounter::responded, ledger_.responded);
  live_.set(core, base::CoreCounter::polls, polls_);
  live_.set(core, base::CoreCounter::busy_ns, busy_ns_);
  live_.set(core, base::CoreCounter::connections, connections.active);
  const device::ConnectionStats before =
      devices_ == nullptr ? device::ConnectionStats{} : devices_->earlier[core].connections;
  live_.set(core, base::CoreCounter::connections_inserted, before.inserted + connections.inserted);
  live_.set(core, base::CoreCounter::connections_rejected, before.rejected + connections.rejected);
  if (core == 0) {
    const device::PoolStats pool = device_.pool().stats();
    live_.set(base::Counter::pool_size, device_.pool().size());
    live_.set(base::Counter::pool_in_use, pool.in_use);
    live_.set(base::Counter::pool_exhausted, pool.exhausted);
  }
}

}  // namespace ringbed::engine
