// One core of the device: which rings it serves, what it is doing, and its transmit queue.
// The Simulator moves it from state to state; poll policy and batching live in simulator.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/frame.hpp"
#include "sim/nic.hpp"
#include "sim/pause_timeline.hpp"
#include "sim/time.hpp"

namespace ringbed::sim {

enum class PollMode : std::uint8_t { busy, interrupt };

struct CoreConfig {
  PollMode poll = PollMode::busy;
  std::uint32_t count = 1;
  std::uint32_t batch = 32;
  std::uint32_t budget = 64;
  Noise noise;
};

// A response that waits for the end of its burst.
struct StagedResponse {
  std::uint32_t buffer = 0;
  FrameInfo request;
};

struct Core {
  enum class State : std::uint8_t {
    idle,      // nothing to do; an arrival wakes it
    polling,   // looks at its rings at `next`
    starting,  // takes the next frame of the burst at `next`
    serving,   // is done with `current` at `next`
  };

  Core(std::uint32_t index, PauseTimeline timeline) : id(index), pauses(std::move(timeline)) {}

  std::uint32_t id;
  State state = State::idle;
  Picoseconds next = kNever;
  PauseTimeline pauses;
  struct Queue {
    std::uint32_t number;
    RxRing* ring;
  };
  std::vector<Queue> queues;
  std::uint32_t turn = 0;  // round robin over queues
  RxRing* ring = nullptr;  // of the burst that is being served
  std::uint32_t burst_left = 0;
  std::uint32_t since_yield = 0;  // frames since the last yield (NAPI budget)
  Frame* current = nullptr;
  bool current_responded = false;
  std::uint32_t current_buffer = 0;
  std::vector<StagedResponse> staged;
  std::uint32_t tx_in_use = 0;
  std::uint32_t tx_peak = 0;
  std::uint64_t tx_full = 0;
  // Statistics.
  Picoseconds busy = 0;
  std::uint64_t polls = 0;
  std::uint64_t interrupts = 0;
  std::uint64_t frames = 0;
};

}  // namespace ringbed::sim
