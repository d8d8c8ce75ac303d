#include "engine/live_session.hpp"

#include <net/if.h>

#include <chrono>
#include <string>
#include <thread>

#include "engine/datagram_ends.hpp"
#include "engine/live_control.hpp"
#include "engine/live_diagnosis.hpp"
#include "engine/thread.hpp"
#include "port/nic_info.hpp"

namespace ringbed::engine {

namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kStartDelayNs = 20'000'000;  // the threads get to their places
// Between two looks at the counters. Each look takes a core away from a thread that polls: seldom
// while traffic flows.
constexpr milliseconds kLook{10};
constexpr int kLooksPerLinkCheck = 20;
constexpr int kLooksPerClockLook = 10;
constexpr milliseconds kSettlingLook{2};
constexpr int kQuietLooks = 20;  // nothing moved for so long: everything has come to rest
// ... while frames are missing: lost, or in the hands of a thread that has no processor.
constexpr int kPatientLooks = 250;

base::Result<ring::MemoryArea> map_frames(std::uint64_t frames, std::uint32_t frame_bytes,
                                          port::Choice huge_pages) {
  const ring::Pages pages = huge_pages == port::Choice::automatic ? ring::Pages::huge_if_any
                            : huge_pages == port::Choice::on      ? ring::Pages::huge
                                                                  : ring::Pages::ordinary;
  return ring::MemoryArea::map(frames * frame_bytes, pages);
}

// Frames that the engine `kernel` may keep for one call, which has a price of its own.
constexpr std::uint32_t kHeldFrames = 1024;

port::KernelOptions kernel_options(const gen::Generator& source) {
  port::KernelOptions options;
  options.longest_frame = source.max_frame_bytes();
  options.hold = kHeldFrames;
  for (std::uint32_t stream = 0; stream < source.stream_count(); ++stream) {
    auto image = source.image(stream).value_or(gen::FrameImage{});
    options.recipes.push_back({std::move(image.bytes), std::move(image.varies)});
  }
  return options;
}

base::MutableBytes span_of(const ring::MemoryArea& area) noexcept {
  return {area.data(), area.size()};
}

}  // namespace

LiveSession::LiveSession(const Plan& plan, LiveWorld& world, gen::Generator source,
                         const LiveSetup& setup)
    : plan_(plan), world_(world), setup_(setup), source_(std::move(source)) {}

LiveSession::~LiveSession() = default;

base::Result<std::unique_ptr<LiveSession>> LiveSession::open(
    const Plan& plan, LiveWorld& world, gen::Generator source, const LiveSetup& setup,
    const base::Result<ebpf::KernelTypes>& types) {
  std::unique_ptr<LiveSession> session(new LiveSession(plan, world, std::move(source), setup));
  if (base::Status status = session->open_ends(types); !status) {
    return status.error();
  }
  session->hear_kernel(types);
  return session;
}

void LiveSession::look_for_stamps(const base::Result<ebpf::KernelTypes>& types) {
  const auto look = [&](const std::string& backend, const base::Result<port::LinkInfo>& link,
                        const HardwareStamps::Namespace& within) {
    return plan_.hardware_stamps == port::Choice::off
               ? HardwareStamps("device.xdp.hardwareStamps is off")
           : backend != "xdp" ? HardwareStamps("the port " + backend + " has none")
                              : HardwareStamps::look_for(link, within, types);
  };
  device_stamps_ =
      plan_.has_classifier
          ? HardwareStamps("the classifier's program is in the place of the one that asks for them")
          : look(setup_.device_backend, world_.device_link(),
                 [this](const auto& work) { return world_.at_device(work); });
  generator_stamps_ = look(setup_.generator_backend, world_.generator_link(),
                           [this](const auto& work) { return world_.at_generator(work); });
}

