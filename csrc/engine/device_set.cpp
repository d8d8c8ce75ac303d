#include "engine/device_set.hpp"

#include <algorithm>
#include <string>

namespace ringbed::engine {

base::Result<DeviceSet> DeviceSet::create(const Plan& plan, const device::PoolMemory& memory) {
  DeviceSet devices;
  auto pool = device::create_pool(plan.pool, memory);
  if (!pool) {
    return pool.error();
  }
  devices.pool = std::move(pool).value();
  for (std::uint32_t core = 0; core < plan.sim.core.count; ++core) {
    auto device = device::create_device(plan.device, *devices.pool, core);
    if (!device) {
      return device.error();
    }
    devices.cores.push_back(std::move(device).value());
  }
  return devices;
}

StageResult DeviceSet::stage(base::Stage which, const base::Histogram* ns) const {
  StageResult row;
  row.name = base::to_string(which);
  for (const auto& device : cores) {
    const device::DeviceStats stats = device->stats();
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
  std::uint64_t probes = 0;
  for (const auto& device : cores) {
    const device::ConnectionTable& table = device->connections();
    const device::ConnectionStats stats = table.stats();
    row.buckets += table.buckets();
    row.active += stats.active;
    row.peak += stats.peak;
    row.inserted += stats.inserted;
    row.expired += stats.expired;
    row.rejected += stats.rejected;
    row.evicted += stats.evicted;
    row.closed += stats.closed;
    row.cleared += stats.cleared;
    row.lookups += stats.lookups;
    row.max_chain = std::max(row.max_chain, stats.max_chain);
    row.bytes += table.bytes();
    probes += stats.probes;
  }
  row.mean_probes =
      row.lookups == 0 ? 0.0 : static_cast<double>(probes) / static_cast<double>(row.lookups);
  return row;
}

}  // namespace ringbed::engine
