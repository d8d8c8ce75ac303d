#include "engine/live_diagnosis.hpp"

#include <algorithm>

#include "port/nic_info.hpp"

namespace ringbed::engine {

namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

// Frames on queues that no socket of the run serves.
std::string unsteered(const Plan& plan, const LiveSession& session) {
  const std::vector<std::uint64_t>& queues = session.kernel_queues();
  std::string list;
  for (std::size_t queue = plan.sim.nic.queues; queue < queues.size(); ++queue) {
    if (queues[queue] != 0) {
      list += (list.empty() ? "" : ", ") + number(queue);
    }
  }
  if (list.empty()) {
    return {};
  }
  return number(session.unserved_frames()) +
         " frames came on queues of the interface that the scenario does not serve (" + list +
         "); set nic.queues to as many as `ethtool -l` shows, or steer them (ethtool -X, -N)";
}

std::string why_nothing_came(const Plan& plan, const LiveSession& session,
                             const base::Ledger& books) {
  if (books.offered == 0) {
    return "nothing arrived at the device's interface during the run; is anything sending to it?";
  }
  const std::uint64_t refused = books.dropped(base::Stage::nic);
  if (refused != 0) {
    const bool group = books.drops[static_cast<std::size_t>(base::Stage::nic)]
                                  [static_cast<std::size_t>(base::Reason::multicast_filter)] != 0;
    return "the NIC's address filter refused every frame that arrived (" + number(refused) + "): " +
           (group ? "join their group with device.join" : "set device.address to their MAC") +
           ", or set nic.multicastFilter to promiscuous";
  }
  if (session.device_kernel().arrived == 0) {
    return plan.world == Plan::World::nic && session.generator().has_ports()
               ? "none of " + number(books.offered) +
                     " frames reached the device's interface: is it what the first interface is "
                     "connected to? (a veth end drops what is redirected to it while its peer has "
                     "no XDP program)"
               : "none of " + number(books.offered) + " frames reached the device's interface";
  }
  return number(session.device_kernel().arrived) +
         " frames reached the device's interface and none its sockets: see the kernel's counters";
}

// The load was not what the scenario says.
std::string fell_behind(const Plan& plan, const LiveGenerator& generator, std::uint64_t offered,
                        bool down) {
  const bool other_engine = plan.generator.engine != "kernel" && plan.sim.nic.queues == 1;
  return "the generator fell behind: " +
         std::string(generator.unsent_is_least() ? "at least " : "") + number(generator.unsent()) +
         " frames were due and had not left when the time was over, " + number(offered) + " left" +
         (down           ? ""
          : other_engine ? "; lower the streams' rates, or try generator.engine: kernel"
                         : "; lower the streams' rates");
}

// Busy threads whose processors others used, or each other: what was measured is of that, too.
std::string shared_processors(const LiveSession& session) {
  const std::size_t threads =
      session.core_seats().size() + (session.generator().has_ports() ? 1 : 0);
  if (session.placement().crowded(threads)) {
    return "the run's " + number(threads) + " busy threads take turns on " +
           number(session.placement().processors()) +
           " processors: latencies and rates are of that; lower core.count and nic.queues, or take "
           "a machine with more";
  }
  constexpr std::uint64_t kShare = 100;  // one part in so many of the run is worth a word
  std::string list;
  const auto look = [&](const std::string& who, const Seat& seat) {
    if (seat.waited_ns * kShare >= session.end_ns() && seat.waited_ns != 0) {
      list += (list.empty() ? "" : ", ") + who + " for " + number(seat.waited_ns / 1'000'000) +
              " ms of " + number(session.end_ns() / 1'000'000);
    }
  };
  look("the generator", session.generator_seat());
  for (std::size_t core = 0; core < session.core_seats().size(); ++core) {
    look("core " + number(core), session.core_seats()[core]);
  }
  return list.empty() ? list
                      : "other programs had the run's processors (" + list +
                            "): the latencies' tails are of that, too";
}

std::string swaps_left(const Plan& plan, const LiveSession& session) {
  const auto swaps = session.classifier() == nullptr ? std::nullopt : session.classifier()->swaps();
  const std::uint64_t done = swaps ? swaps->count + swaps->failed : 0;
  return !swaps || done >= plan.classifier.swaps
             ? std::string()
             : "the run was over after " + number(done) + " of " + number(plan.classifier.swaps) +
                   " swaps of the classifier: make it longer, or classifier.swapEvery shorter";
}

// Frames without the NIC's stamp, where the NIC stamps.
std::string unstamped(const LiveSession& session) {
  std::uint64_t device = 0;
  for (const auto& worker : session.workers()) {
    device += worker->arrivals().without();
  }
  const std::uint64_t all = device + session.generator().arrivals().without();
  return all == 0 ? std::string()
                  : std::to_string(all) +
                        " received frames had no stamp of the NIC: they count as having arrived "
                        "when they were found in the ring";
}

}  // namespace

