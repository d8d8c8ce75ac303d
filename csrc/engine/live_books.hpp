// Closes the books of a live run: the counts of the generator, of the device's cores, of the ports
// and of the kernel, each from its own source, in one ledger, so that a frame that went missing
// between two of them shows.
#pragma once

#include "engine/live_session.hpp"
#include "engine/result.hpp"

namespace ringbed::engine {

[[nodiscard]] RunResult close_books(const Plan& plan, const LiveWorld& world,
                                    const LiveSession& session, bool interrupted);

}  // namespace ringbed::engine
