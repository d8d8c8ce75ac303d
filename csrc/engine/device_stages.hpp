// How long packets spend in the stages of the device. Parsing costs every packet, tracking and
// responding those that it concerns; validate, match and decide are part of parsing's cost, so
// their own time is 0 and is not recorded packet by packet but filled in at the end.
#pragma once

#include "base/histogram.hpp"
#include "sim/cost.hpp"
#include "sim/time.hpp"

namespace ringbed::engine {

class DeviceStages {
 public:
  explicit DeviceStages(sim::Picoseconds warmup) : warmup_(warmup) {}

  void record(sim::Picoseconds departure, const sim::ServiceTime& time, bool tracked,
              bool responded) noexcept {
    if (departure < warmup_) {
      return;
    }
    parse.record(sim::to_ns(time.parse));
    if (tracked) {
      track.record(sim::to_ns(time.track));
    }
    if (responded) {
      respond.record(sim::to_ns(time.respond));
    }
  }

  base::Histogram parse;
  base::Histogram track;
  base::Histogram respond;

 private:
  sim::Picoseconds warmup_;
};

}  // namespace ringbed::engine
