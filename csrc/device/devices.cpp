#include "device/devices.hpp"

#include <array>
#include <new>
#include <string>

#include "device/kinds.hpp"
#include "device/nanonet.hpp"

namespace ringbed::device {

namespace {

constexpr auto kKinds = std::to_array<DeviceKind>({
    {"nanonet", "the NanoNet module's path: market data in, orders out", create_nanonet},
});

}  // namespace

std::span<const DeviceKind> device_kinds() noexcept { return kKinds; }

base::Result<std::unique_ptr<Device>> create_device(const DeviceConfig& config, ResponsePool& pool,
                                                    std::uint32_t core) {
  const DeviceKind* const kind = find_kind(device_kinds(), config.kind);
  if (kind == nullptr) {
    return unknown_kind("device", device_kinds(), config.kind);
  }
  if (core >= pool.cores()) {
    return base::Error{base::ErrorCode::invalid,
                       "core " + std::to_string(core) + " uses a response pool that was made for " +
                           std::to_string(pool.cores()) + " cores",
                       "create the pool with as many cores as there are devices"};
  }
  try {
    return kind->create(config, pool, core);
  } catch (const std::bad_alloc&) {
    return base::Error{base::ErrorCode::resource, "no memory for the device's tables",
                       "set connections.capacity or logic.orderCache smaller"};
  }
}

}  // namespace ringbed::device
