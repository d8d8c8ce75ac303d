#include "engine/live_generator.hpp"

#include <bit>
#include <thread>

#include "engine/datagram_ends.hpp"

namespace ringbed::engine {

LiveGenerator::LiveGenerator(const Plan& plan, gen::Generator& source,
                             std::span<port::Port* const> queues, const Config& config,
                             const LiveClock& clock)
    : plan_(plan),
      clock_(clock),
      source_(source),
      area_(config.area),
      arrivals_(config.area, clock),
      frames_(static_cast<std::uint32_t>(config.area.size() / config.frame_bytes),
              static_cast<std::uint32_t>(std::countr_zero(config.frame_bytes))),
      first_tx_frame_(config.first_tx_frame),
      max_frame_bytes_(source.max_frame_bytes()),
      link_(plan.sim.link, plan.seed, "link.forward", plan.sim.link_faults),
      nic_(plan.sim.nic),
      check_fcs_(plan.sim.nic.check_fcs),
      recipes_(config.recipes),
      datagrams_(config.datagrams),
      to_sockets_(config.to_sockets),
      answer_sockets_(config.answer_sockets),
      streams_(plan.traffic, source, plan.sim.warmup),
      warmup_ns_(sim::to_ns(plan.sim.warmup)),
      end_ns_(plan.duration_ns == 0 ? kNoEnd : std::min(plan.duration_ns, kNoEnd)),
      scratch_(max_frame_bytes_) {
  for (port::Port* port : queues) {
    queues_.push_back({port, std::make_unique<FlightLog>(config.log_records, config.edited),
                       std::vector<std::vector<FlightReader>>(queues.size())});
    queues_.back().waiting.reserve(frames_.frames());
  }
  // The first frames are the ports' for receiving; the allocator hands them out first.
  for (std::uint32_t i = 0; i < first_tx_frame_; ++i) {
    static_cast<void>(frames_.allocate());
  }
}

std::size_t LiveGenerator::memory_bytes() const noexcept {
  std::size_t sum = area_.size() + streams_.memory_bytes();
  for (const Queue& queue : queues_) {
    sum += queue.log->memory_bytes();
  }
  return sum;
}

void LiveGenerator::run(const std::atomic<bool>& stop_sending, const std::atomic<bool>& stop,
                        bool yield) noexcept {
  while (!clock_.started()) {
    std::this_thread::yield();
  }
  while (!stop.load(std::memory_order_relaxed)) {
    const std::uint64_t now = clock_.now();
    if (now >= next_tally_ns_) [[unlikely]] {
      publish_all(now);
    }
    bool worked = advance(now, stop_sending.load(std::memory_order_relaxed));
    for (std::size_t queue = 0; queue < queues_.size(); ++queue) {
      worked = listen(queue) || worked;
    }
    reclaim();
    if (!worked && yield) {
      std::this_thread::yield();
    }
  }
  publish_all(clock_.now());
}

void LiveGenerator::publish_all(std::uint64_t now) noexcept {
  next_tally_ns_ = now + kTallyIntervalNs;
  Drops drops = ledger_.drops;
  for (const Queue& queue : queues_) {
    const port::PortStats stats = queue.port->stats();
    add_drops(drops, base::Stage::link, stats.tx_drops);
    add_drops(drops, base::Stage::return_link, stats.rx_drops);
  }
  tally_.store(drops);
  streams_.publish(live_);
}

bool LiveGenerator::advance(std::uint64_t now, bool stop_sending) noexcept {
  switch (phase_) {
    case Phase::sending:
      if (stop_sending) {
        end_ns_ = std::min(end_ns_, now);
      }
      if (source_.peek_ps() < end_ns_ * gen::kPsPerNs && now < end_ns_ + kGraceNs) {
        return send_due(std::min(now, end_ns_), now);
      }
      flush();
      count_end_ns_ = now + kCountingNs;
      phase_ = Phase::counting;
      return true;
    case Phase::counting: count_unsent(now); return true;
    case Phase::listening: return false;
  }
  return false;
}

// A burst at a time, so that the responses get their turn. To make a frame is the only way to know
// when the next one is due.
void LiveGenerator::count_unsent(std::uint64_t now) noexcept {
  gen::FrameMeta meta;
  for (std::size_t i = 0; i < kBurst; ++i) {
    if (source_.peek_ps() >= end_ns_ * gen::kPsPerNs || !source_.next(scratch_, meta)) {
      phase_ = Phase::listening;
      break;
    }
    streams_.unsent(meta.stream);
    ++unsent_;
  }
  if (phase_ == Phase::counting && now >= count_end_ns_) {
    unsent_is_least_ = true;
    phase_ = Phase::listening;
  }
  if (phase_ == Phase::listening) {
    sending_.store(false, std::memory_order_release);
  }
}

// Sends what is due `until` then, at most a burst, so that the responses get their turn.
bool LiveGenerator::send_due(std::uint64_t until, std::uint64_t now) noexcept {
  std::size_t taken = 0;
  while (taken < kBurst) {
    const std::uint64_t due = source_.peek_ps();
    if (due == gen::kNever || due / gen::kPsPerNs > until || frames_.free_count() < 2) {
      break;  // two: the link may double the frame
    }
    ++taken;
    const std::uint64_t address = frames_.allocate();
    const base::MutableBytes bytes = area_.subspan(address, max_frame_bytes_);
    gen::FrameMeta meta;
    if (!source_.next(bytes, meta)) {
      frames_.free(address);
      break;
    }
    streams_.offered(meta);
    ++ledger_.offered;
    if (meta.departure_ps >= warmup_ns_ * gen::kPsPerNs) {
      lateness_.record(now - meta.departure_ps / gen::kPsPerNs);
    }
    const sim::Transit transit = link_.send(meta.departure_ps, meta.length);
    if (transit.dropped != base::Reason::none && transit.dropped != base::Reason::link_queue_full) {
      // A full sender's queue is the real link's own affair.
      ledger_.drop(base::Stage::link, transit.dropped);
      frames_.free(address);
      continue;
    }
    Queue& queue = queues_[nic_.queue_of(bytes.first(meta.length))];
    if (transit.copy_arrival != 0) {
      const std::uint64_t copy = frames_.allocate();
      std::copy_n(bytes.data(), meta.length, area_.data() + copy);
      ++ledger_.duplicated_forward;
      stage(queue, copy, meta, false);
    }
    if (transit.flip != 0) {
      if (check_fcs_) {
        // A real NIC drops it before anyone sees it.
        ++ledger_.arrived;
        ledger_.drop(base::Stage::nic, base::Reason::fcs_error);
        frames_.free(address);
        continue;
      }
      sim::flip_bit(bytes.first(meta.length), transit.flip);
    }
    stage(queue, address, meta, transit.flip != 0);
  }
  if (taken < kBurst) {
    flush();  // nothing more is due
  } else {
    for (Queue& queue : queues_) {
      hand_over(queue);
    }
  }
  offered_.store(ledger_.offered, std::memory_order_relaxed);
  lost_.store(ledger_.dropped(), std::memory_order_relaxed);
  return taken != 0;
}

void LiveGenerator::stage(Queue& queue, std::uint64_t address, const gen::FrameMeta& meta,
                          bool damaged) noexcept {
  if (queue.count == kBurst) {
    hand_over(queue);
  }
  const base::ByteView frame = area_.subspan(address, meta.length);
  if (to_sockets_ && !deliverable(plan_, frame)) {
    ++undeliverable_;
  }
  Flight flight{meta.departure_ps / gen::kPsPerNs, meta.sequence, meta.stream, meta.flow};
  if (queue.log->traced()) {
    sim::FrameInfo info;
    info.length = meta.length;
    flight.refused = nic_.accept(frame, info);
    queue.log->add(flight_hash(frame, datagrams_), flight, flight_trace(frame));
  } else {
    queue.log->add(flight_hash(frame, datagrams_), flight);
  }
  queue.streams[queue.count] =
      meta.departure_ps >= warmup_ns_ * gen::kPsPerNs ? meta.stream : kWarmup;
  queue.staged[queue.count++] = {address, meta.length, recipes_ && !damaged ? meta.stream + 1 : 0};
}

// The frames are bounded by the transmit rings, so a ring has room for each that there is; only a
// link that is gone makes it refuse.
void LiveGenerator::hand_over(Queue& queue) noexcept {
  if (queue.count == 0) {
    return;
  }
  const std::uint64_t since = clock_.now();
  const std::size_t sent = queue.port->tx_burst(std::span(queue.staged).first(queue.count));
  queue.waiting.insert(queue.waiting.end(), queue.streams.begin(),
                       queue.streams.begin() + static_cast<std::ptrdiff_t>(sent));
  leave(queue, since);
  for (std::size_t i = sent; i < queue.count; ++i) {
    ledger_.drop(base::Stage::link, base::Reason::link_queue_full);
    frames_.free(queue.staged[i].address);
  }
  queue.count = 0;
}

// Everything that is on this side leaves.
void LiveGenerator::flush() noexcept {
  for (Queue& queue : queues_) {
    hand_over(queue);
    if (!queue.waiting.empty()) {
      const std::uint64_t since = clock_.now();
      queue.port->flush();
      leave(queue, since);
    }
  }
}

// Books what the call that began at `since` has sent: its frames leave one after another while it
// lasts, each at its share of the time.
void LiveGenerator::leave(Queue& queue, std::uint64_t since) noexcept {
  const std::size_t count = queue.waiting.size() - queue.port->held();
  if (count == 0) {
    return;
  }
  constexpr unsigned kFraction = 10;  // bits: a share is seldom whole nanoseconds
  const std::uint64_t share = ((clock_.now() - since) << kFraction) / count;
  for (std::size_t i = 0; i < count; ++i) {
    if (queue.waiting[i] != kWarmup) {
      streams_.sent(queue.waiting[i], since + (share * i >> kFraction));
    }
  }
  queue.waiting.erase(queue.waiting.begin(),
                      queue.waiting.begin() + static_cast<std::ptrdiff_t>(count));
}

bool LiveGenerator::listen(std::size_t queue) noexcept {
  port::Port& port = *queues_[queue].port;
  std::array<ring::Descriptor, kBurst> frames;
  const std::size_t count = port.rx_burst(frames);
  if (count == 0) {
    return false;
  }
  const std::uint64_t now = clock_.now();
  for (const ring::Descriptor& frame : std::span(frames).first(count)) {
    hear(queue, area_.subspan(frame.address, frame.length), arrivals_.of(frame.address, now));
  }
  port.recycle(std::span(frames).first(count));
  responses_.store(ledger_.responses, std::memory_order_relaxed);
  return true;
}

// A veth keeps the queue, a NIC's RSS may choose another one.
bool LiveGenerator::recall(std::size_t queue, base::ByteView frame, Flight& flight) noexcept {
  port::Datagram datagram;
  std::size_t socket = 0;
  if (answer_sockets_ > 1 && port::read_datagram(frame, datagram)) {
    socket = datagram.destination_port & (answer_sockets_ - 1);
  }
  const std::uint64_t hash = flight_hash(frame, datagrams_);
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    auto& answers = queues_[queue].answers[(queue + i) % queues_.size()];
    if (!answers.empty() && answers[socket].find(hash, flight)) {
      return true;
    }
  }
  return false;
}

void LiveGenerator::hear(std::size_t queue, base::ByteView frame, std::uint64_t now) noexcept {
  Flight flight;
  if (!recall(queue, frame, flight)) {
    ++strays_;
    return;
  }
  ++ledger_.responses;
  response_bytes_ += frame.size();
  if (flight.stream != kOutside) {
    const std::uint64_t ns = now > flight.departure_ns ? now - flight.departure_ns : 0;
    const bool measured = flight.departure_ns >= warmup_ns_;
    if (measured) {
      response_.record(ns);
    }
    streams_.answered(flight.stream, ns, measured);
  }
}

void LiveGenerator::reclaim() noexcept {
  std::array<std::uint64_t, kBurst * 2> addresses;
  for (Queue& queue : queues_) {
    const std::size_t count = queue.port->reclaim(addresses);
    for (const std::uint64_t address : std::span(addresses).first(count)) {
      frames_.free(address);
    }
  }
}

}  // namespace ringbed::engine
