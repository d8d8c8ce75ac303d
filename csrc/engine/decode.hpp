// `ringbed decode`: a capture file in, one line of JSON a frame out (the contract is in
// wire/dissect.hpp). What a damaged capture still holds is printed; problem() tells the rest.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "gen/pcap_reader.hpp"

namespace ringbed::engine {

// Not thread-safe; one caller. Memory: the reader's buffer and the lines of one next().
class Decoder {
 public:
  // Errors: io (cannot be read), invalid (not a capture, or one whose only link type has no
  // dissector).
  [[nodiscard]] static base::Result<Decoder> open(const std::string& path);
  // The same over bytes that outlive the decoder.
  [[nodiscard]] static base::Result<Decoder> over(base::ByteView capture);

  // The lines of the next frames, at most `max_frames` (at least 1), each ending in a newline.
  // Empty at the end, and only there. O(bytes of the frames).
  [[nodiscard]] std::string next(std::uint32_t max_frames);

  // What was not decoded, once next() gave the end: a capture that ends in the middle of a
  // record or breaks its format there, frames of a link type that has no dissector.
  [[nodiscard]] base::Status problem() const;

 private:
  explicit Decoder(gen::PcapReader reader) : reader_(std::move(reader)) {}
  [[nodiscard]] static base::Result<Decoder> start(base::Result<gen::PcapReader> reader);

  gen::PcapReader reader_;
  std::uint64_t frames_ = 0;  // read, the skipped ones too: numbers are those of the file
  std::uint64_t skipped_ = 0;
  std::uint64_t first_skipped_ = 0;
  std::uint16_t skipped_link_type_ = 0;
};

}  // namespace ringbed::engine
