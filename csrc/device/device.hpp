// The device under test, one instance a core: frames in, verdicts and response frames out. It
// knows neither clock nor port: a world hands it bytes and the time. Cores share one response pool;
// each has its own connection table and logic. Kinds are rows of the table in devices.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/reasons.hpp"
#include "base/result.hpp"
#include "device/config.hpp"
#include "device/connection_table.hpp"
#include "device/logic.hpp"
#include "device/pool.hpp"

namespace ringbed::device {

enum class Outcome : std::uint8_t {
  processed,  // for the device, done, no response
  responded,  // for the device, done; `response` holds the frame to transmit
  bypassed,   // not for the device: goes on to the host
  dropped,    // broken or refused: `stage` and `reason` say where and why
};

// What became of a frame.
struct Verdict {
  Outcome outcome = Outcome::bypassed;
  base::Stage stage = base::Stage::parse;    // the last stage that it entered
  base::Reason reason = base::Reason::none;  // why, when dropped
  bool tracked = false;                      // the connection table was asked
  std::uint16_t probes = 0;                  // ... and looked at so many entries
  std::uint32_t response = kNoBuffer;        // buffer id, when responded
  std::uint32_t response_length = 0;         // bytes of the frame in it, without FCS
};

// The caller measures (virtual time or TSC) and tells; the device only keeps.
struct ProcessingTime {
  std::uint64_t count = 0;
  std::uint64_t last_ns = 0;
  std::uint64_t min_ns = 0;
  std::uint64_t max_ns = 0;
  std::uint64_t sum_ns = 0;

  void record(std::uint64_t ns) noexcept {
    min_ns = count == 0 || ns < min_ns ? ns : min_ns;
    max_ns = ns > max_ns ? ns : max_ns;
    last_ns = ns;
    sum_ns += ns;
    ++count;
  }
  void add(const ProcessingTime& other) noexcept {
    if (other.count != 0) {
      min_ns = count == 0 || other.min_ns < min_ns ? other.min_ns : min_ns;
      max_ns = other.max_ns > max_ns ? other.max_ns : max_ns;
      last_ns = other.last_ns;
      sum_ns += other.sum_ns;
      count += other.count;
    }
  }
  [[nodiscard]] double mean_ns() const noexcept {
    return count == 0 ? 0.0 : static_cast<double>(sum_ns) / static_cast<double>(count);
  }
};

// in = processed + bypassed + the sum of drops; `processed` includes the responded. A stage's out
// is what left it in good order: in less its drops and, in match (and parse, for what is not IP),
// its bypasses. A stage that a packet has no need of it does not enter: track is for TCP, decide
// for packets with a message, respond for orders.
struct DeviceStats {
  std::uint64_t in = 0;
  std::uint64_t processed = 0;
  std::uint64_t responded = 0;
  std::uint64_t bypassed = 0;
  std::array<std::uint64_t, base::kStageCount> stage_in{};
  std::array<std::uint64_t, base::kStageCount> stage_out{};
  std::array<std::array<std::uint64_t, base::kReasonCount>, base::kStageCount> drops{};
  ProcessingTime time;

  // Adds the counts of another time span or core; the time's last value is the other's.
  void add(const DeviceStats& other) noexcept;

  [[nodiscard]] std::uint64_t dropped(base::Stage stage, base::Reason reason) const noexcept {
    return drops[static_cast<std::size_t>(stage)][static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::uint64_t dropped() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& reasons : drops) {
      for (const std::uint64_t count : reasons) {
        sum += count;
      }
    }
    return sum;
  }
};

class Device {
 public:
  virtual ~Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  // One frame (without FCS), at now_ns. Time must not go back. One thread.
  [[nodiscard]] virtual Verdict process(base::ByteView frame, std::uint64_t now_ns) noexcept = 0;

  // The same for many, cache misses overlapped; out.size() >= frames.size(). Verdicts and state
  // are exactly those of process() called in order.
  virtual void process_burst(std::span<const base::ByteView> frames, std::uint64_t now_ns,
                             std::span<Verdict> out) noexcept = 0;

  // The frame to transmit; empty unless responded. Valid until complete().
  [[nodiscard]] base::ByteView response(const Verdict& verdict) const noexcept {
    return verdict.response == kNoBuffer
               ? base::ByteView{}
               : base::ByteView{pool_.data(verdict.response), verdict.response_length};
  }

  // Transmit completion, or the frame could not be sent: the buffer comes home.
  PutResult complete(std::uint32_t buffer) noexcept { return pool_.put(core_, buffer); }

  // Control: between packets, on the device's thread.
  virtual void set_enabled(bool enabled) noexcept = 0;
  [[nodiscard]] virtual bool enabled() const noexcept = 0;
  // Answers to `target` (and, for a group, joins it) from now on. `groups`: those that it is in
  // from now on; null: as before. Error: invalid, nothing changed.
  [[nodiscard]] virtual base::Status set_target(const Endpoint& target, std::uint8_t protocol,
                                                const std::vector<IpAddress>* groups) = 0;
  [[nodiscard]] base::Status set_target(const Endpoint& target, std::uint8_t protocol) {
    return set_target(target, protocol, nullptr);
  }
  virtual void clear_connections() noexcept = 0;
  virtual void reset_stats() noexcept = 0;

  void record_time(std::uint64_t ns) noexcept { time_.record(ns); }

  // A copy, about 6 KB: for reports, not for every packet.
  [[nodiscard]] virtual DeviceStats stats() const noexcept = 0;
  [[nodiscard]] virtual const DeviceConfig& config() const noexcept = 0;
  [[nodiscard]] virtual const ConnectionTable& connections() const noexcept = 0;
  [[nodiscard]] virtual const Logic& logic() const noexcept = 0;
  [[nodiscard]] ResponsePool& pool() const noexcept { return pool_; }
  [[nodiscard]] std::uint32_t core() const noexcept { return core_; }

 protected:
  Device(ResponsePool& pool, std::uint32_t core) noexcept : pool_(pool), core_(core) {}

  ProcessingTime time_;
  ResponsePool& pool_;
  std::uint32_t core_;
};

}  // namespace ringbed::device