std::vector<KernelCounter> moved(const std::vector<KernelCounter>& before,
                                 const std::vector<KernelCounter>& after) {
  std::vector<KernelCounter> rows;
  for (const KernelCounter& now : after) {
    const auto then = std::find_if(before.begin(), before.end(), [&](const KernelCounter& row) {
      return row.where == now.where && row.name == now.name;
    });
    const std::uint64_t start = then == before.end() ? 0 : then->count;
    if (now.count > start) {
      rows.push_back({now.where, now.name, now.count - start});
    }
  }
  return rows;
}

void add_losses(const std::string& interface, std::vector<KernelCounter>& counters) {
  auto found = port::loss_counters(interface);
  if (!found) {
    return;
  }
  for (port::Ethtool::Statistic& counter : found.value()) {
    counters.push_back({interface, std::move(counter.name), counter.value});
  }
}

std::vector<std::string> diagnose(const Plan& plan, const LiveWorld& world,
                                  const LiveSession& session, const base::Ledger& books) {
  std::vector<std::string> notes;
  const bool generator_down = session.generator().has_ports() && session.generator_kernel().down;
  if (generator_down || session.device_kernel().down) {
    notes.push_back(std::string("the interface of the ") +
                    (generator_down ? "generator" : "device") +
                    " was down, or without a carrier, when the run ended");
  }
  if (session.generator().unsent() != 0) {
    notes.push_back(fell_behind(plan, session.generator(), books.offered, generator_down));
  }
  if (session.setup().generator_backend == "packet" && plan.sim.nic.queues > 1) {
    notes.push_back(
        "generator.engine: packet cannot choose the queue that a frame arrives on: the "
        "kernel takes the one of the sender's processor, whatever the flow");
  }
  if (!session.kernel_is_silent().empty() && books.dropped() != 0) {
    notes.push_back("the drops have no reasons of the kernel's own: " + session.kernel_is_silent());
  }
  if (std::string shared = shared_processors(session); !shared.empty()) {
    notes.push_back(std::move(shared));
  }
  if (std::string missing = unstamped(session); !missing.empty()) {
    notes.push_back(std::move(missing));
  }
  if (world.closed() && session.classifier() != nullptr && session.outside() != 0) {
    notes.push_back("the classifier changed " + std::to_string(session.outside()) +
                    " frames so that neither addresses nor message tell who sent them: streams "
                    "count them as lost");
  }
  if (std::string missing = swaps_left(plan, session); !missing.empty()) {
    notes.push_back(std::move(missing));
  }
  const std::string elsewhere = unsteered(plan, session);
  if (!elsewhere.empty()) {
    notes.push_back(elsewhere);
  }
  if (books.received == 0 && elsewhere.empty()) {
    notes.push_back(why_nothing_came(plan, session, books));
  }
  return notes;
}

}  // namespace ringbed::engine
