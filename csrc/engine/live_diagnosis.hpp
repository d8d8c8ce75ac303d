// What the kernel knows of a live run's frames besides the books: its counters of losses by its own
// names, and why a run got nothing. A live run never ends in a silent zero.
#pragma once

#include <string>
#include <vector>

#include "engine/live_session.hpp"
#include "engine/result.hpp"

namespace ringbed::engine {

// Counters that moved between two looks.
[[nodiscard]] std::vector<KernelCounter> moved(const std::vector<KernelCounter>& before,
                                               const std::vector<KernelCounter>& after);

// A sentence for everything that a user would want to be told; empty for an ordinary run.
[[nodiscard]] std::vector<std::string> diagnose(const Plan& plan, const LiveWorld& world,
                                                const LiveSession& session,
                                                const base::Ledger& books);

}  // namespace ringbed::engine
