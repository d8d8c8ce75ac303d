// Who is on the wire: the sender writes one record for every frame before it sends it, the receiver
// finds the record by a hash of the bytes that arrived. So a frame is known again, with the time
// at which it should have left, without a mark in it: captures, malformed frames and published
// message formats stay as they are, whatever carries them.
//
// Frames of one path arrive in the order in which they were sent, less the lost ones. The reader
// therefore looks from the record after the last match on, and the first that matches is the one;
// what it steps over was lost, or has been overtaken (by GRO, which gathers the frames of a flow;
// by a switch) and is found among the last ones stepped over. Frames with the same bytes are taken
// in order. The log is a circle: records that nobody asked for are overwritten, and count as
// forgotten when they are missed.
//
// Where a classifier may have edited frames, each record has a second half, FlightTrace: what the
// hash does not know is looked for by what edits leave.
//
// One writer; any number of readers, each with its own place. No locks: a record is four words,
// read first and checked afterwards against the writer's position (a sequence lock).
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "base/reasons.hpp"
#include "engine/flight_trace.hpp"
#include "port/datagram.hpp"

namespace ringbed::engine {

// What is remembered of a frame.
struct Flight {
  std::uint64_t departure_ns = 0;  // when it should have left, since the start of the run
  std::uint64_t sequence = 0;      // within its flow
  std::uint32_t stream = 0;
  std::uint32_t flow = 0;
  // By the address filter of the device's NIC, as the frame was sent. Only of a traced log: where a
  // classifier may have changed the address since.
  base::Reason refused = base::Reason::none;
};

// Tells frames apart: length, the first 128 and the last 16 bytes. Headers and messages lie there;
// what they leave open is decided by order.
[[nodiscard]] inline std::uint64_t flight_hash(base::ByteView frame) noexcept {
  __extension__ using Wide = unsigned __int128;
  const auto fold = [](std::uint64_t a, std::uint64_t b) noexcept {
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;
  constexpr std::size_t kFront = 128;
  std::uint64_t hash = fold(frame.size() ^ kOdd, 0xe7037ed1a0b428dbULL);
  std::size_t at = 0;
  for (; at + 8 <= frame.size() && at < kFront; at += 8) {
    hash = fold(hash ^ base::load_native<std::uint64_t>(frame.data() + at), kOdd);
  }
  if (frame.size() >= 16) {
    const std::uint8_t* const end = frame.data() + frame.size();
    hash = fold(hash ^ base::load_native<std::uint64_t>(end - 16), kOdd);
    return fold(hash ^ base::load_native<std::uint64_t>(end - 8), kOdd);
  }
  for (; at < frame.size(); ++at) {
    hash = fold(hash ^ frame[at], kOdd);
  }
  return hash;
}

// The same for a frame that passes through kernel sockets, which leave of it a datagram: its
// addresses, ports and payload.
[[nodiscard]] inline std::uint64_t datagram_hash(base::ByteView frame) noexcept {
  port::Datagram datagram;
  if (!port::read_datagram(frame, datagram)) {
    return flight_hash(frame);
  }
  std::array<std::uint8_t, 36> ends{};
  std::copy(datagram.source.bytes.begin(), datagram.source.bytes.end(), ends.begin());
  std::copy(datagram.destination.bytes.begin(), datagram.destination.bytes.end(),
            ends.begin() + 16);
  base::store_be(ends.data() + 32, datagram.source_port);
  base::store_be(ends.data() + 34, datagram.destination_port);
  return flight_hash(ends) ^
         std::rotl(flight_hash(frame.subspan(datagram.payload_at, datagram.payload_bytes)), 1);
}

// `datagrams`: sockets are at one of the ends.
[[nodiscard]] inline std::uint64_t flight_hash(base::ByteView frame, bool datagrams) noexcept {
  return datagrams ? datagram_hash(frame) : flight_hash(frame);
}

class FlightLog {
 public:
  // size: records, a power of two. `traced`: with what edits leave.
  explicit FlightLog(std::uint64_t size, bool traced = false)
      : mask_(std::bit_ceil(size) - 1), records_(std::make_unique<Record[]>(mask_ + 1)) {
    if (traced) {
      traces_ = std::make_unique<Trace[]>(mask_ + 1);
    }
  }

  [[nodiscard]] bool traced() const noexcept { return traces_ != nullptr; }

  // Before the frame is sent. The writer's thread.
  void add(std::uint64_t hash, const Flight& flight, const FlightTrace& trace = {}) noexcept {
    const std::uint64_t at = head_.load(std::memory_order_relaxed);
    if (traced()) {
      Trace& row = traces_[at & mask_];
      row.message.store(trace.message, std::memory_order_release);
      row.path.store(trace.path, std::memory_order_release);
    }
    Record& record = records_[at & mask_];
    // Released: who sees a new word sees the position that it was written at, too. No fence, which
    // ThreadSanitizer does not know.
    const auto put = [&record](std::size_t word, std::uint64_t value) {
      record.words[word].store(value, std::memory_order_release);
    };
    put(0, hash);
    put(1, flight.departure_ns | static_cast<std::uint64_t>(flight.refused) << kTimeBits);
    put(2, flight.sequence);
    put(3, static_cast<std::uint64_t>(flight.stream) << 32 | flight.flow);
    head_.store(at + 1, std::memory_order_release);
  }

  [[nodiscard]] std::uint64_t written() const noexcept {
    return head_.load(std::memory_order_acquire);
  }
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return (mask_ + 1) * (sizeof(Record) + (traced() ? sizeof(Trace) : 0));
  }

 private:
  friend class FlightReader;
  static constexpr unsigned kTimeBits = 56;  // two years
  static_assert(base::kReasonCount <= 256);

  struct Record {
    std::array<std::atomic<std::uint64_t>, 4> words{};
  };
  struct Trace {
    std::atomic<std::uint64_t> message{0};
    std::atomic<std::uint64_t> path{0};
  };

  // False when the record was overwritten in the meantime.
  [[nodiscard]] bool read(std::uint64_t at, std::uint64_t& hash, Flight& flight) const noexcept {
    const Record& record = records_[at & mask_];
    const auto get = [&record](std::size_t word) {
      return record.words[word].load(std::memory_order_acquire);
    };
    hash = get(0);
    const std::uint64_t departure = get(1);
    flight.departure_ns = departure & ((std::uint64_t{1} << kTimeBits) - 1);
    flight.refused = static_cast<base::Reason>(departure >> kTimeBits);
    flight.sequence = get(2);
    const std::uint64_t last = get(3);
    flight.stream = static_cast<std::uint32_t>(last >> 32);
    flight.flow = static_cast<std::uint32_t>(last);
    return head_.load(std::memory_order_relaxed) - at <= mask_;
  }

  // Precondition: traced().
  [[nodiscard]] bool read(std::uint64_t at, FlightTrace& trace) const noexcept {
    const Trace& row = traces_[at & mask_];
    trace.message = row.message.load(std::memory_order_acquire);
    trace.path = row.path.load(std::memory_order_acquire);
    return head_.load(std::memory_order_relaxed) - at <= mask_;
  }

  std::uint64_t mask_;
  std::unique_ptr<Record[]> records_;
  std::unique_ptr<Trace[]> traces_;
  alignas(64) std::atomic<std::uint64_t> head_{0};
};

class FlightReader {
 public:
  explicit FlightReader(const FlightLog& log) noexcept : log_(&log) {}

