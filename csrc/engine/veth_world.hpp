// World `veth`: a veth pair with as many queues as the scenario says, each end in a network
// namespace of its own that only file descriptors hold. Gone with the object, and with the process
// however it ends; two runs know nothing of each other.
#pragma once

#include "engine/live_world.hpp"

namespace ringbed::engine {

// Errors: unavailable (privilege, driver), invalid.
[[nodiscard]] base::Result<std::unique_ptr<LiveWorld>> make_veth_world(const Plan& plan,
                                                                       const LiveSetup& setup);

}  // namespace ringbed::engine
