#include "engine/live_books.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "base/digest.hpp"
#include "engine/drop_names.hpp"
#include "engine/live_diagnosis.hpp"

namespace ringbed::engine {

namespace {

using base::Ledger;
using base::less;
using base::Reason;
using base::Stage;

void add_drops(Ledger& books, Stage stage,
               const std::array<std::uint64_t, base::kReasonCount>& drops) {
  for (std::size_t reason = 0; reason < base::kReasonCount; ++reason) {
    books.drop(stage, static_cast<Reason>(reason), drops[reason]);
  }
}

void add(Ledger& books, const Ledger& part) {
  books.offered += part.offered;
  books.duplicated_forward += part.duplicated_forward;
  books.arrived += part.arrived;
  books.received += part.received;
  books.bypassed += part.bypassed;
  books.processed += part.processed;
  books.unanswered += part.unanswered;
  books.responded += part.responded;
  books.sent += part.sent;
  books.duplicated_return += part.duplicated_return;
  books.responses += part.responses;
  for (std::size_t stage = 0; stage < base::kStageCount; ++stage) {
    add_drops(books, static_cast<Stage>(stage), part.drops[stage]);
  }
}

// Frames that the NIC steered to queues without a socket: the XDP program let them go to the stack.
// Where the traffic comes from outside, somebody offered them.
void book_unserved(Ledger& books, const LiveSession& session) {
  if (!session.setup().device_xdp) {
    return;
  }
  std::uint64_t frames = session.unserved_frames();
  if (session.generator().has_ports()) {
    frames = std::min(frames, less(books.offered + books.duplicated_forward,
                                   books.dropped(Stage::link) + books.received +
                                       books.dropped(Stage::nic, Stage::classifier)));
  } else {
    books.offered += frames;
  }
  books.drop(Stage::nic, Reason::queue_unserved, frames);
}

bool link_was_down(const LiveSession& session) {
  return session.generator_kernel().was_down() || session.device_kernel().was_down();
}

// Frames that left one end and were never seen at the other, nor counted by a kernel.
void book_lost_between(Ledger& books, Reason reason) {
  books.drop(
      Stage::link, reason,
      less(books.offered + books.duplicated_forward, books.dropped(Stage::link) + books.arrived));
  books.drop(Stage::return_link, reason,
             less(books.sent, books.dropped(Stage::return_link) + books.responses));
}

// On hardware they are the wire's, a switch's or a NIC's doing.
void book_lost_on_the_wire(Ledger& books, const LiveSession& session) {
  books.arrived = books.received + books.dropped(Stage::nic, Stage::classifier);
  book_lost_between(books, link_was_down(session) ? Reason::link_down : Reason::link_loss);
}

// What the stack behind the sockets of an end dropped. A socket counts all that it refused; the
// stack tells the wrong checksums among them apart.
void book_stack(Ledger& books, Stage stage, const KernelCounts& kernel) {
  add_drops(books, stage, kernel.stack);
  auto& row = books.drops[static_cast<std::size_t>(stage)];
  std::uint64_t& full = row[static_cast<std::size_t>(Reason::socket_buffer_full)];
  full = less(full, kernel.stack[static_cast<std::size_t>(Reason::udp_checksum)]);
}

// Datagrams on a link that carries nothing else. The interface counts a frame that the other end
// could not hand over on both sides; what is left of its drops nobody in the stack takes. A group
// that was not joined goes without any counter: as many frames as the generator sent that no
// socket could get may be missing for that reason, and no more.
void book_datagrams(Ledger& books, const LiveSession& session) {
  const KernelCounts& far = session.generator_kernel();
  const KernelCounts& near = session.device_kernel();
  if (session.setup().generator_datagrams) {
    books.drop(Stage::link, Reason::link_queue_full, far.unsent);
    book_stack(books, Stage::return_link, far);
  }
  if (session.setup().device_datagrams) {
    books.drop(Stage::return_link, Reason::link_queue_full, near.unsent);
    book_stack(books, Stage::rx_ring, near);
    books.drop(Stage::nic, Reason::mac_filter, near.other_host);
    books.drop(Stage::rx_ring, Reason::stack_protocol, less(near.dropped, far.unsent));
    const std::uint64_t refused =
        near.other_host + less(near.dropped, far.unsent) +
        std::accumulate(near.stack.begin(), near.stack.end(), std::uint64_t{0});
    const std::uint64_t missing =
        less(books.arrived, books.received + books.dropped(Stage::nic, Stage::classifier));
    books.drop(Stage::rx_ring, Reason::stack_address,
               std::min(missing, less(session.generator().undeliverable(), refused)));
  }
}

// A port beside the stack has seen what the stack has no use for (a tag that no VLAN interface is
// there for). With XDP the interface counts a frame that found no room in the socket's ring as
// dropped, too; that one is in the port's own counts already. So is one that the sender's
// redirection could not hand over.
std::uint64_t dropped_before_the_port(const LiveSession& session) {
  const auto& ports = session.device_ports();
  if (ports.front()->capabilities().taps_stack) {
    return 0;
  }
  std::uint64_t counted = 0;
  for (const auto& port : ports) {
    counted += port->capabilities().interface_counts_drops ? port->stats().rx_dropped() : 0;
  }
  for (const auto& port : session.generator_ports()) {
    counted += port->capabilities().peer_counts_tx_drops ? port->stats().tx_dropped() : 0;
  }
  // Without native XDP frames wait in the host's backlog: one that found it full is the sender's
  // drop.
  const bool backlog = !ports.front()->capabilities().interface_counts_drops;
  const std::uint64_t unsent = backlog ? session.generator_kernel().unsent : 0;
  return less(session.device_kernel().dropped, counted + unsent);
}

// What the classifier did with frames that reached no ring. The kernel counts what arrived, the
// programs what became of it; a frame that neither the ring nor a verdict accounts for leaves the
// books open.
void book_classifier(Ledger& books, const LiveWorld& world, const LiveSession& session) {
  const LiveClassifier& classifier = *session.classifier();
  std::uint64_t ring = books.received + books.dropped(Stage::rx_ring);
  for (const auto& worker : session.workers()) {
    ring += worker->ledger().dropped(Stage::nic);  // came through the ring, too
  }
  std::uint64_t past = 0;
  if (const auto counts = classifier.counts()) {
    books.drop(Stage::classifier, Reason::classifier_drop, counts->drop);
    books.drop(Stage::classifier, Reason::classifier_aborted, counts->aborted);
    past = counts->pass + counts->tx;
    const std::uint64_t others = less(counts->redirect, ring);
    switch (classifier.other_redirects()) {
      case LiveClassifier::OtherRedirects::elsewhere: past += others; break;
      case LiveClassifier::OtherRedirects::refused:
        books.drop(Stage::classifier, Reason::classifier_aborted, others);
        break;
      case LiveClassifier::OtherRedirects::unknown: break;
    }
  } else if (world.closed() && session.device_kernel().arrived > ring) {
    past =
        session.device_kernel().arrived - ring;  // an object that does not count: no drop is known
  }
  books.received += past;
  books.bypassed += past;
}

// Frames that still wait in the generator's ring because its interface went down: they will not
// leave any more.
std::uint32_t stuck(const LiveSession& session) {
  return session.generator_kernel().down ? session.generator().in_flight() : 0;
}

Ledger ledger(const LiveWorld& world, const LiveSession& session) {
  Ledger books;
  add(books, session.generator().ledger());
  for (const auto& worker : session.workers()) {
    add(books, worker->ledger());
  }
  if (!(world.closed() && session.classifier() != nullptr)) {
    books.offered += session.outside();  // somebody offered them
  }
  for (const auto& port : session.generator_ports()) {
    const port::PortStats stats = port->stats();
    add_drops(books, Stage::link, stats.tx_drops);
    add_drops(books, Stage::return_link, stats.rx_drops);
  }
  books.drop(Stage::link, Reason::link_down, stuck(session));
  for (const auto& port : session.device_ports()) {
    const port::PortStats stats = port->stats();
    add_drops(books, Stage::rx_ring, stats.rx_drops);
    add_drops(books, Stage::return_link, stats.tx_drops);
    if (!session.generator().has_ports()) {
      // The sink is outside: what left has arrived, as far as this machine can tell.
      books.responses += stats.tx_completed - stats.tx_dropped();
    }
  }
  if (session.classifier() != nullptr) {
    book_classifier(books, world, session);
  }
  if (world.closed()) {
    books.arrived += session.device_kernel().arrived;
    book_datagrams(books, session);
    // Frames that a classifier passes on may be nobody's in the stack, which the interface counts.
    if (!session.setup().device_datagrams && session.classifier() == nullptr) {
      books.drop(Stage::rx_ring, Reason::rx_ring_full, dropped_before_the_port(session));
    }
    // A veth that goes down throws away what waits in its ring, and what a redirection hands to it,
    // and counts neither. While it stays up nothing is lost that nobody counts.
    if (link_was_down(session)) {
      book_lost_between(books, Reason::link_down);
    }
  } else {
    book_unserved(books, session);
    book_lost_on_the_wire(books, session);
  }
  return books;
}

StageResult stage(Stage which, std::uint64_t in, std::uint64_t out,
                  const base::Histogram& ns = {}) {
  return {std::string(base::to_string(which)), in, out, ns};
}

// A histogram of all cores together.
template <typename Pick>
base::Histogram merged(const LiveSession& session, Pick pick) {
  base::Histogram all;
  for (const auto& worker : session.workers()) {
    all.merge(pick(*worker));
  }
  return all;
}

std::vector<StageResult> stages(const Ledger& books, const LiveSession& session) {
  const DeviceSet& devices = session.devices();
  const auto parse =
      merged(session, [](const LiveDevice& worker) { return worker.stages().parse; });
  const auto tx =
      merged(session, [](const LiveDevice& worker) { return worker.measured().tx_wait; });
  const std::uint64_t queued = books.arrived - books.dropped(Stage::nic);
  const std::uint64_t taken = books.received + books.dropped(Stage::classifier);
  std::vector<StageResult> rows = {
      stage(Stage::link, books.offered + books.duplicated_forward, books.arrived),
      stage(Stage::nic, books.arrived, queued),
      stage(Stage::rx_ring, queued, taken),
      devices.stage(Stage::parse, &parse),
      devices.stage(Stage::validate, nullptr),
      devices.stage(Stage::match, nullptr),
      devices.stage(Stage::track, nullptr),
      devices.stage(Stage::decide, nullptr),
      devices.stage(Stage::respond, nullptr),
      stage(Stage::tx_ring, books.responded, books.sent, tx),
      stage(Stage::return_link, books.sent + books.duplicated_return, books.responses),
  };
  if (session.classifier() != nullptr) {
    rows.insert(rows.begin() + 3, stage(Stage::classifier, taken, books.received));
  }
  return rows;
}

std::vector<RingResult> rings(const Plan& plan, const LiveSession& session) {
  std::vector<RingResult> rows(plan.sim.nic.queues);
  for (const auto& worker : session.workers()) {
    for (std::size_t i = 0; i < worker->queues().size(); ++i) {
      const LiveDevice::Queue& queue = worker->queues()[i];
      const auto full =
          queue.port->stats().rx_drops[static_cast<std::size_t>(Reason::rx_ring_full)];
      rows[queue.number] = {"rx" + std::to_string(queue.number), plan.sim.nic.rx_descriptors,
                            worker->rx_peak(i), full};
    }
  }
  for (std::size_t core = 0; core < session.workers().size(); ++core) {
    const LiveDevice& worker = *session.workers()[core];
    rows.push_back({"tx" + std::to_string(core), plan.sim.nic.tx_descriptors, worker.tx_peak(),
                    worker.ledger().dropped(Stage::tx_ring)});
  }
  return rows;
}

std::vector<StreamResult> streams(const LiveSession& session) {
  std::vector<StreamResult> rows = session.generator().streams().results();
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    StreamResult& row = rows[i];
    row.received = 0;
    for (const auto& worker : session.workers()) {
      const gen::SequenceCounts& counts = worker->tracker().counts(i);
      row.received += counts.received;
      row.duplicated += counts.duplicated;
      row.reordered += counts.reordered;
    }
    row.lost = row.offered > row.received ? row.offered - row.received : 0;
  }
  return rows;
}

std::vector<CoreResult> cores(const LiveSession& session) {
  std::vector<CoreResult> rows;
  for (const auto& worker : session.workers()) {
    const std::size_t core = rows.size();
    rows.push_back({static_cast<std::uint32_t>(core), worker->busy_ns(), worker->paused_ns(),
                    worker->polls(), 0, worker->ledger().received, session.core_seats()[core].cpu});
  }
  return rows;
}

void add_port(std::vector<PortResult>& rows, const std::string& end, const std::string& backend,
              const port::Ports& ports, bool huge_pages) {
  if (ports.empty()) {
    return;
  }
  PortResult row{end, backend, ports.front()->capabilities().mode,
                 static_cast<std::uint32_t>(ports.size()), huge_pages};
  for (const auto& port : ports) {
    const port::PortStats stats = port->stats();
    row.rx_frames += stats.rx_frames;
    row.tx_frames += stats.tx_frames;
    row.system_calls += stats.system_calls;
  }
  rows.push_back(std::move(row));
}

// Over what does not depend on the machine's speed: equal for equal traffic when nothing is lost.
std::string digest(const Ledger& books) {
  base::Digest digest;
  for (const std::uint64_t count :
       {books.offered, books.received, books.bypassed, books.processed, books.unanswered,
        books.responded, books.sent, books.responses}) {
    digest.add(count);
  }
  books.add_drops_to(digest);
  return digest.hex();
}

// What the sequence of frames cannot have been told apart by, said in words.
std::string imbalance(const Ledger& books, const LiveWorld& world, const LiveSession& session) {
  std::string found = books.check(session.generator().in_flight() - stuck(session) +
                                  session.devices().pool->stats().in_use);
  // On a link that is ours alone, only a classifier can make a frame another one.
  const std::uint64_t outside = session.outside();
  if (found.empty() && world.closed() && outside != 0 && session.classifier() == nullptr) {
    found = "link: " + std::to_string(outside) +
            " frames arrived that nobody of this run has sent, or that were on their way too long "
            "to be known again";
  }
  return found;
}

}  // namespace

