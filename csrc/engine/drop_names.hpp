// Which of a live run's drops the kernel gave which reason for. The books are closed by counters
// that every kernel has (live_books.hpp); the kernel's reasons name what stands there, never more
// than stands there, so that no frame is counted twice and a run without the privilege to hear them
// has the same books. Only frames that are missing, whose drop no counter tells, are booked here.
#pragma once

#include <string>
#include <vector>

#include "base/ledger.hpp"
#include "engine/live_world.hpp"
#include "engine/result.hpp"

namespace ringbed::engine {

class LiveSession;

// Completes `books`; a row for each reason that the kernel gave for a drop in them.
[[nodiscard]] std::vector<KernelReason> name_drops(base::Ledger& books, const LiveWorld& world,
                                                   const LiveSession& session);

}  // namespace ringbed::engine
