#include "engine/device_set.hpp"

#include <algorithm>
#include <string>

namespace ringbed::engine {

base::Result<DeviceSet> DeviceSet::create(const Plan& plan, const device::PoolMemory& memory,
                                          bool left_to_nic) {
  DeviceSet devices;
  device::DeviceConfig config = plan.device;
  config.partial_checksums = plan.partial_checksums == port::Choice::automatic
                                 ? left_to_nic
                                 : plan.partial_checksums == port::Choice::on;
  auto pool = device::create_pool(plan.pool, memory);
  if (!pool) {
    return pool.error();
  }
  devices.pool = std::move(pool).value();
  for (std::uint32_t core = 0; core < plan.sim.core.count; ++core) {
    auto device = device::create_device(config, *devices.pool, core);
    if (!device) {
      return device.error();
    }
    devices.cores.push_back(std::move(device).value());
  }
  devices.earlier.resize(devices.cores.size());
  return devices;
}

void DeviceSet::reset(std::uint32_t core) noexcept {
  device::Device& device = *cores[core];
  earlier[core].stats.add(device.stats());
  const device::ConnectionStats connections = device.connections().stats();
  earlier[core].connections.add_earlier(connections);
  // Those that are still there count as inserted after the reset, too.
  earlier[core].connections.inserted -= connections.active;
  device.reset_stats();
}

StageResult DeviceSet::stage(base::Stage which, const base::Histogram* ns) const {
  StageResult row;
  row.name = base::to_string(which);
  for (std::size_t core = 0; core < cores.size(); ++core) {
    device::DeviceStats stats = cores[core]->stats();
    stats.add(earlier[core].stats);
    row.in += stats.stage_in[static_cast<std::size_t>(which)];
    row.out += stats.stage_out[static_cast<std::size_t>(which)];
  }
  if (ns != nullptr) {
    row.ns = *ns;
  } else {
    row.ns.record(0, row.in);
  }
  return row;
}

PoolResult DeviceSet::pool_result(const Plan& plan) const {
  const device::PoolStats stats = pool->stats();
  return {plan.pool.kind, pool->size(), stats.in_use_peak, stats.exhausted,
          pool->bytes(),  stats.gets,   stats.puts};
}

ConnectionsResult DeviceSet::connections_result(const Plan& plan) const {
  ConnectionsResult row;
  row.kind = plan.device.connections.kind;
  device::ConnectionStats sum;
  for (std::size_t core = 0; core < cores.size(); ++core) {
    const device::ConnectionTable& table = cores[core]->connections();
    device::ConnectionStats stats = table.stats();
    stats.add_earlier(earlier[core].connections);
    sum.add(stats);
    row.buckets += table.buckets();
    row.bytes += table.bytes();
  }
  row.active = sum.active;
  row.peak = sum.peak;
  row.inserted = sum.inserted;
  row.expired = sum.expired;
  row.rejected = sum.rejected;
  row.evicted = sum.evicted;
  row.closed = sum.closed;
  row.cleared = sum.cleared;
  row.lookups = sum.lookups;
  row.max_chain = sum.max_chain;
  row.mean_probes =
      row.lookups == 0 ? 0.0 : static_cast<double>(sum.probes) / static_cast<double>(row.lookups);
  return row;
}

}  // namespace ringbed::engine