base::Status LiveSession::use_stamps() {
  const auto use = [](HardwareStamps& stamps, const port::Ports& ports, auto& reader) {
    if (stamps.clock() != nullptr && !ports.empty() && !ports.front()->capabilities().rx_stamps) {
      stamps.refused();
    }
    reader.stamped_by(stamps.clock());
  };
  use(generator_stamps_, generator_ports_, *generator_);
  for (const auto& worker : workers_) {
    use(device_stamps_, device_ports_, *worker);
  }
  if (plan_.hardware_stamps == port::Choice::on && device_stamps_.clock() == nullptr) {
    return base::Error{
        base::ErrorCode::unavailable, "no hardware timestamps: " + device_stamps_.text(),
        "leave device.xdp.hardwareStamps out: arrivals are stamped by software then"};
  }
  return {};
}

base::Status LiveSession::open_ends(const base::Result<ebpf::KernelTypes>& types) {
  look_for_stamps(types);
  const std::uint32_t queues = plan_.sim.nic.queues;
  port::PortConfig config;
  config.queues = queues;
  config.frame_bytes = setup_.frame_bytes;

  auto generator_area =
      map_frames(std::uint64_t{queues} * (setup_.generator_rx + setup_.generator_tx),
                 setup_.frame_bytes, port::Choice::automatic);
  if (!generator_area) {
    return generator_area.error();
  }
  generator_area_ = std::move(generator_area).value();
  config.area = span_of(generator_area_);
  config.rx_frames = setup_.generator_rx;
  // Any queue may get all of the frames.
  config.tx_descriptors = queues * setup_.generator_tx;
  const bool recipes = setup_.generator_backend == "kernel";
  if (recipes) {
    config.kernel = kernel_options(source_);
  }
  config.xdp.stamp_function = generator_stamps_.function();
  auto generator_ports = world_.open_generator(config);
  if (!generator_ports) {
    return generator_ports.error();
  }
  generator_ports_ = std::move(generator_ports).value();
  config.kernel = {};

  auto device_area = map_frames(std::uint64_t{queues} * setup_.device_rx + plan_.pool.size,
                                setup_.frame_bytes, plan_.huge_pages);
  if (!device_area) {
    return device_area.error();
  }
  device_area_ = std::move(device_area).value();
  config.area = span_of(device_area_);
  config.rx_frames = setup_.device_rx;
  config.tx_descriptors = setup_.device_tx;
  config.xdp = plan_.xdp;
  config.xdp.stamp_function = device_stamps_.function();
  if (plan_.has_classifier) {
    auto classifier = LiveClassifier::open(plan_, world_);
    if (!classifier) {
      return classifier.error();
    }
    classifier_ = std::move(classifier).value();
    config.xdp.foreign = classifier_->sockets();
  }
  auto device_ports = world_.open_device(config);
  if (!device_ports) {
    return device_ports.error();
  }
  device_ports_ = std::move(device_ports).value();

  // The response pool is the rest of the device's area: a buffer is a frame that can be sent.
  const std::uint64_t pool_address = std::uint64_t{config.first_tx_frame()} * setup_.frame_bytes;
  auto devices = DeviceSet::create(
      plan_,
      {device_area_.data() + pool_address,
       static_cast<std::size_t>(plan_.pool.size) * setup_.frame_bytes, setup_.frame_bytes},
      world_.leaves_checksums());
  if (!devices) {
    return devices.error();
  }
  devices_ = std::move(devices).value();

  std::vector<port::Port*> ports;
  for (const auto& port : generator_ports_) {
    ports.push_back(port.get());
  }
  LiveGenerator::Config generator;
  generator.area = span_of(generator_area_);
  generator.frame_bytes = setup_.frame_bytes;
  generator.first_tx_frame = queues * setup_.generator_rx;
  generator.recipes = recipes;
  generator.datagrams = setup_.generator_datagrams || setup_.device_datagrams;
  generator.to_sockets = setup_.device_datagrams;
  generator.edited = plan_.has_classifier;
  generator.answer_sockets =
      setup_.generator_datagrams ? receiving_span(generator_sockets(plan_)) : 1;
  generator_ = std::make_unique<LiveGenerator>(plan_, source_, ports, generator, clock_);
  make_workers(pool_address);
  return use_stamps();
}

