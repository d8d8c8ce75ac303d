#include "device/nanonet.hpp"

#include <algorithm>

#include "device/device_config.hpp"
#include "device/logics.hpp"
#include "device/tables.hpp"
#include "device/tcp_tracker.hpp"
#include "wire/ipv4.hpp"

namespace ringbed::device {

using base::Reason;
using base::Stage;

namespace {

constexpr std::size_t at(Stage stage) noexcept { return static_cast<std::size_t>(stage); }
constexpr std::size_t at(Reason reason) noexcept { return static_cast<std::size_t>(reason); }

// How many frames ahead a burst asks the cache for: enough to cover a miss at 30 ns a frame.
constexpr std::size_t kPrefetchAhead = 4;

void fetch(std::span<const base::ByteView> frames, std::size_t i) noexcept {
  if (i < frames.size()) {
    __builtin_prefetch(frames[i].data());
    __builtin_prefetch(frames[i].data() + 64);
  }
}

// Of a device that is switched off.
constexpr Fate kDisabled{Outcome::bypassed, Stage::parse, Reason::none};

}  // namespace

Nanonet::Nanonet(DeviceConfig config, ResponsePool& pool, std::uint32_t core,
                 std::unique_ptr<ConnectionTable> table, std::unique_ptr<Logic> logic)
    : Device(pool, core),
      config_(std::move(config)),
      parser_(config_),
      responder_(config_),
      table_(std::move(table)),
      logic_(std::move(logic)),
      order_(config_.little_endian ? feed::ByteOrder::little : feed::ByteOrder::big) {}

inline void Nanonet::respond(const Packet& packet, Connection* connection,
                             const feed::TradingOrder& order, Verdict& verdict) noexcept {
  const std::uint32_t length = responder_.length(packet);
  if (length > pool_.capacity()) [[unlikely]] {
    return drop(verdict, Stage::respond, Reason::response_too_long);
  }
  const std::uint32_t buffer = pool_.get(core_);
  if (buffer == kNoBuffer) [[unlikely]] {
    return drop(verdict, Stage::respond, Reason::pool_empty);
  }
  responder_.respond(pool_.data(buffer), packet, order, connection);
  ++counts_.processed;
  ++counts_.responded;
  verdict.outcome = Outcome::responded;
  verdict.stage = Stage::respond;
  verdict.response = buffer;
  verdict.response_length = length;
}

inline void Nanonet::decide(const Packet& packet, Connection* connection, std::uint64_t now_ns,
                            Verdict& verdict) noexcept {
  ++counts_.decided;
  verdict.stage = Stage::decide;
  const auto message = feed::MarketDataView::parse(packet.payload, order_);
  if (!message) [[unlikely]] {
    return drop(verdict, Stage::decide, message.reason());
  }
  const Decided decided = logic_->decide(message->repr(), now_ns);
  if (decided.decision == Decision::order) [[likely]] {
    return respond(packet, connection, *decided.order, verdict);
  }
  if (decided.decision == Decision::refuse) [[unlikely]] {
    return drop(verdict, Stage::decide, Reason::logic_error);
  }
  ++counts_.processed;
  verdict.outcome = Outcome::processed;
}

// `hash`: the table's, of the packet's connection; for TCP.
inline void Nanonet::finish(const Packet& packet, std::uint64_t hash, std::uint64_t now_ns,
                            Verdict& verdict) noexcept {
  Connection* connection = nullptr;
  if (config_.protocol == wire::ip_protocol::kTcp) {
    ++counts_.tracked;
    const Tracked tracked = track_segment(*table_, packet, hash, now_ns);
    verdict.stage = Stage::track;
    verdict.tracked = true;
    verdict.probes = static_cast<std::uint16_t>(std::min(tracked.probes, 0xffffU));
    if (tracked.reason != Reason::none) [[unlikely]] {
      return drop(verdict, Stage::track, tracked.reason);
    }
    connection = tracked.connection;
    if (connection == nullptr || packet.payload.empty()) {
      ++counts_.processed;
      verdict.outcome = Outcome::processed;
      return;
    }
  }
  decide(packet, connection, now_ns, verdict);
}

void Nanonet::handle(base::ByteView frame, std::uint64_t now_ns, Verdict& verdict) noexcept {
  Packet& packet = packets_[0];
  const Fate fate = parser_.parse(frame, packet);
  if (fate.outcome == Outcome::processed) [[likely]] {
    const bool tcp = config_.protocol == wire::ip_protocol::kTcp;
    finish(packet, tcp ? table_->hash(packet.key) : 0, now_ns, verdict);
  } else {
    end(fate, verdict);
  }
}

Verdict Nanonet::process(base::ByteView frame, std::uint64_t now_ns) noexcept {
  Verdict verdict;
  ++counts_.in;
  if (config_.enabled) [[likely]] {
    handle(frame, now_ns, verdict);
  } else {
    end(kDisabled, verdict);
  }
  return verdict;
}

void Nanonet::process_burst(std::span<const base::ByteView> frames, std::uint64_t now_ns,
                            std::span<Verdict> out) noexcept {
  assert(out.size() >= frames.size());
  counts_.in += frames.size();
  std::fill_n(out.begin(), frames.size(), Verdict{});
  if (!config_.enabled) [[unlikely]] {
    for (std::size_t i = 0; i < frames.size(); ++i) {
      end(kDisabled, out[i]);
    }
    return;
  }
  for (std::size_t start = 0; start < frames.size(); start += kBurst) {
    const auto batch = frames.subspan(start, std::min(kBurst, frames.size() - start));
    for (std::size_t i = 0; i < std::min(kPrefetchAhead, batch.size()); ++i) {
      fetch(batch, i);
    }
    if (config_.protocol == wire::ip_protocol::kTcp) {
      process_tcp(batch, now_ns, out.data() + start);
    } else {
      process_udp(batch, now_ns, out.data() + start);
    }
  }
}

void Nanonet::process_udp(std::span<const base::ByteView> frames, std::uint64_t now_ns,
                          Verdict* out) noexcept {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    fetch(frames, i + kPrefetchAhead);
    handle(frames[i], now_ns, out[i]);
  }
}

