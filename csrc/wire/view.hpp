// What every checked view is made of: the bytes of a layer, and the outcome of looking at them.
// A view is handed out only after its header was checked against the bytes that are there, so
// that no accessor can read out of bounds; length fields are held to the bytes, never trusted.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/reasons.hpp"

namespace ringbed::wire {

using base::ByteView;
using base::MutableBytes;
using base::Reason;

class Walk;  // walk.hpp: the cursor that dissectors move over a frame

// The bytes of a layer that were captured, and how many there were on the wire. They differ
// only when a capture was cut short (snap length); then a header that was cut off is
// `capture_truncated`, not a fault of the frame.
struct Extent {
  ByteView bytes;
  std::size_t on_wire = 0;  // >= bytes.size()

  constexpr Extent() noexcept = default;
  constexpr Extent(ByteView all) noexcept  // NOLINT(google-explicit-constructor)
      : bytes(all), on_wire(all.size()) {}
  constexpr Extent(ByteView captured, std::size_t wire_length) noexcept
      : bytes(captured), on_wire(std::max(wire_length, captured.size())) {}

  // What follows the first `offset` bytes, at most `length` on the wire.
  [[nodiscard]] constexpr Extent after(std::size_t offset,
                                       std::size_t length = SIZE_MAX) const noexcept {
    const std::size_t left = offset < on_wire ? on_wire - offset : 0;
    const std::size_t wire_length = std::min(left, length);
    if (offset >= bytes.size()) {
      return {ByteView{}, wire_length};
    }
    return {bytes.subspan(offset, std::min(wire_length, bytes.size() - offset)), wire_length};
  }

  // none when the first `count` bytes are there; `rule` when the frame never had them;
  // capture_truncated when only the capture lacks them.
  [[nodiscard]] constexpr Reason need(std::size_t count, Reason rule) const noexcept {
    if (bytes.size() >= count) [[likely]] {
      return Reason::none;
    }
    return on_wire < count ? rule : Reason::capture_truncated;
  }

  [[nodiscard]] constexpr bool complete() const noexcept { return bytes.size() == on_wire; }
};

// A view, or the rule that was broken and where (offset of the offending field in the header).
// When the fixed header is there but a field in it breaks a rule, header() still shows it.
template <typename View>
class [[nodiscard]] Parsed {
 public:
  constexpr Parsed(View view) noexcept
      : view_(view), readable_(true) {}  // NOLINT(google-explicit-constructor)
  // Nothing readable.
  constexpr Parsed(Reason reason) noexcept
      : reason_(reason) {}  // NOLINT(google-explicit-constructor)
  // Fixed header readable, rule broken by the field at `fault_offset`.
  constexpr Parsed(View header, Reason reason, std::size_t fault_offset) noexcept
      : view_(header),
        reason_(reason),
        fault_offset_(static_cast<std::uint16_t>(fault_offset)),
        readable_(true) {}

  [[nodiscard]] constexpr bool ok() const noexcept { return reason_ == Reason::none; }
  constexpr explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] constexpr Reason reason() const noexcept { return reason_; }
  [[nodiscard]] constexpr std::size_t fault_offset() const noexcept { return fault_offset_; }
  [[nodiscard]] constexpr bool readable() const noexcept { return readable_; }

  [[nodiscard]] constexpr const View& operator*() const noexcept {
    assert(ok());
    return view_;
  }
  [[nodiscard]] constexpr const View* operator->() const noexcept {
    assert(ok());
    return &view_;
  }
  // The fixed header of a frame that may break a rule; only when readable().
  [[nodiscard]] constexpr const View& header() const noexcept {
    assert(readable_);
    return view_;
  }

 private:
  View view_{};
  Reason reason_ = Reason::none;
  std::uint16_t fault_offset_ = 0;
  bool readable_ = false;
};

// What a checksum that covers a payload turned out to be.
enum class Checksum : std::uint8_t {
  unknown,  // not judged: a fragment, or the capture was cut short
  absent,   // the sender did not compute it (UDP over IPv4, field 0)
  good,
  bad,
};

}  // namespace ringbed::wire
