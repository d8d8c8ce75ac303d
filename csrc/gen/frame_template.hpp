// The image that a stream's frames are copied from, and the sums of its checksums. Every field
// that changes is zero in it (slot.hpp says why).
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "gen/frame_image.hpp"
#include "gen/frame_shape.hpp"
#include "gen/slot.hpp"

namespace ringbed::gen {

class FrameTemplate {
 public:
  static constexpr std::uint32_t kMinFrameBytes = 60;

  FrameTemplate() = default;
  // `message` follows the headers. `length`: bytes that the frames fill, or 0 when it differs from
  // frame to frame; it is at least headers and message.
  FrameTemplate(const StreamSpec& spec, const FrameShape& shape, base::ByteView message,
                std::uint32_t length);

  // Before seal(): writes a value that stays, or makes room for one that changes.
  void fix(const Slot& slot, std::uint64_t value);
  void fix_wide(const Slot& slot, const std::uint8_t* bytes);
  void clear(const Slot& slot);
  // Lengths come from the frame unless a program sets them: false leaves the field alone.
  void keep_lengths(bool network, bool transport);
  // Computes the sums; the image is final.
  void seal();

  // Copies the image to `to` (room for round_up(max(length, 60))) and sets the lengths where they
  // vary; the rest up to `length` (and to 60) is zero.
  [[nodiscard]] FrameEdit begin(std::uint8_t* to, std::uint32_t length) const noexcept {
    std::size_t copied = 0;
    do {  // whole cache lines: max_frame_bytes() leaves room for them
      std::memcpy(to + copied, image_.data() + copied, kLine);
      copied += kLine;
    } while (copied < image_.size());
    if (length > copied) {
      std::memset(to + copied, 0, length - copied);
    }
    FrameEdit edit(to, network_sum_, transport_sum_);
    if (variable_) {
      edit.set(network_length_, length - network_length_from_);
      edit.set(transport_length_, length - shape_.transport_at);
      edit.transport().add_word(static_cast<std::uint16_t>(length - shape_.transport_at));
    }
    return edit;
  }

  // Stores the checksums.
  void finish(FrameEdit& edit) const noexcept {
    if (!shape_.ipv6) {
      base::store_native(edit.frame() + network_checksum_at_,
                         static_cast<std::uint16_t>(~edit.network().folded_native()));
    }
    if (checksum_) {
      auto sum = static_cast<std::uint16_t>(~edit.transport().folded_native());
      if (sum == 0 && !shape_.tcp) [[unlikely]] {
        sum = 0xffff;  // RFC 768: zero would say "not computed"
      }
      base::store_native(edit.frame() + transport_checksum_at_, sum);
    }
  }

  // A frame of `length` bytes as the image has it, checksums marked as varying. After seal(), for
  // templates of one length.
  [[nodiscard]] FrameImage image(std::uint32_t length) const;

  [[nodiscard]] std::size_t memory_bytes() const noexcept { return image_.size(); }

  // The room that a frame of `length` bytes takes in begin().
  [[nodiscard]] static constexpr std::uint32_t round_up(std::uint32_t length) noexcept {
    return (length + kLine - 1) / kLine * kLine;
  }

 private:
  static constexpr std::uint32_t kLine = 64;

  FrameShape shape_{StreamSpec{}};
  bool variable_ = false;
  bool checksum_ = true;
  std::uint16_t network_checksum_at_ = 0;
  std::uint16_t transport_checksum_at_ = 0;
  std::uint32_t network_length_from_ = 0;  // what the IP length field does not count
  Slot network_length_;
  Slot transport_length_;
  wire::PartialSum network_sum_;
  wire::PartialSum transport_sum_;
  std::uint32_t content_bytes_ = 0;
  std::vector<std::uint8_t> image_;  // whole lines
};

}  // namespace ringbed::gen
