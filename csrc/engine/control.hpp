// How a running device is asked and told from outside: the desk where any thread leaves a command
// and waits, and the run's watching thread serves it when it looks up. What the published NanoNet
// control tool has: status, stats, reset, enable, disable, config, clear-connections.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "device/device.hpp"

namespace ringbed::engine {

struct ControlCommand {
  enum class Kind : std::uint8_t {
    status,
    stats,
    reset,
    enable,
    disable,
    config,
    clear_connections
  };
  Kind kind = Kind::status;
  // config: answers to ip:port from now on, and to `group`, if there is one, at the same port.
  device::IpAddress ip;
  std::uint16_t port = 0;
  std::uint8_t protocol = 17;
  std::optional<device::IpAddress> group;
};

// The device after the command, all cores added up.
struct ControlReply {
  std::uint64_t time_ns = 0;  // since the run's start
  bool enabled = false;
  std::uint32_t cores = 0;
  device::Endpoint target;
  std::uint8_t protocol = 0;
  std::vector<device::IpAddress> groups;
  device::DeviceStats stats;  // since the start or the last reset
  device::ConnectionStats connections;
  std::string pool_kind;
  std::uint32_t pool_size = 0;
  device::PoolStats pool;
  std::uint64_t cleared = 0;  // by clear_connections
};

class ControlDesk {
 public:
  using Work = std::function<base::Result<ControlReply>(const ControlCommand&)>;

  // Leaves the command and waits for the answer. Any thread but the run's. Errors: what the run
  // says; unavailable when it is over, takes no commands, or does not answer in time.
  [[nodiscard]] base::Result<ControlReply> ask(const ControlCommand& command);

  // The run's side: carries out what waits, and returns at once when nothing does.
  void serve(const Work& work);
  // From now on every command gets this error; those that wait, too.
  void close(base::Error why);

 private:
  static constexpr std::chrono::seconds kPatience{5};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool busy_ = false;  // one command at a time
  std::optional<ControlCommand> command_;
  std::optional<base::Result<ControlReply>> reply_;
  std::uint64_t ticket_ = 0;  // of the command that lies or is being carried out
  std::optional<base::Error> closed_;
};

}  // namespace ringbed::engine
