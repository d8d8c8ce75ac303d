// World `nic`: interfaces that the user names, in the namespace that ringbed was started in. Two
// interfaces: the first sends, the second is the device's, back to back or through a switch. One:
// it is the device's, and what arrives comes from outside. An interface that is down, has no
// carrier or carries a default route is refused unless the user allowed it by name.
#pragma once

#include "engine/live_world.hpp"

namespace ringbed::engine {

// Errors: invalid (no such interface, not allowed), unavailable (too small an MTU, privileges).
[[nodiscard]] base::Result<std::unique_ptr<LiveWorld>> make_nic_world(const Plan& plan,
                                                                      const LiveSetup& setup);

// Error: invalid, when the link carries a default route.
[[nodiscard]] base::Status refuse_default_route(const port::LinkInfo& link,
                                                const std::vector<std::uint32_t>& default_routes);

}  // namespace ringbed::engine