  static constexpr std::uint64_t kAll = UINT64_MAX;

  [[nodiscard]] bool traced() const noexcept { return log_->traced(); }

  // The oldest record with that hash from the reader's place on, at most `reach` of them; moves
  // behind it. Else, with all in reach, one of the last kOvertaken that were stepped over. False,
  // and the place stays, when there is none. O(1) while nothing is lost.
  [[nodiscard]] bool find(std::uint64_t hash, Flight& flight, std::uint64_t reach = kAll) noexcept {
    const auto same = [&](std::uint64_t at) {
      std::uint64_t found = 0;
      Flight candidate;
      if (!log_->read(at, found, candidate) || found != hash) {
        return false;
      }
      flight = candidate;
      return true;
    };
    return seek(reach, same) || (reach == kAll && find_overtaken(hash, flight));
  }

  // The same for a frame that was edited on its way: the oldest one that is like it. Precondition:
  // the log is traced.
  [[nodiscard]] bool find_edited(const FlightTrace& trace, Likeness likeness, Flight& flight,
                                 std::uint64_t reach = kAll) noexcept {
    return seek(reach, [&](std::uint64_t at) {
      FlightTrace candidate;
      std::uint64_t ignored = 0;
      return log_->read(at, candidate) && alike(candidate, trace, likeness) &&
             log_->read(at, ignored, flight);
    });
  }

  // Records overwritten before a frame asked for them or for a later one.
  [[nodiscard]] std::uint64_t forgotten() const noexcept { return forgotten_; }

 private:
  static constexpr std::size_t kOvertaken = 1024;  // a power of two

  struct Overtaken {
    std::uint64_t hash = 0;
    std::uint64_t at = kTaken;
  };
  static constexpr std::uint64_t kTaken = UINT64_MAX;

  // Moves behind the first record that `wanted` takes.
  template <typename Wanted>
  [[nodiscard]] bool seek(std::uint64_t reach, Wanted wanted) noexcept {
    const std::uint64_t end = log_->written();
    if (end - next_ > log_->mask_) {
      // What is left out here is at least `size` records old.
      const std::uint64_t oldest = end - log_->mask_;
      forgotten_ += oldest - next_;
      next_ = oldest;
    }
    const std::uint64_t last = next_ + std::min(reach, end - next_);
    for (std::uint64_t at = next_; at != last; ++at) {
      if (wanted(at)) {
        step_over(at);
        return true;
      }
    }
    return false;
  }

  // Moves behind the record at `match`, and remembers the last ones in front of it.
  void step_over(std::uint64_t match) noexcept {
    for (std::uint64_t at = match - std::min<std::uint64_t>(match - next_, kOvertaken); at != match;
         ++at) {
      Flight ignored;
      Overtaken& row = overtaken_[overtaken_count_++ % kOvertaken];
      row.at = log_->read(at, row.hash, ignored) ? at : kTaken;
    }
    next_ = match + 1;
  }

  [[nodiscard]] bool find_overtaken(std::uint64_t hash, Flight& flight) noexcept {
    const std::size_t rows = std::min<std::uint64_t>(overtaken_count_, kOvertaken);
    for (std::size_t i = rows; i > 0; --i) {  // the oldest first
      Overtaken& row = overtaken_[(overtaken_count_ - i) % kOvertaken];
      std::uint64_t found = 0;
      if (row.at != kTaken && row.hash == hash && log_->read(row.at, found, flight) &&
          found == hash) {
        row.at = kTaken;
        return true;
      }
    }
    return false;
  }

  const FlightLog* log_;
  std::uint64_t next_ = 0;
  std::uint64_t forgotten_ = 0;
  std::uint64_t overtaken_count_ = 0;  // ever
  std::vector<Overtaken> overtaken_ = std::vector<Overtaken>(kOvertaken);
};

}  // namespace ringbed::engine
