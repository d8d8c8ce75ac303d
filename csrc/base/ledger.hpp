// The books of a run: every frame that was offered ends under exactly one heading. The headings
// form a tree, each node counted by the component that it belongs to, so that check() names the
// place where a frame went missing, not only that one did.
//
//   offered + duplicated(link)  = drops(link) + arrived
//   arrived                     = drops(nic, rx_ring, classifier) + received
//   received                    = bypassed + drops(parse ... respond) + processed
//   processed                   = responded + unanswered
//   responded                   = drops(tx_ring) + sent
//   sent + duplicated(return)   = drops(return_link) + responses
//   => offered + duplicated     = delivered + all drops,  delivered = bypassed + unanswered +
//   responses
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/digest.hpp"
#include "base/reasons.hpp"

namespace ringbed::base {

// What is left of a count when others have taken their part; never below 0.
[[nodiscard]] constexpr std::uint64_t less(std::uint64_t all, std::uint64_t part) noexcept {
  return all > part ? all - part : 0;
}

struct Ledger {
  std::uint64_t offered = 0;
  std::uint64_t duplicated_forward = 0;
  std::uint64_t arrived = 0;
  std::uint64_t received = 0;
  std::uint64_t bypassed = 0;
  std::uint64_t processed = 0;
  std::uint64_t unanswered = 0;
  std::uint64_t responded = 0;
  std::uint64_t sent = 0;
  std::uint64_t duplicated_return = 0;
  std::uint64_t responses = 0;
  std::array<std::array<std::uint64_t, kReasonCount>, kStageCount> drops{};

  void drop(Stage stage, Reason reason, std::uint64_t count = 1) noexcept {
    drops[static_cast<std::size_t>(stage)][static_cast<std::size_t>(reason)] += count;
  }
  [[nodiscard]] std::uint64_t dropped(Stage stage) const noexcept;
  [[nodiscard]] std::uint64_t dropped(Stage first, Stage last) const noexcept;
  [[nodiscard]] std::uint64_t dropped() const noexcept;
  [[nodiscard]] std::uint64_t duplicated() const noexcept {
    return duplicated_forward + duplicated_return;
  }
  [[nodiscard]] std::uint64_t delivered() const noexcept {
    return bypassed + unanswered + responses;
  }

  // The drops, by their names: a reason that is new changes no digest where it did not occur.
  void add_drops_to(Digest& digest) const noexcept;

  // Empty when every node balances and nothing is left in flight; else one sentence that names
  // the first node that does not. `in_flight`: frames and buffers that nobody has given back.
  [[nodiscard]] std::string check(std::uint64_t in_flight) const;
};

}  // namespace ringbed::base
