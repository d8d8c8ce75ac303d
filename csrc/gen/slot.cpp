#include "gen/slot.hpp"

#include <array>

namespace ringbed::gen {

std::uint64_t FrameEdit::write_bits(std::uint8_t* frame, const Slot& slot,
                                    std::uint64_t value) noexcept {
  if (!slot.used()) {
    return 0;
  }
  value = (value / slot.unit & slot.value_mask) << slot.shift;
  // The field's bytes in memory order, followed by zeros.
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = 0; i < slot.bytes; ++i, value >>= 8) {
    bytes[slot.little_endian ? i : slot.bytes - 1U - i] = static_cast<std::uint8_t>(value);
  }
  for (std::size_t i = 0; i < slot.bytes; ++i) {
    frame[slot.at + i] |= bytes[i];  // other fields may share them
  }
  return base::load_native<std::uint64_t>(bytes.data());
}

}  // namespace ringbed::gen
