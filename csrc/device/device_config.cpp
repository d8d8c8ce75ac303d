#include "device/device_config.hpp"

#include "wire/ipv4.hpp"

namespace ringbed::device {

namespace {

base::Error invalid(std::string message, std::string hint) {
  return {base::ErrorCode::invalid, std::move(message), std::move(hint)};
}

}  // namespace

base::Status check_device_config(const DeviceConfig& config) {
  const std::uint8_t family = config.target.ip.length;
  if (config.target.ip.is_none() || config.target.port == 0) {
    return invalid("device.target: has no address or no port",
                   "set device.target to ADDRESS:PORT, e.g. 10.0.0.2:8080");
  }
  if (config.protocol != wire::ip_protocol::kUdp && config.protocol != wire::ip_protocol::kTcp) {
    return invalid(
        "device.protocol: " + std::to_string(config.protocol) + " is no protocol of the device",
        "set it to udp (17) or tcp (6)");
  }
  if (!config.respond_to.ip.is_none() && config.respond_to.ip.length != family) {
    return invalid("device.respondTo: is of another IP version than device.target",
                   "use two IPv4 or two IPv6 addresses");
  }
  bool groups = config.target.ip.is_multicast();
  for (const IpAddress& group : config.join) {
    if (!group.is_multicast() || group.length != family) {
      return invalid(
          "device.join: holds an address that is no multicast group of the target's "
          "IP version",
          "list groups only, 224.0.0.0/4 or ff00::/8 as the target");
    }
    groups = true;
  }
  if (groups && config.protocol == wire::ip_protocol::kTcp) {
    return invalid("device.protocol: is tcp, but the device answers to a multicast group",
                   "use udp, or a unicast target without device.join");
  }
  if (groups && (config.address.ip.length != family || config.address.ip.is_multicast())) {
    return invalid(
        "device.address: must be a unicast address of the target's IP version: it is "
        "the source of responses to multicast",
        "set device.address");
  }
  return {};
}

}  // namespace ringbed::device
