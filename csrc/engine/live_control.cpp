#include "engine/live_control.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

namespace ringbed::engine {

namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

// A core looks into its mailbox with every turn; only one that pauses takes longer.
constexpr std::chrono::seconds kPatience{2};

CoreOrder order_of(const ControlCommand& command) {
  CoreOrder order;
  switch (command.kind) {
    case ControlCommand::Kind::status:
    case ControlCommand::Kind::stats: order.kind = CoreOrder::Kind::look; break;
    case ControlCommand::Kind::reset: order.kind = CoreOrder::Kind::reset; break;
    case ControlCommand::Kind::enable: order.kind = CoreOrder::Kind::enable; break;
    case ControlCommand::Kind::disable: order.kind = CoreOrder::Kind::disable; break;
    case ControlCommand::Kind::clear_connections:
      order.kind = CoreOrder::Kind::clear_connections;
      break;
    case ControlCommand::Kind::config:
      order.kind = CoreOrder::Kind::retarget;
      order.target.ip = command.ip;
      order.target.port = command.port;
      order.protocol = command.protocol;
      if (command.group) {
        order.groups = {*command.group};
      } else if (command.ip.is_multicast()) {
        order.groups = {command.ip};
      }
      break;
  }
  return order;
}

base::Error silent(const LiveDevice& core) {
  const bool paused = core.progress().paused.load(std::memory_order_relaxed);
  return {base::ErrorCode::unavailable,
          paused ? "a core of the device is in a pause of the scenario's faults; it obeys "
                   "when it goes on"
                 : "a core of the device does not answer; it obeys when it gets to it",
          "ask again with `ringbed ctl status`"};
}

}  // namespace

base::Result<ControlReply> LiveControl::perform(const ControlCommand& command) {
  const CoreOrder order = order_of(command);
  if (order.kind != CoreOrder::Kind::retarget) {
    return tell(order);
  }
  if (setup_.device_datagrams) {
    return base::Error{base::ErrorCode::unavailable,
                       "a device on kernel sockets (device.port: " + setup_.device_backend +
                           ") keeps the target that they were bound to when the run began",
                       "run again with --set device.target=IP:PORT, or on device.port: xdp"};
  }
  // Joined first: a group that the interface refuses must not become the target.
  if (base::Status status = listen_to(order.groups); !status) {
    return status.error();
  }
  auto reply = tell(order);
  if (!reply && reply.error().code == base::ErrorCode::invalid) {
    if (auto now = tell(CoreOrder{}); now) {
      static_cast<void>(listen_to(now.value().groups));
    }
  }
  return reply;
}

base::Status LiveControl::listen_to(const std::vector<device::IpAddress>& groups) {
  std::vector<wire::MacAddress> macs;
  for (const device::IpAddress& group : groups) {
    macs.push_back(group_mac(group));
  }
  return world_.listen_to(macs);
}

base::Result<ControlReply> LiveControl::tell(const CoreOrder& order) {
  for (const auto& core : cores_) {
    if (!core->mailbox().post(order)) {
      // An answer that nobody waited for any more: the core was late.
      static_cast<void>(core->mailbox().take());
      if (!core->mailbox().post(order)) {
        return silent(*core);
      }
    }
  }
  ControlReply reply;
  base::Status status;
  for (const auto& core : cores_) {
    auto answer = wait_for(*core);
    if (!answer) {
      return answer.error();
    }
    const CoreAnswer& one = answer.value();
    if (!one.status) {
      status = one.status;
    }
    reply.enabled = one.enabled;
    reply.target = one.target;
    reply.protocol = one.protocol;
    reply.groups = one.groups;
    reply.stats.add(one.stats);
    reply.connections.add(one.connections);
    reply.pool = one.pool;
    reply.cleared += one.cleared;
  }
  if (!status) {
    return status.error();
  }
  reply.time_ns = clock_.now();
  reply.cores = static_cast<std::uint32_t>(cores_.size());
  reply.pool_kind = plan_.pool.kind;
  reply.pool_size = plan_.pool.size;
  return reply;
}

base::Result<CoreAnswer> LiveControl::wait_for(LiveDevice& core) {
  const auto deadline = steady_clock::now() + kPatience;
  for (;;) {
    if (auto answer = core.mailbox().take()) {
      return std::move(*answer);
    }
    if (steady_clock::now() > deadline || stopped_()) {
      return silent(core);
    }
    std::this_thread::sleep_for(microseconds(50));
  }
}

}  // namespace ringbed::engine