void LiveSession::make_workers(std::uint64_t pool_address) {
  std::vector<std::uint32_t> flows;
  for (std::uint32_t stream = 0; stream < source_.stream_count(); ++stream) {
    flows.push_back(source_.flows(stream));
  }
  const std::uint32_t cores = plan_.sim.core.count;
  for (std::uint32_t core = 0; core < cores; ++core) {
    std::vector<LiveDevice::Queue> queues;
    for (std::uint32_t queue = core; queue < plan_.sim.nic.queues; queue += cores) {
      std::vector<const FlightLog*> requests;
      for (std::uint32_t i = 0; generator_->has_ports() && i < plan_.sim.nic.queues; ++i) {
        requests.push_back(&generator_->requests((queue + i) % plan_.sim.nic.queues));
      }
      queues.push_back({queue, device_ports_[queue].get(), std::move(requests)});
    }
    workers_.push_back(std::make_unique<LiveDevice>(
        plan_, *devices_.cores[core], pool_address, span_of(device_area_), std::move(queues), flows,
        setup_.generator_datagrams || setup_.device_datagrams, clock_));
    for (std::size_t i = 0; generator_->has_ports() && i < workers_.back()->queues().size(); ++i) {
      generator_->listen_to(workers_.back()->queues()[i].number, workers_.back()->responses(i));
    }
  }
}

std::uint64_t LiveSession::outside() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& worker : workers_) {
    sum += worker->outside();
  }
  return sum;
}

std::size_t LiveSession::memory_bytes() const noexcept {
  std::size_t sum = (classifier_ ? classifier_->memory_bytes() : 0) + generator_->memory_bytes() +
                    device_area_.size() + source_.memory_bytes();
  for (const auto& worker : workers_) {
    sum += worker->tracker().memory_bytes();
    for (std::size_t i = 0; i < worker->queues().size(); ++i) {
      sum += worker->responses(i).memory_bytes();
    }
  }
  return sum;
}

base::Status LiveSession::count_kernel() {
  const auto count = [](KernelCounts& counts, base::Result<port::LinkInfo> link,
                        base::Result<port::StackCounters::Drops> stack) -> base::Status {
    if (!link) {
      return link.error();
    }
    if (!stack) {
      return stack.error();
    }
    const port::LinkInfo& now = link.value();
    counts.arrived = now.rx_packets - counts.arrived;
    counts.dropped = now.rx_dropped - counts.dropped;
    counts.other_host = now.rx_otherhost - counts.other_host;
    counts.unsent = now.tx_dropped - counts.unsent;
    counts.carrier_downs = now.carrier_downs - counts.carrier_downs;
    counts.down = (now.flags & IFF_UP) == 0 || (now.flags & IFF_RUNNING) == 0;
    for (std::size_t reason = 0; reason < counts.stack.size(); ++reason) {
      counts.stack[reason] = stack.value()[reason] - counts.stack[reason];
    }
    return {};
  };
  base::Status status = count(kernel_[0], world_.generator_link(), world_.generator_stack());
  return status ? count(kernel_[1], world_.device_link(), world_.device_stack()) : status;
}

// Counters whose differences tell what happened in between.
struct KernelLook {
  std::vector<KernelCounter> losses;
  std::vector<std::uint64_t> queues;

  [[nodiscard]] static KernelLook at(LiveWorld& world) {
    KernelLook look{world.losses(), world.frames_by_queue()};
    look.losses.push_back({"/proc/net/softnet_stat", "dropped", port::backlog_drops()});
    return look;
  }
};

