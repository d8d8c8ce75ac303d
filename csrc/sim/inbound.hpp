// The way from the generator to the NIC: draws frames from the source just in time, sends them over
// the link and hands them out in the order of their arrival. Frames are generated only as far
// ahead as is needed to know the earliest arrival, so memory does not grow with the run.
//
// The earliest frame is `head_`; only where frames may overtake each other or be copied does
// `behind_` hold others.
#pragma once

#include <algorithm>

#include "base/ledger.hpp"
#include "sim/frame.hpp"
#include "sim/host.hpp"
#include "sim/link.hpp"
#include "sim/pending.hpp"

namespace ringbed::sim {

class Inbound {
 public:
  Inbound(FrameSource& source, Link link, FrameArena& arena, base::Ledger& ledger)
      : source_(source), link_(std::move(link)), arena_(arena), ledger_(ledger) {
    fill();
  }

  // When something happens here next: an arrival, or at least a reason to look again.
  [[nodiscard]] Picoseconds next() const noexcept {
    if (head_ != nullptr) [[likely]] {
      return head_->info.arrival;
    }
    return ended_ ? kNever : link_.earliest_arrival();
  }

  // Takes the frame that arrives at next(); null when there was only a reason to look again.
  [[nodiscard]] Frame* take() {
    Frame* const frame = head_;
    head_ = nullptr;
    if (!behind_.empty()) [[unlikely]] {
      head_ = behind_.pop();
    }
    fill();
    return frame;
  }

  // No more frames from the source; what is on the wire still arrives.
  void stop() noexcept { ended_ = true; }

  [[nodiscard]] const Link& link() const noexcept { return link_; }

 private:
  // Frames looked at in one go while all of them are lost: the run must be able to stop.
  static constexpr int kLookAhead = 1024;

  void fill() {
    for (int i = 0; i < kLookAhead && !ended_; ++i) {
      if (head_ != nullptr && head_->info.arrival <= link_.earliest_arrival()) {
        return;
      }
      draw();
    }
  }

  void draw() {
    Frame* const frame = arena_.allocate();
    FrameInfo& info = frame->info;
    info.corrupted = false;
    info.copy = false;
    if (!source_.next({frame->bytes(), arena_.capacity()}, info)) {
      arena_.release(frame);
      ended_ = true;
      return;
    }
    ++ledger_.offered;
    const Transit transit = link_.send(info.departure, info.length);
    if (transit.dropped != base::Reason::none) {
      ledger_.drop(base::Stage::link, transit.dropped);
      arena_.release(frame);
      return;
    }
    info.arrival = transit.arrival;
    Frame* const copy = transit.copy_arrival == 0 ? nullptr : duplicate(*frame, transit);
    if (transit.flip != 0) [[unlikely]] {
      flip_bit({frame->bytes(), info.length}, transit.flip);
      info.corrupted = true;
    }
    enqueue(frame);
    if (copy != nullptr) {
      enqueue(copy);
    }
  }

  [[nodiscard]] Frame* duplicate(Frame& original, const Transit& transit) {
    ++ledger_.duplicated_forward;
    Frame* const copy = arena_.allocate();
    copy->info = original.info;
    copy->info.arrival = transit.copy_arrival;
    copy->info.copy = true;
    std::copy_n(original.bytes(), original.info.length, copy->bytes());
    return copy;
  }

  // Keeps head_ the earliest; of equal arrivals the one that was sent first.
  void enqueue(Frame* frame) {
    if (head_ == nullptr) [[likely]] {
      head_ = frame;
    } else if (frame->info.arrival < head_->info.arrival) {
      behind_.push_front(head_->info.arrival, head_);
      head_ = frame;
    } else {
      behind_.push(frame->info.arrival, frame);
    }
  }

  FrameSource& source_;
  Link link_;
  FrameArena& arena_;
  base::Ledger& ledger_;
  Frame* head_ = nullptr;
  Pending<Frame*> behind_;
  bool ended_ = false;
};

}  // namespace ringbed::sim
