// The devices of a run, one a core, on one response pool, and what the report says about them.
// The simulated and the live worlds share it: the same device runs in both.
#pragma once

#include <memory>
#include <vector>

#include "device/devices.hpp"
#include "device/pools.hpp"
#include "engine/plan.hpp"
#include "engine/result.hpp"

namespace ringbed::engine {

struct DeviceSet {
  std::unique_ptr<device::ResponsePool> pool;
  std::vector<std::unique_ptr<device::Device>> cores;
  // What each core had counted when it was reset last, all resets added up.
  struct Earlier {
    device::DeviceStats stats;
    device::ConnectionStats connections;
  };
  std::vector<Earlier> earlier;

  // One device for each of the plan's cores; the pool's buffers lie in `memory`, if it has a base.
  // `left_to_nic`: whether the plan's `automatic` takes partial checksums as right. Errors:
  // invalid, resource.
  [[nodiscard]] static base::Result<DeviceSet> create(const Plan& plan,
                                                      const device::PoolMemory& memory = {},
                                                      bool left_to_nic = false);

  // Starts a core's counts anew for whoever asks the device; the report keeps what was counted
  // before. The core's thread.
  void reset(std::uint32_t core) noexcept;

  // A stage of the device, all cores added up. `ns` null: it takes no time of its own.
  [[nodiscard]] StageResult stage(base::Stage which, const base::Histogram* ns) const;
  [[nodiscard]] PoolResult pool_result(const Plan& plan) const;
  // Summed over the cores; the longest chain is the longest of any.
  [[nodiscard]] ConnectionsResult connections_result(const Plan& plan) const;
};

}  // namespace ringbed::engine
