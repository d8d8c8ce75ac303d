// A small plan as TypeScript would write it, part by part, so that a test can change one.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/proto_wire.hpp"

namespace ringbed::engine::test {

inline ProtoWriter endpoint(std::uint32_t ip, std::uint32_t port) {
  const std::uint8_t mac[] = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(ip)};
  std::uint8_t address[4];
  base::store_be(address, ip);
  ProtoWriter out;
  out.bytes(1, mac);
  out.bytes(2, address);
  out.u64(3, port);
  return out;
}

// Every part that must be there.
struct Parts {
  ProtoWriter link, nic, core, stream, device, costs, plan;
};

inline Parts parts() {
  Parts p;
  p.link.u64(1, 10'000'000'000);
  p.link.u64(9, 1'024);
  p.link.u64(10, 1'500);
  p.nic.u64(1, 1);
  p.nic.u64(2, 1'024);
  p.nic.u64(3, 1'024);
  p.nic.u64(10, 128);
  p.nic.u64(11, 2'048);
  p.core.u64(2, 1);
  p.core.u64(3, 32);
  p.core.u64(4, 64);
  p.stream.text(1, "feed");
  p.stream.message(3, endpoint(0x0a000001, 40'000));
  p.stream.message(4, endpoint(0x0a000002, 8'080));
  p.stream.u64(6, 64);
  ProtoWriter rate;
  rate.real(3, 1e6);
  p.stream.message(8, rate);
  ProtoWriter payload;
  payload.text(1, "nanonet.market_data");
  p.stream.message(9, payload);
  p.stream.u64(14, 1);
  p.device.text(1, "nanonet");
  p.device.message(2, endpoint(0x0a000002, 0));
  p.device.message(3, endpoint(0x0a000002, 8'080));
  p.device.u64(4, 17);
  ProtoWriter pool;
  pool.text(1, "fifo");
  pool.u64(2, 16);
  pool.u64(3, 1'500);
  p.device.message(9, pool);
  ProtoWriter table;
  table.text(1, "chained");
  table.u64(2, 64);
  table.u64(3, 64);
  p.device.message(10, table);
  ProtoWriter logic;
  logic.text(1, "threshold");
  logic.u64(3, 100);
  p.device.message(11, logic);
  p.device.boolean(12, true);
  p.plan.text(1, "test");
  p.plan.u64(5, 100);
  return p;
}

inline std::vector<std::uint8_t> join(Parts p) {
  p.plan.message(8, p.link);
  p.plan.message(9, p.nic);
  p.plan.message(10, p.core);
  p.plan.message(11, p.stream);
  p.plan.message(13, p.device);
  p.plan.message(14, p.costs);
  return p.plan.take();
}

}  // namespace ringbed::engine::test