base::Status LiveSession::read_kernel(const KernelLook& before) {
  if (base::Status status = count_kernel(); !status) {
    return status;
  }
  const KernelLook after = KernelLook::at(world_);
  kernel_losses_ = moved(before.losses, after.losses);
  kernel_queues_ = after.queues;
  for (std::size_t i = 0; i < std::min(kernel_queues_.size(), before.queues.size()); ++i) {
    kernel_queues_[i] -= std::min(kernel_queues_[i], before.queues[i]);
  }
  return {};
}

void LiveSession::hear_kernel(const base::Result<ebpf::KernelTypes>& types) {
  if (!types) {
    kernel_is_silent_ = types.error().message + "; " + types.error().hint;
    return;
  }
  auto places = world_.places();
  if (!places) {
    kernel_is_silent_ = places.error().message;
    return;
  }
  auto drops = KernelDrops::open(places.value(), types.value());
  if (!drops) {
    kernel_is_silent_ = drops.error().message + "; " + drops.error().hint;
    return;
  }
  kernel_drops_ = std::move(drops).value();
  device_place_ = places.value().size() - 1;
}

base::Status LiveSession::run(const RunControl& control) {
  if (base::Status status = count_kernel(); !status) {
    return status;
  }
  const KernelLook before = KernelLook::at(world_);
  const base::LiveCounters live(control.counters, shape_of(plan_));
  generator_->attach(live);
  for (const auto& worker : workers_) {
    worker->attach(live, devices_);
  }
  seats_.assign(1 + workers_.size(), {});
  const bool yield = placement_.crowded(seats_.size());
  if (classifier_) {
    classifier_->start();
  }
  clock_.start_at(LiveClock::now_raw() + kStartDelayNs);
  base::Status status;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      threads.push_back(start_thread("ringbed-device", [this, i, yield] {
        placement_.at_seat(1 + i, seats_[1 + i], [&] { workers_[i]->run(stop_, yield); });
      }));
    }
    if (generator_->has_ports()) {
      threads.push_back(start_thread("ringbed-gen", [this, yield] {
        placement_.at_seat(0, seats_[0], [&] { generator_->run(stop_sending_, stop_, yield); });
      }));
    }
    if (classifier_ && plan_.classifier.swaps > 0) {
      threads.push_back(start_thread("ringbed-swap",
                                     [this] { classifier_->keep_swapping(stop_sending_, stop_); }));
    }
    status = watch(control);
    if (status) {
      settle(control);
    }
    stop_.store(true);
  }
  end_ns_ = clock_.now();
  publish(control);
  if (!status) {
    return status;
  }
  if (base::Status read = read_kernel(before); !read) {
    return read;
  }
  return source_.status();
}

base::Status LiveSession::links_stand() const {
  const auto gone = [](const char* end, const base::Error& error) {
    return base::Error{
        base::ErrorCode::unavailable,
        std::string("the ") + end + "'s interface went away during the run: " + error.message,
        "run again; what was measured until then is void"};
  };
  if (auto link = world_.device_link(); !link) {
    return gone("device", link.error());
  }
  if (auto link = world_.generator_link(); !link) {
    return gone("generator", link.error());
  }
  return {};
}

// Until nothing more is sent. Error: a link went away.
base::Status LiveSession::watch(const RunControl& control) {
  base::LiveCounters live = control.counters;
  live.set(base::Counter::end_ns, plan_.duration_ns);
  live.set(base::Counter::end_packets, plan_.packets);
  for (int looks = 0; going_on(); ++looks) {
    if (control.stopped()) {
      stop_sending_.store(true);
    }
    if (looks % kLooksPerLinkCheck == kLooksPerLinkCheck - 1) {
      if (base::Status status = links_stand(); !status) {
        return status;
      }
    }
    if (looks % kLooksPerClockLook == 0) {
      generator_stamps_.look();
      device_stamps_.look();
    }
    publish(control);
    serve(control);
    std::this_thread::sleep_for(kLook);
  }
  return {};
}

