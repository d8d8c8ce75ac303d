// The rules that hold a DeviceConfig together, before a device is made of it or changed by it.
#pragma once

#include "base/result.hpp"
#include "device/config.hpp"

namespace ringbed::device {

// Error: invalid, with the first rule that is broken.
[[nodiscard]] base::Status check_device_config(const DeviceConfig& config);

}  // namespace ringbed::device
