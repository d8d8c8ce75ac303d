// One order at a time from the thread that watches a run to a device's core, and the answer back.
// The core looks between bursts: one load of a word that only changes when somebody asks. No lock,
// and the core never waits. State decides who may touch what lies beside it:
//
//   idle --post()--> posted --answer()--> answered --take()--> idle
//        (watcher)            (core)               (watcher)
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "device/device.hpp"

namespace ringbed::engine {

struct CoreOrder {
  enum class Kind : std::uint8_t { look, reset, enable, disable, retarget, clear_connections };
  Kind kind = Kind::look;
  device::Endpoint target;  // retarget: MAC ignored
  std::uint8_t protocol = 17;
  std::vector<device::IpAddress> groups;  // retarget: what the device is in from now on
};

// The device as it is after the order.
struct CoreAnswer {
  base::Status status;
  bool enabled = false;
  device::Endpoint target;
  std::uint8_t protocol = 0;
  std::vector<device::IpAddress> groups;
  device::DeviceStats stats;  // since the start or the last reset
  device::ConnectionStats connections;
  device::PoolStats pool;     // of all cores
  std::uint64_t cleared = 0;  // connections, by clear_connections
};

class CoreMailbox {
 public:
  // Watcher. False while an earlier order is under way.
  [[nodiscard]] bool post(CoreOrder order) {
    if (state_.load(std::memory_order_acquire) != State::idle) {
      return false;
    }
    order_ = std::move(order);
    state_.store(State::posted, std::memory_order_release);
    return true;
  }
  // Watcher. The answer, once there is one.
  [[nodiscard]] std::optional<CoreAnswer> take() {
    if (state_.load(std::memory_order_acquire) != State::answered) {
      return std::nullopt;
    }
    std::optional<CoreAnswer> answer = std::move(answer_);
    state_.store(State::idle, std::memory_order_release);
    return answer;
  }

  // Core. Null when there is nothing to do.
  [[nodiscard]] const CoreOrder* order() const noexcept {
    return state_.load(std::memory_order_acquire) == State::posted ? &order_ : nullptr;
  }
  void answer(CoreAnswer answer) noexcept {
    answer_ = std::move(answer);
    state_.store(State::answered, std::memory_order_release);
  }

 private:
  enum class State : std::uint8_t { idle, posted, answered };
  alignas(64) std::atomic<State> state_{State::idle};
  CoreOrder order_;
  CoreAnswer answer_;
};

}  // namespace ringbed::engine
