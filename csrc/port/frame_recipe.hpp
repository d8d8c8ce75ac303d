// What of a stream's frames is always the same, where they all have one length.
#pragma once

#include <cstdint>
#include <vector>

namespace ringbed::port {

struct FrameRecipe {
  std::vector<std::uint8_t> image;
  std::vector<bool> varies;  // of each byte of the image
};

}  // namespace ringbed::port
