// The table of device kinds. A new one is one file and one row in devices.cpp.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "device/device.hpp"

namespace ringbed::device {

struct DeviceKind {
  std::string_view name;
  std::string_view text;
  base::Result<std::unique_ptr<Device>> (*create)(const DeviceConfig&, ResponsePool&,
                                                  std::uint32_t core);
};

[[nodiscard]] std::span<const DeviceKind> device_kinds() noexcept;

// One core's device on a pool that the cores share and that outlives it; core < the pool's cores.
// Errors: invalid, resource.
[[nodiscard]] base::Result<std::unique_ptr<Device>> create_device(const DeviceConfig& config,
                                                                  ResponsePool& pool,
                                                                  std::uint32_t core);

}  // namespace ringbed::device