void LiveSession::serve(const RunControl& control) {
  if (control.desk != nullptr) {
    control.desk->serve([&](const ControlCommand& command) {
      LiveControl hand(plan_, setup_, world_, workers_, clock_, [&] { return control.stopped(); });
      return hand.perform(command);
    });
  }
}

// The traffic: ours, or what comes from outside in the time or number that the scenario gives.
bool LiveSession::going_on() const noexcept {
  if (generator_->has_ports()) {
    return generator_->sending();
  }
  std::uint64_t taken = 0;
  for (const auto& worker : workers_) {
    taken += worker->progress().received.load(std::memory_order_relaxed);
  }
  return !stop_sending_.load() && (plan_.duration_ns == 0 || clock_.now() < plan_.duration_ns) &&
         (plan_.packets == 0 || taken < plan_.packets);
}

// Drains: what is on its way arrives, is answered, and buffers come home.
void LiveSession::settle(const RunControl& control) {
  std::uint64_t last = movements();
  for (int quiet = 0; quiet < (all_home() ? kQuietLooks : kPatientLooks);) {
    std::this_thread::sleep_for(kSettlingLook);
    const std::uint64_t now = movements();
    quiet = now == last && !held_back() ? quiet + 1 : 0;
    last = now;
    publish(control);
  }
}

std::uint64_t LiveSession::movements() const noexcept {
  std::uint64_t sum = generator_->responses() + generator_->offered();
  for (const auto& worker : workers_) {
    sum += worker->progress().received.load(std::memory_order_relaxed) +
           worker->progress().dropped.load(std::memory_order_relaxed);
  }
  return sum;
}

// As far as the threads know: what a kernel dropped is not among their counts.
bool LiveSession::all_home() const noexcept {
  std::uint64_t known = generator_->lost();
  std::uint64_t responded = 0;
  for (const auto& worker : workers_) {
    known += worker->progress().received.load(std::memory_order_relaxed) +
             worker->progress().dropped.load(std::memory_order_relaxed);
    responded += worker->progress().responded.load(std::memory_order_relaxed);
  }
  return !generator_->has_ports() ||
         (known >= generator_->offered() && generator_->responses() >= responded);
}

// A core that pauses, or a queue that is stalled, is not at rest.
bool LiveSession::held_back() const noexcept {
  for (const auto& worker : workers_) {
    if (worker->progress().paused.load(std::memory_order_relaxed)) {
      return true;
    }
  }
  const sim::Picoseconds now = clock_.now() * sim::kPsPerNs;
  for (const sim::Stall& stall : plan_.sim.stalls) {
    if (stall.when.start <= now && now < stall.when.end) {
      return true;
    }
  }
  return false;
}

void LiveSession::publish(const RunControl& control) const {
  using base::Counter;
  base::LiveCounters live = control.counters;
  std::uint64_t received = 0;
  std::uint64_t processed = 0;
  std::uint64_t bypassed = 0;
  std::uint64_t responded = 0;
  Drops drops{};
  generator_->tally().add_to(drops);
  for (const auto& worker : workers_) {
    const LiveProgress& progress = worker->progress();
    received += progress.received.load(std::memory_order_relaxed);
    processed += progress.processed.load(std::memory_order_relaxed);
    bypassed += progress.bypassed.load(std::memory_order_relaxed);
    responded += progress.responded.load(std::memory_order_relaxed);
    worker->tally().add_to(drops);
  }
  publish_drops(drops, live);
  live.set(Counter::time_ns, clock_.now());
  live.set(Counter::offered, generator_->offered());
  live.set(Counter::received, received);
  live.set(Counter::processed, processed);
  live.set(Counter::bypassed, bypassed);
  live.set(Counter::responded, responded);
  live.set(Counter::responses, generator_->responses());
}

}  // namespace ringbed::engine