RunResult close_books(const Plan& plan, const LiveWorld& world, const LiveSession& session,
                      bool interrupted) {
  RunResult result;
  result.interrupted = interrupted;
  result.end_ns = session.end_ns();
  result.ledger = ledger(world, session);
  result.kernel_reasons = name_drops(result.ledger, world, session);
  result.offered_bytes = session.generator().streams().offered_bytes();
  result.response_bytes = session.generator().response_bytes();
  result.unsent = session.generator().unsent();
  result.imbalance = imbalance(result.ledger, world, session);
  result.stages = stages(result.ledger, session);
  const auto all = [&](auto pick) {
    return merged(session, [pick](const LiveDevice& worker) { return worker.measured().*pick; });
  };
  result.latency = {{"response", session.generator().response()},
                    {"request", all(&LiveDevice::Measured::request)},
                    {"device", all(&LiveDevice::Measured::device)},
                    {"service", all(&LiveDevice::Measured::service)},
                    {"poolHold", all(&LiveDevice::Measured::hold)},
                    {"lateness", session.generator().lateness()}};
  result.pool = session.devices().pool_result(plan);
  result.connections = session.devices().connections_result(plan);
  result.rings = rings(plan, session);
  result.streams = streams(session);
  result.cores = cores(session);
  result.memory_bytes = session.memory_bytes() + result.connections.bytes;
  if (session.classifier() != nullptr) {
    result.classifier = session.classifier()->result();
    result.classifier_swaps = session.classifier()->swaps();
  }
  result.digest = digest(result.ledger);
  add_port(result.ports, "generator", session.setup().generator_backend, session.generator_ports(),
           session.generator_on_huge_pages());
  add_port(result.ports, "device", session.setup().device_backend, session.device_ports(),
           session.device_on_huge_pages());
  VerdictDigest verdicts;
  for (const auto& worker : session.workers()) {
    verdicts.add(worker->verdicts());
  }
  result.verdicts = verdicts.value();
  result.generator_cpu = session.generator_seat().cpu;
  result.kernel = session.kernel_losses();
  result.notes = world.notes();
  for (std::string& note : diagnose(plan, world, session, result.ledger)) {
    result.notes.push_back(std::move(note));
  }
  return result;
}

}  // namespace ringbed::engine
