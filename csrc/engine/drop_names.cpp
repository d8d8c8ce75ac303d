#include "engine/drop_names.hpp"

#include <algorithm>
#include <string_view>

#include "engine/kernel_drops.hpp"
#include "engine/live_session.hpp"

namespace ringbed::engine {

namespace {

using base::less;
using base::Reason;
using base::Stage;
using Way = KernelDrops::Way;

// What the kernel calls a reason for which the books have a name already. Others are kernel_drop.
struct Row {
  std::string_view kernel;
  Reason reason;
};
constexpr auto kRows = std::to_array<Row>({
    {"kernel_no_socket", Reason::socket_no_port},
    {"kernel_socket_rcvbuff", Reason::socket_buffer_full},
    {"kernel_proto_mem", Reason::socket_buffer_full},
    {"kernel_udp_csum", Reason::udp_checksum},
    {"kernel_ip_csum", Reason::stack_header},
    {"kernel_ip_inhdr", Reason::stack_header},
    {"kernel_pkt_too_small", Reason::stack_header},
    {"kernel_ip_inaddrerrors", Reason::stack_address},
    {"kernel_ip_invalid_dest", Reason::stack_address},
    {"kernel_ip_invalid_source", Reason::stack_address},
    {"kernel_ip_rpfilter", Reason::stack_address},
    {"kernel_ip_noproto", Reason::stack_protocol},
    {"kernel_unhandled_proto", Reason::stack_protocol},
    {"kernel_otherhost", Reason::mac_filter},
    {"kernel_packet_sock_error", Reason::rx_ring_full},
    {"kernel_xdp", Reason::rx_ring_full},
    {"kernel_cpu_backlog", Reason::link_queue_full},
    {"kernel_full_ring", Reason::link_queue_full},
    {"kernel_qdisc_drop", Reason::link_queue_full},
});

Reason reason_of(const std::string& kernel, Way way) {
  if (way == Way::redirect) {
    return Reason::rx_ring_full;
  }
  if (way == Way::program) {
    return Reason::classifier_aborted;
  }
  const auto row = std::find_if(kRows.begin(), kRows.end(),
                                [&](const Row& known) { return known.kernel == kernel; });
  return row == kRows.end() ? Reason::kernel_drop : row->reason;
}

class Naming {
 public:
  Naming(base::Ledger& books, bool closed)
      : books_(books), closed_(closed), unnamed_(books.drops) {}

  // Names drops of `stage`; returns how many of the frames were among them.
  std::uint64_t name(Stage stage, Reason reason, const std::string& kernel, std::uint64_t frames) {
    std::uint64_t& left =
        unnamed_[static_cast<std::size_t>(stage)][static_cast<std::size_t>(reason)];
    const std::uint64_t named = std::min(left, frames);
    left -= named;
    if (named != 0) {
      rows_.push_back({stage, reason, kernel, named});
    }
    return named;
  }

  // Frames that never came to the device's end, as far as any counter tells.
  void book_request(Reason reason, const std::string& kernel, std::uint64_t frames) {
    std::uint64_t& lost = cell(Stage::link, Reason::link_loss);
    const std::uint64_t missing =
        closed_
            ? less(books_.arrived, books_.received + books_.dropped(Stage::nic, Stage::classifier))
            : lost;
    const std::uint64_t found = std::min(missing, frames);
    if (!closed_) {  // they did come
      lost -= found;
      books_.arrived += found;
    }
    book(Stage::rx_ring, reason, kernel, found);
  }
  // ... or to the generator's.
  void book_response(Reason reason, const std::string& kernel, std::uint64_t frames) {
    std::uint64_t& lost = cell(Stage::return_link, Reason::link_loss);
    const std::uint64_t missing = closed_
                                      ? less(books_.sent + books_.duplicated_return,
                                             books_.dropped(Stage::return_link) + books_.responses)
                                      : lost;
    const std::uint64_t found = std::min(missing, frames);
    lost -= closed_ ? 0 : found;
    book(Stage::return_link, reason, kernel, found);
  }

  [[nodiscard]] std::vector<KernelReason> take() && { return std::move(rows_); }

 private:
  [[nodiscard]] std::uint64_t& cell(Stage stage, Reason reason) {
    return books_.drops[static_cast<std::size_t>(stage)][static_cast<std::size_t>(reason)];
  }
  void book(Stage stage, Reason reason, const std::string& kernel, std::uint64_t frames) {
    if (frames != 0) {
      books_.drop(stage, reason, frames);
      rows_.push_back({stage, reason, kernel, frames});
    }
  }

  base::Ledger& books_;
  bool closed_;
  decltype(base::Ledger::drops) unnamed_;
  std::vector<KernelReason> rows_;
};

}  // namespace

std::vector<KernelReason> name_drops(base::Ledger& books, const LiveWorld& world,
                                     const LiveSession& session) {
  Naming naming(books, world.closed());
  const KernelDrops& kernel = session.kernel_drops();
  // A packet socket gets a copy; what the stack does with its own says nothing of the run.
  const bool copies = session.setup().device_backend == "packet";
  const bool answers_are_copies = session.setup().generator_backend == "packet";
  // Frames of the scenario's own classifier are in the books by its verdicts.
  const bool judged = session.classifier() != nullptr;
  for (const Way way : {Way::program, Way::redirect, Way::between, Way::in}) {
    for (const auto& [name, frames] : kernel.counts(session.device_place(), way)) {
      const Reason reason = reason_of(name, way);
      std::uint64_t left = frames;
      for (const Stage stage : {Stage::nic, Stage::rx_ring, Stage::classifier}) {
        left -= naming.name(stage, reason, name, left);
      }
      if (way == Way::between) {  // in front of this end's stack, or behind it
        left -= naming.name(Stage::link, reason, name, left);
        left -= naming.name(Stage::return_link, reason, name, left);
      } else if (way == Way::in && !copies && !judged) {
        naming.book_request(reason, name, left);
      }
    }
    if (session.generator_place() == session.device_place()) {
      continue;
    }
    for (const auto& [name, frames] : kernel.counts(session.generator_place(), way)) {
      const Reason reason = reason_of(name, way);
      std::uint64_t left = frames - naming.name(Stage::return_link, reason, name, frames);
      if (way == Way::between) {
        left -= naming.name(Stage::link, reason, name, left);
      } else if (way == Way::in && !answers_are_copies) {
        naming.book_response(reason, name, left);
      }
    }
  }
  return std::move(naming).take();
}

}  // namespace ringbed::engine