// Parsing changes nothing, so it may run ahead of the packets before it, and the loads of the
// connection table with it.
void Nanonet::process_tcp(std::span<const base::ByteView> frames, std::uint64_t now_ns,
                          Verdict* out) noexcept {
  std::array<Fate, kBurst> fates;
  std::array<std::uint64_t, kBurst> hashes;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    fetch(frames, i + kPrefetchAhead);
    fates[i] = parser_.parse(frames[i], packets_[i]);
    if (fates[i].outcome == Outcome::processed) {
      hashes[i] = table_->prefetch(packets_[i].key);
    }
  }
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (fates[i].outcome == Outcome::processed) {
      table_->prefetch_connection(hashes[i]);
    }
  }
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (fates[i].outcome == Outcome::processed) [[likely]] {
      finish(packets_[i], hashes[i], now_ns, out[i]);
    } else {
      end(fates[i], out[i]);
    }
  }
}

// A frame that the front half kept.
void Nanonet::end(const Fate& fate, Verdict& verdict) noexcept {
  if (fate.outcome == Outcome::dropped) {
    return drop(verdict, fate.stage, fate.reason);
  }
  verdict.stage = fate.stage;
  ++counts_.bypassed[at(fate.stage)];
}

void Nanonet::drop(Verdict& verdict, Stage stage, Reason reason) noexcept {
  verdict.outcome = Outcome::dropped;
  verdict.stage = stage;
  verdict.reason = reason;
  ++counts_.drops[at(stage)][at(reason)];
}

base::Status Nanonet::set_target(const Endpoint& target, std::uint8_t protocol,
                                 const std::vector<IpAddress>* groups) {
  DeviceConfig changed = config_;
  if (groups != nullptr) {
    changed.join = *groups;
  }
  changed.target = target;
  changed.protocol = protocol;
  if (target.ip.is_multicast() &&
      std::find(changed.join.begin(), changed.join.end(), target.ip) == changed.join.end()) {
    changed.join.push_back(target.ip);
  }
  if (base::Status status = check_device_config(changed); !status) {
    return status;
  }
  config_ = std::move(changed);
  parser_ = PacketParser(config_);
  responder_.reconfigure(config_);
  return {};
}

void Nanonet::reset_stats() noexcept {
  counts_ = Counts{};
  time_ = ProcessingTime{};
  table_->reset_stats();
}

DeviceStats Nanonet::stats() const noexcept {
  DeviceStats stats;
  stats.in = counts_.in;
  stats.processed = counts_.processed;
  stats.responded = counts_.responded;
  stats.drops = counts_.drops;
  stats.time = time_;
  std::array<std::uint64_t, base::kStageCount> lost{};  // dropped or bypassed, by stage
  for (std::size_t stage = 0; stage < base::kStageCount; ++stage) {
    stats.bypassed += counts_.bypassed[stage];
    lost[stage] = counts_.bypassed[stage];
    for (const std::uint64_t count : counts_.drops[stage]) {
      lost[stage] += count;
    }
  }
  const auto book = [&](Stage stage, std::uint64_t in) {
    stats.stage_in[at(stage)] = in;
    stats.stage_out[at(stage)] = in - lost[at(stage)];
  };
  book(Stage::parse, counts_.in);
  book(Stage::validate, stats.stage_out[at(Stage::parse)]);
  book(Stage::match, stats.stage_out[at(Stage::validate)]);
  book(Stage::track, counts_.tracked);
  book(Stage::decide, counts_.decided);
  book(Stage::respond, counts_.responded + lost[at(Stage::respond)]);
  return stats;
}

base::Result<std::unique_ptr<Device>> create_nanonet(const DeviceConfig& config, ResponsePool& pool,
                                                     std::uint32_t core) {
  if (base::Status status = check_device_config(config); !status) {
    return status.error();
  }
  auto table = create_table(config.connections);
  if (!table) {
    return table.error();
  }
  auto logic = create_logic(config.logic, core);
  if (!logic) {
    return logic.error();
  }
  return std::unique_ptr<Device>(std::make_unique<Nanonet>(
      config, pool, core, std::move(table).value(), std::move(logic).value()));
}

}  // namespace ringbed::device
