// Two network namespaces joined by a veth pair: the smallest world with real interfaces. Nothing of
// it has a name outside: it is gone when the object is, and when the process is.
#pragma once

#include <string>

#include "port/netlink.hpp"
#include "port/netns.hpp"

namespace ringbed::port {

class VethPair {
 public:
  struct End {
    NetworkNamespace space;
    LinkInfo link;
  };

  // Both ends up, with `queues` receive and transmit queues each. `left` and `right`: MAC
  // addresses. The interfaces are named PREFIX<pid>a and PREFIX<pid>b (at most 15 characters).
  // Errors: unavailable (privilege, no veth driver), invalid (MTU).
  [[nodiscard]] static base::Result<VethPair> create(const std::string& prefix,
                                                     const std::array<std::uint8_t, 6>& left,
                                                     const std::array<std::uint8_t, 6>& right,
                                                     std::uint32_t queues, std::uint32_t mtu);

  [[nodiscard]] End& left() noexcept { return left_; }
  [[nodiscard]] End& right() noexcept { return right_; }

  // Takes the link away under whoever uses it; for tests of faults.
  [[nodiscard]] base::Status remove();

 private:
  VethPair(End left, End right) : left_(std::move(left)), right_(std::move(right)) {}

  End left_;
  End right_;
};

// The link of that name as it is now, in another namespace.
[[nodiscard]] base::Result<LinkInfo> link_in(const NetworkNamespace& space,
                                             const std::string& name);

}  // namespace ringbed::port
