#include "sim/simulator.hpp"

#include <algorithm>
#include <string>

namespace ringbed::sim {

namespace {

// Events between two looks at the stop flag.
constexpr std::uint32_t kEventsPerLook = 8'192;

LinkConfig return_config(const WorldConfig& config) {
  LinkConfig link = config.link;
  // The transmit rings are the queue in front of this wire; it has none of its own.
  link.queue_frames = config.nic.tx_descriptors * config.core.count + 1;
  return link;
}

std::vector<Core> make_cores(const WorldConfig& config, Nic& nic) {
  std::vector<Core> cores;
  cores.reserve(config.core.count);
  for (std::uint32_t id = 0; id < config.core.count; ++id) {
    std::vector<Interval> pauses;
    for (const CorePause& pause : config.pauses) {
      if (pause.core == id) {
        pauses.push_back(pause.when);
      }
    }
    cores.emplace_back(
        id, PauseTimeline(std::move(pauses), config.core.noise,
                          base::Random(config.seed, "core." + std::to_string(id) + ".noise")));
    cores.back().staged.reserve(config.core.batch);
  }
  for (std::uint32_t queue = 0; queue < config.nic.queues; ++queue) {
    cores[queue % config.core.count].queues.push_back({queue, &nic.ring(queue)});
  }
  return cores;
}

}  // namespace

Simulator::Simulator(const WorldConfig& config, FrameSource& source, Host& host, Sink& sink)
    : config_(config),
      arena_(config.max_frame_bytes),
      nic_(config.nic),
      host_(host),
      sink_(sink),
      inbound_(source, Link(config.link, config.seed, "link.forward", config.link_faults), arena_,
               ledger_),
      return_link_(return_config(config), config.seed, "link.return", config.link_faults),
      cores_(make_cores(config, nic_)),
      scheduler_(kFirstCore + config.core.count + 1),
      completion_random_(config.seed, "costs.txCompletion"),
      poll_random_(config.seed, "costs.poll"),
      interrupt_random_(config.seed, "costs.interrupt"),
      yield_random_(config.seed, "costs.yield") {}

std::size_t Simulator::memory_bytes() const noexcept {
  std::size_t rings = 0;
  for (const RxRing& ring : nic_.rings()) {
    rings += ring.size() * sizeof(Frame*);
  }
  return arena_.memory_bytes() + rings;
}

void Simulator::run(const std::atomic<bool>* stop,
                    const std::function<void(Picoseconds)>& progress) {
  scheduler_.update(arrivals(), inbound_.next());
  for (std::uint32_t events = 0;; ++events) {
    if (events == kEventsPerLook) [[unlikely]] {
      events = 0;
      if (progress) {
        progress(now_);
      }
      if (stop != nullptr && stop->load(std::memory_order_relaxed)) {
        inbound_.stop();
      }
    }
    const std::uint32_t source = scheduler_.earliest();
    const Picoseconds when = scheduler_.time_of(source);
    if (when == kNever) {
      break;
    }
    now_ = when;
    if (source == kCompletions) {
      complete();
    } else if (source == arrivals()) {
      arrive();
    } else {
      step(cores_[source - kFirstCore]);
    }
  }
  if (progress) {
    progress(now_);
  }
}

void Simulator::arrive() {
  Frame* const frame = inbound_.take();
  scheduler_.update(arrivals(), inbound_.next());
  if (frame == nullptr) [[unlikely]] {
    return;
  }
  ++ledger_.arrived;
  FrameInfo& info = frame->info;
  const base::Reason refused = nic_.accept(frame->view(), info);
  if (refused != base::Reason::none) {
    ledger_.drop(base::Stage::nic, refused);
    arena_.release(frame);
    return;
  }
  const std::uint32_t queue = nic_.queue_of(frame->view());
  info.queue = queue;
  RxRing& ring = nic_.ring(queue);
  if (!ring.push(frame)) {
    ledger_.drop(base::Stage::rx_ring, base::Reason::rx_ring_full);
    arena_.release(frame);
    return;
  }
  info.visible = now_ + config_.nic.dma_delay;
  if (info.departure >= config_.warmup) {
    measured_.link.record(to_ns(elapsed(info.departure, info.arrival)));
    measured_.nic.record(to_ns(config_.nic.dma_delay));
  }
  wake(cores_.size() == 1 ? cores_[0] : cores_[queue % config_.core.count], ring, info.visible);
}

// An arrival concerns a core only when it sleeps or waits for something later.
void Simulator::wake(Core& core, RxRing& ring, Picoseconds visible) {
  if (core.state == Core::State::idle) {
    core.state = Core::State::polling;
    if (config_.core.poll == PollMode::busy) {
      core.next = visible;
      // Nothing else of this moment would come before the poll, and it would find this frame only.
      if (visible == now_ && config_.stalls.empty() && core.pauses.running_from(now_) == now_) {
        begin_burst(core, ring, now_);
      }
    } else {
      // Interrupt moderation: so many frames, or so long after the first, whichever is sooner.
      const bool enough = config_.nic.coalesce == 0 || config_.nic.coalesce_frames == 1;
      ++core.interrupts;
      core.next = visible + (enough ? 0 : config_.nic.coalesce) +
                  sample(config_.costs.interrupt, interrupt_random_);
    }
  } else if (core.state == Core::State::polling) {
    if (config_.core.poll == PollMode::busy) {
      core.next = std::min(core.next, visible);
    } else if (config_.nic.coalesce_frames != 0 && ring.waiting() >= config_.nic.coalesce_frames) {
      core.next = std::min(core.next, visible + sample(config_.costs.interrupt, interrupt_random_));
    }
  } else {
    return;
  }
  scheduler_.update(kFirstCore + core.id, core.next);
}

void Simulator::step(Core& core) {
  switch (core.state) {
    case Core::State::serving: finish(core); break;
    case Core::State::starting: start(core, now_); break;
    case Core::State::polling:
    case Core::State::idle: poll(core, now_); break;
  }
  scheduler_.update(kFirstCore + core.id, core.next);
}

Picoseconds Simulator::stalled_until(std::uint32_t queue, Picoseconds now) const noexcept {
  Picoseconds until = now;
  for (const Stall& stall : config_.stalls) {
    if (stall.queue == queue && stall.when.start <= now && now < stall.when.end) {
      until = std::max(until, stall.when.end);
    }
  }
  return until;
}

std::uint32_t Simulator::visible_in(const RxRing& ring, Picoseconds now) const noexcept {
  const std::uint32_t most = std::min(ring.waiting(), config_.core.batch);
  if (config_.nic.dma_delay == 0) {
    return most;
  }
  std::uint32_t count = 0;
  while (count < most && ring.at(count)->info.visible <= now) {
    ++count;
  }
  return count;
}

// Looks at the rings in turn; begins a burst, or waits for what is on its way, or goes idle.
void Simulator::poll(Core& core, Picoseconds now) {
  const Picoseconds running = core.pauses.running_from(now);
  if (running > now) [[unlikely]] {
    core.state = Core::State::polling;
    core.next = running;
    return;
  }
  Picoseconds later = kNever;
  const auto queues = static_cast<std::uint32_t>(core.queues.size());
  for (std::uint32_t i = 0; i < queues; ++i) {
    const Core::Queue& queue = core.queues[core.turn];
    core.turn = core.turn + 1 == queues ? 0 : core.turn + 1;
    if (queue.ring->waiting() == 0) {
      continue;
    }
    Picoseconds ready = queue.ring->front()->info.visible;
    if (!config_.stalls.empty()) [[unlikely]] {
      ready = std::max(ready, stalled_until(queue.number, now));
    }
    if (ready <= now) {
      begin_burst(core, *queue.ring, now);
      return;
    }
    later = std::min(later, ready);
  }
  go_idle(core, later);
}

// Nothing to serve: sleeps, or looks again when what is on its way has come.
void Simulator::go_idle(Core& core, Picoseconds later) noexcept {
  core.since_yield = 0;
  core.state = later == kNever ? Core::State::idle : Core::State::polling;
  core.next = later;
}

void Simulator::begin_burst(Core& core, RxRing& ring, Picoseconds now) {
  core.ring = &ring;
  core.burst_left = visible_in(ring, now);
  ++core.polls;
  Picoseconds cost = sample(config_.costs.poll, poll_random_);
  if (config_.core.poll == PollMode::interrupt) {
    // The core yields when the budget is used up and there is more; a burst does not exceed it.
    if (core.since_yield >= config_.core.budget) {
      core.since_yield = 0;
      cost += sample(config_.costs.yield, yield_random_);
    }
    core.burst_left = std::min(core.burst_left, config_.core.budget - core.since_yield);
    core.since_yield += core.burst_left;
  }
  if (cost == 0) {
    start(core, now);
  } else {
    core.state = Core::State::starting;
    core.next = core.pauses.finish(now, cost);
  }
}

void Simulator::start(Core& core, Picoseconds now) {
  const Picoseconds running = core.pauses.running_from(now);
  if (running > now) {
    core.state = Core::State::starting;
    core.next = running;
    return;
  }
  core.current = core.ring->pop();
  --core.burst_left;
  ++core.frames;
  const FrameInfo& info = core.current->info;
  const Served served = host_.serve(core.id, core.current->view(), info, now);
  // What the classifier drops never reached the device.
  ledger_.received +=
      served.fate != Served::Fate::dropped || served.stage > base::Stage::classifier;
  switch (served.fate) {
    case Served::Fate::unanswered:
      ++ledger_.processed;
      ++ledger_.unanswered;
      break;
    case Served::Fate::responded:
      ++ledger_.processed;
      ++ledger_.responded;
      break;
    case Served::Fate::bypassed: ++ledger_.bypassed; break;
    case Served::Fate::dropped: ledger_.drop(served.stage, served.reason); break;
  }
  core.current_responded = served.fate == Served::Fate::responded;
  core.current_buffer = served.response;
  core.busy += served.cost;
  core.state = Core::State::serving;
  core.next = core.pauses.finish(now, served.cost);
  if (info.departure >= config_.warmup) {
    measured_.rx_wait.record(to_ns(elapsed(info.visible, now)));
    measured_.request.record(to_ns(elapsed(info.departure, now)));
    measured_.service.record(to_ns(core.next - now));
  }
}

void Simulator::finish(Core& core) {
  if (core.current_responded) {
    core.staged.push_back({core.current_buffer, core.current->info});
    core.staged.back().request.visible = now_;  // from here on: end of service
  }
  core.ring->release();
  arena_.release(core.current);
  if (core.burst_left > 0) {
    start(core, now_);
    return;
  }
  flush(core);
  if (core.queues.size() == 1 && core.ring->waiting() == 0) [[likely]] {
    go_idle(core, kNever);  // what poll() would find
    return;
  }
  poll(core, now_);
}

// The responses of a burst go to the transmit ring together, as a poll-mode driver does it.
void Simulator::flush(Core& core) {
  if (core.staged.empty()) {
    return;
  }
  for (const StagedResponse& response : core.staged) {
    transmit(core, response);
  }
  core.staged.clear();
  scheduler_.update(kCompletions, completions_.earliest());
}

void Simulator::transmit(Core& core, const StagedResponse& response) {
  if (core.tx_in_use == config_.nic.tx_descriptors) {
    ++core.tx_full;
    ledger_.drop(base::Stage::tx_ring, base::Reason::tx_ring_full);
    host_.complete(core.id, response.buffer, now_);
    return;
  }
  ++core.tx_in_use;
  core.tx_peak = std::max(core.tx_peak, core.tx_in_use);
  ++ledger_.sent;
  const base::ByteView frame = host_.response(core.id, response.buffer);
  const FrameInfo& request = response.request;
  const Transit transit = return_link_.send(now_, static_cast<std::uint32_t>(frame.size()));
  completions_.push(transit.sent + sample(config_.costs.tx_completion, completion_random_),
                    {core.id, response.buffer});
  const bool measure = request.departure >= config_.warmup;
  if (measure) {
    measured_.tx_wait.record(to_ns(elapsed(request.visible, transit.sent)));
    measured_.device.record(to_ns(elapsed(request.arrival, transit.sent)));
  }
  if (transit.dropped != base::Reason::none) {
    ledger_.drop(base::Stage::return_link, transit.dropped);
    return;
  }
  if (transit.copy_arrival != 0) {
    ++ledger_.duplicated_return;
    ++ledger_.responses;
    FrameInfo copy = request;
    copy.copy = true;
    sink_.receive(frame, copy, transit.copy_arrival);
  }
  if (transit.flip != 0 && config_.nic.check_fcs) {
    ledger_.drop(base::Stage::return_link, base::Reason::fcs_error);
    return;
  }
  ++ledger_.responses;
  if (measure) {
    measured_.return_link.record(to_ns(elapsed(transit.sent, transit.arrival)));
  }
  if (transit.flip != 0) {
    corrupt_copy_.assign(frame.begin(), frame.end());
    flip_bit(corrupt_copy_, transit.flip);
    sink_.receive(corrupt_copy_, request, transit.arrival);
    return;
  }
  sink_.receive(frame, request, transit.arrival);
}

void Simulator::complete() {
  const Completion done = completions_.pop();
  scheduler_.update(kCompletions, completions_.earliest());
  --cores_[done.core].tx_in_use;
  host_.complete(done.core, done.buffer, now_);
}

}  // namespace ringbed::sim
