// fuzz: engine
// Any bytes as a capture file, from the file header to the last line of JSON.
#include <algorithm>
#include <cstdlib>

#include "engine/decode.hpp"
#include "support/bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringbed;
  const test::ExactCopy capture(base::ByteView(data, size));
  auto decoder = engine::Decoder::over(capture.view());
  if (!decoder) {
    if (decoder.error().message.empty()) {
      std::abort();
    }
    return 0;
  }
  // A record takes at least 16 bytes of the file: more lines than that would be an endless read.
  std::size_t left = size / 12 + 1;
  for (;;) {
    const std::string lines = decoder.value().next(7);
    if (lines.empty()) {
      break;
    }
    const auto count = static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
    if (lines.back() != '\n' || count > 7 || count > left) {
      std::abort();
    }
    left -= count;
  }
  const auto problem = decoder.value().problem();
  if (!problem.ok() && problem.error().message.empty()) {
    std::abort();
  }
  return 0;
}
