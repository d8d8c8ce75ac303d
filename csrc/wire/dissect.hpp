// Takes a frame apart without allocation: layers, broken rules, verdict, payload. The printer
// writes the result as one line of `ringbed decode --json`.
#pragma once

#include <array>
#include <span>
#include <string>

#include "wire/checksum.hpp"
#include "wire/link_type.hpp"
#include "wire/protocols.hpp"
#include "wire/view.hpp"

namespace ringbed::wire {

struct Layer {
  std::uint8_t protocol = 0;  // index in protocols()
  Checksum checksum = Checksum::unknown;
  bool length_presumed = false;  // of the packet; its own field does not tell
  std::uint32_t offset = 0;      // in the frame
  std::uint32_t length = 0;      // of the header, as captured
};

struct Problem {
  Reason rule = Reason::none;
  std::uint8_t layer = 0;  // index in the printed layers; the payload's, if no header was readable
  std::uint32_t offset = 0;  // of the field at fault, in the frame
};

enum class Verdict : std::uint8_t {
  ok,
  incomplete,  // what is there keeps the rules, but the capture or a tiny fragment lacks the rest
  malformed,   // a rule is broken
};
[[nodiscard]] std::string_view to_string(Verdict verdict) noexcept;

struct Dissection {
  static constexpr std::size_t kMaxLayers = 24;
  static constexpr std::size_t kMaxProblems = 16;

  std::array<Layer, kMaxLayers> layer_rows;
  std::array<Problem, kMaxProblems> problem_rows;
  std::uint8_t layer_count = 0;
  std::uint8_t problem_count = 0;
  Verdict verdict = Verdict::ok;
  std::uint32_t wire_length = 0;
  std::uint32_t captured = 0;
  // What no layer took apart; printed as the last layer `payload` unless it is empty.
  std::uint32_t payload_offset = 0;
  std::uint32_t payload_length = 0;
  // From here to the end no length field covers the bytes: padding, FCS.
  std::uint32_t trailer_offset = 0;

  [[nodiscard]] std::span<const Layer> layers() const noexcept {
    return {layer_rows.data(), layer_count};
  }
  [[nodiscard]] std::span<const Problem> problems() const noexcept {
    return {problem_rows.data(), problem_count};
  }
  [[nodiscard]] bool has(Reason rule) const noexcept;
};

// Whether frames of that link type are taken apart; of another one all is payload.
[[nodiscard]] bool has_dissector(std::uint16_t link_type) noexcept;

// Takes `captured` apart; `wire_length` is the frame's length on the wire without FCS (at least
// captured.size()). Total: any bytes give a result; nothing is read outside `captured`. O(n) for
// the checksums, else O(layers).
void dissect(ByteView captured, std::uint32_t wire_length, Dissection& into,
             std::uint16_t link_type = link_type::kEthernet) noexcept;

// Appends one line of `ringbed decode --json` with its newline. `captured` as given to dissect().
void print_json(const Dissection& dissection, ByteView captured, std::uint64_t frame_number,
                std::int64_t time_ns, std::string& out);

}  // namespace ringbed::wire
