#include "gen/frame_template.hpp"

#include <algorithm>

#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"
#include "wire/tcp.hpp"
#include "wire/udp.hpp"

namespace ringbed::gen {

FrameTemplate::FrameTemplate(const StreamSpec& spec, const FrameShape& shape,
                             base::ByteView message, std::uint32_t length)
    : shape_(shape),
      variable_(length == 0),
      checksum_(spec.udp_checksum || shape.tcp || shape.ipv6) {
  content_bytes_ = static_cast<std::uint32_t>(shape.payload_at + message.size());
  image_.resize(round_up(std::max(content_bytes_, kMinFrameBytes)));
  shape.write_headers(spec, variable_ ? 0 : length - shape.payload_at, image_);
  std::ranges::copy(message, image_.begin() + shape.payload_at);
  network_checksum_at_ = static_cast<std::uint16_t>(shape.network_at + wire::Ipv4::kChecksum);
  transport_checksum_at_ = static_cast<std::uint16_t>(
      shape.transport_at + (shape.tcp ? wire::Tcp::kChecksum : wire::Udp::kChecksum));
  network_length_from_ = shape.ipv6 ? shape.transport_at : shape.network_at;
  if (variable_) {
    network_length_ = shape.slot(shape.ipv6 ? "ipv6.payloadLength" : "ipv4.totalLength");
    transport_length_ = shape.tcp ? Slot{} : shape.slot("udp.length");
    clear(network_length_);
    clear(transport_length_);
  } else {
    transport_sum_.add_word(static_cast<std::uint16_t>(length - shape.transport_at));
  }
}

void FrameTemplate::fix(const Slot& slot, std::uint64_t value) {
  clear(slot);
  FrameEdit(image_.data(), {}, {}).set(slot, value);
}

void FrameTemplate::fix_wide(const Slot& slot, const std::uint8_t* bytes) {
  FrameEdit(image_.data(), {}, {}).set_wide(slot, bytes);
}

void FrameTemplate::clear(const Slot& slot) {
  if (slot.partial) {
    std::uint64_t mask = slot.value_mask << slot.shift;
    for (std::size_t i = slot.bytes; i > 0; --i, mask >>= 8) {
      image_[slot.at + i - 1] &= static_cast<std::uint8_t>(~mask);
    }
  } else {
    std::fill_n(image_.begin() + slot.at, slot.bytes, std::uint8_t{0});
  }
}

void FrameTemplate::keep_lengths(bool network, bool transport) {
  network_length_ = network ? network_length_ : Slot{};
  transport_length_ = transport ? transport_length_ : Slot{};
}

void FrameTemplate::seal() {
  const base::ByteView image(image_);
  if (!shape_.ipv6) {
    network_sum_ = wire::sum(image.subspan(shape_.network_at, wire::Ipv4::kHeaderBytes));
  }
  // The pseudo header's addresses as the image has them; its length went in with the lengths.
  const std::size_t addresses_at =
      shape_.network_at + (shape_.ipv6 ? wire::Ipv6::kSrc : wire::Ipv4::kSrc);
  transport_sum_.add(wire::sum(image.subspan(addresses_at, shape_.transport_at - addresses_at)));
  transport_sum_.add_word(shape_.tcp ? wire::ip_protocol::kTcp : wire::ip_protocol::kUdp);
  transport_sum_.add(
      wire::sum(image.subspan(shape_.transport_at, content_bytes_ - shape_.transport_at)));
}

FrameImage FrameTemplate::image(std::uint32_t length) const {
  FrameImage image{image_, std::vector<bool>(length)};
  image.bytes.resize(length);
  const auto vary = [&](std::size_t at) { image.varies[at] = image.varies[at + 1] = true; };
  if (!shape_.ipv6) {
    vary(network_checksum_at_);
  }
  if (checksum_) {
    vary(transport_checksum_at_);
  }
  return image;
}

}  // namespace ringbed::gen
