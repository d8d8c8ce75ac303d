// Carries commands from outside out on a running device: one order to each core's mailbox, the
// answers added up. Runs on the thread that watches the run.
#pragma once

#include "engine/control.hpp"
#include "engine/live_device.hpp"
#include "engine/live_world.hpp"
#include "engine/plan.hpp"

namespace ringbed::engine {

class LiveControl {
 public:
  // `stopped`: asked while waiting for a core; true gives up.
  LiveControl(const Plan& plan, const LiveSetup& setup, LiveWorld& world,
              std::span<const std::unique_ptr<LiveDevice>> cores, const LiveClock& clock,
              std::function<bool()> stopped)
      : plan_(plan),
        setup_(setup),
        world_(world),
        cores_(cores),
        clock_(clock),
        stopped_(std::move(stopped)) {}

  // Errors: invalid (a target that the device refuses: nothing has changed), unavailable (a core
  // does not answer, the interface does not take the group, sockets are bound to the old target).
  [[nodiscard]] base::Result<ControlReply> perform(const ControlCommand& command);

 private:
  [[nodiscard]] base::Status listen_to(const std::vector<device::IpAddress>& groups);
  [[nodiscard]] base::Result<ControlReply> tell(const CoreOrder& order);
  [[nodiscard]] base::Result<CoreAnswer> wait_for(LiveDevice& core);

  const Plan& plan_;
  const LiveSetup& setup_;
  LiveWorld& world_;
  std::span<const std::unique_ptr<LiveDevice>> cores_;
  const LiveClock& clock_;
  std::function<bool()> stopped_;
};

}  // namespace ringbed::engine
