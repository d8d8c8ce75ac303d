// What the simulator needs from the outside: frames to send, a device that serves them, and
// someone who receives the answers. The engine implements these with the generator, the device
// and the statistics of a run; tests implement them with a few lines.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "sim/frame.hpp"
#include "sim/time.hpp"

namespace ringbed::sim {

class FrameSource {
 public:
  virtual ~FrameSource() = default;
  // Writes the next frame and its departure, sequence, stream, flow and length; departures never
  // go back. False at the end.
  virtual bool next(base::MutableBytes frame, FrameInfo& info) noexcept = 0;
};

// What serving one frame came to.
struct Served {
  enum class Fate : std::uint8_t { unanswered, responded, bypassed, dropped };
  Fate fate = Fate::unanswered;
  base::Stage stage = base::Stage::parse;  // where it was dropped
  base::Reason reason = base::Reason::none;
  std::uint32_t response = 0;  // buffer, when responded
  Picoseconds cost = 0;        // core time
};

class Host {
 public:
  virtual ~Host() = default;
  virtual Served serve(std::uint32_t core, base::ByteView frame, const FrameInfo& info,
                       Picoseconds now) noexcept = 0;
  virtual base::ByteView response(std::uint32_t core, std::uint32_t buffer) noexcept = 0;
  // The buffer's transmission is complete (or was given up): it comes home.
  virtual void complete(std::uint32_t core, std::uint32_t buffer, Picoseconds now) noexcept = 0;
};

class Sink {
 public:
  virtual ~Sink() = default;
  // A response has arrived at the sink; `request` is what it answers.
  virtual void receive(base::ByteView frame, const FrameInfo& request,
                       Picoseconds arrival) noexcept = 0;
};

}  // namespace ringbed::sim
