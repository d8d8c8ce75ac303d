// Preferred busy polling needs the driver to leave its queue alone for a while after a poll (Linux,
// Documentation/networking/napi.rst): otherwise every frame raises the soft interrupt again and the
// poll finds nothing. The two times that say so are set for each NAPI instance of an interface by
// the generic netlink family "netdev" (Linux 6.13; Documentation/netlink/specs/netdev.yaml), and
// put back when the object goes.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "port/netlink_socket.hpp"

namespace ringbed::port {

class DeferredInterrupts {
 public:
  // Of one NAPI instance.
  struct Napi {
    std::uint32_t id = 0;
    std::uint32_t defer_hard_irqs = 0;
    std::uint64_t gro_flush_timeout_ns = 0;
  };
  // In the calling thread's namespace, after XDP was attached (veth has no NAPI before). Error:
  // unavailable (kernel, privilege).
  [[nodiscard]] static base::Result<DeferredInterrupts> set(std::uint32_t interface,
                                                            std::uint32_t defer_hard_irqs,
                                                            std::uint64_t gro_flush_timeout_ns);
  DeferredInterrupts(DeferredInterrupts&&) noexcept = default;
  DeferredInterrupts& operator=(DeferredInterrupts&&) = delete;
  ~DeferredInterrupts();

  // How it was before.
  [[nodiscard]] const std::vector<Napi>& before() const noexcept { return before_; }

 private:
  DeferredInterrupts(NetlinkSocket socket, std::uint16_t family) noexcept
      : socket_(std::move(socket)), family_(family) {}
  [[nodiscard]] int write(const Napi& napi);

  NetlinkSocket socket_;
  std::uint16_t family_;
  std::vector<Napi> before_;
};

}  // namespace ringbed::port
