// What all frames of a stream have in common, where they have one length: the bytes, and which of
// them change from frame to frame.
#pragma once

#include <cstdint>
#include <vector>

namespace ringbed::gen {

struct FrameImage {
  std::vector<std::uint8_t> bytes;  // of a frame, without FCS
  std::vector<bool> varies;         // of each byte
};

}  // namespace ringbed::gen
