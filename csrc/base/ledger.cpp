#include "base/ledger.hpp"

#include <numeric>

namespace ringbed::base {

std::uint64_t Ledger::dropped(Stage stage) const noexcept {
  const auto& row = drops[static_cast<std::size_t>(stage)];
  return std::accumulate(row.begin(), row.end(), std::uint64_t{0});
}

std::uint64_t Ledger::dropped(Stage first, Stage last) const noexcept {
  std::uint64_t sum = 0;
  for (auto s = static_cast<std::size_t>(first); s <= static_cast<std::size_t>(last); ++s) {
    sum += dropped(static_cast<Stage>(s));
  }
  return sum;
}

std::uint64_t Ledger::dropped() const noexcept {
  return dropped(static_cast<Stage>(0), static_cast<Stage>(kStageCount - 1));
}

void Ledger::add_drops_to(Digest& digest) const noexcept {
  for (std::size_t stage = 0; stage < kStageCount; ++stage) {
    for (std::size_t reason = 0; reason < kReasonCount; ++reason) {
      if (drops[stage][reason] != 0) {
        digest.add(to_string(static_cast<Stage>(stage)));
        digest.add(to_string(static_cast<Reason>(reason)));
        digest.add(drops[stage][reason]);
      }
    }
  }
}

std::string Ledger::check(std::uint64_t in_flight) const {
  struct Node {
    const char* name;
    std::uint64_t in;
    std::uint64_t out;
  };
  const Node nodes[] = {
      {"link: offered + duplicated = dropped + arrived", offered + duplicated_forward,
       dropped(Stage::link) + arrived},
      {"nic: arrived = dropped + received", arrived,
       dropped(Stage::nic, Stage::classifier) + received},
      {"device: received = bypassed + dropped + processed", received,
       bypassed + dropped(Stage::parse, Stage::respond) + processed},
      {"respond: processed = responded + unanswered", processed, responded + unanswered},
      {"tx_ring: responded = dropped + sent", responded, dropped(Stage::tx_ring) + sent},
      {"return_link: sent + duplicated = dropped + responses", sent + duplicated_return,
       dropped(Stage::return_link) + responses},
      {"run: offered + duplicated = delivered + dropped", offered + duplicated(),
       delivered() + dropped()},
  };
  for (const Node& node : nodes) {
    if (node.in != node.out) {
      return std::string(node.name) + " does not hold: " + std::to_string(node.in) + " against " +
             std::to_string(node.out);
    }
  }
  if (in_flight != 0) {
    return "run: " + std::to_string(in_flight) + " frames or buffers never came home";
  }
  return {};
}

}  // namespace ringbed::base
