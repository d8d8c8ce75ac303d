#include "ebpf/packet.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/endian.hpp"

namespace ringbed::ebpf {

namespace {

constexpr std::uint32_t kEthernetHeader = 14;
constexpr std::uint32_t kXdpFrame = 40;  // sizeof(struct xdp_frame): adjust_head stops there
constexpr std::uint32_t kMaxMeta = 252;
constexpr std::uint32_t kXdpContextBytes = 24;
constexpr std::uint32_t kSkbContextBytes = 192;

}  // namespace

ContextLayout context_layout(ProgramType type) noexcept {
  return type == ProgramType::xdp ? ContextLayout{0, 4, kXdpContextBytes}
                                  : ContextLayout{76, 80, kSkbContextBytes};
}

void Packet::place(base::ByteView frame, ProgramType type, const PacketParameters& parameters) {
  parameters_ = parameters;
  type_ = type;
  redirect = {};
  if (buffer_.size() != parameters.buffer_bytes) {
    buffer_.assign(parameters.buffer_bytes, 0);
  }
  // Headroom is zero, whatever an earlier frame left there.
  if (lowest_ < parameters.headroom) {
    std::memset(buffer_.data() + lowest_, 0, parameters.headroom - lowest_);
  }
  lowest_ = parameters.headroom;
  const std::uint32_t around = parameters.headroom + parameters.tailroom;
  if (type != ProgramType::xdp && frame.size() + around > buffer_.size()) {
    buffer_.resize(frame.size() + around);  // a socket buffer is linear
  }
  const auto linear =
      static_cast<std::uint32_t>(std::min<std::size_t>(frame.size(), buffer_.size() - around));
  meta_ = data_ = parameters.headroom;
  end_ = data_ + linear;
  if (linear > 0) {
    std::memcpy(buffer_.data() + data_, frame.data(), linear);
  }
  fragments_.assign(frame.begin() + linear, frame.end());
  context_.fill(0);
  if (type != ProgramType::xdp) place_skb();
}

void Packet::publish(Memory& memory) {
  Region& packet = memory[kPacketRegion];
  packet = Region::of(buffer_.data() + meta_, end_ - meta_);
  packet.start = kRegionStart + meta_;
  if (type_ == ProgramType::xdp) {
    describe_xdp();
    memory[kContextRegion] = Region::of(context_.data(), kXdpContextBytes, false);
  } else {
    describe_skb();
    memory[kContextRegion] = Region::of(context_.data(), kSkbContextBytes);
  }
  memory.packet_is_published();
}

void Packet::put(std::uint32_t offset, std::uint32_t value) {
  base::store_native(context_.data() + offset, value);
}

// struct xdp_md
void Packet::describe_xdp() {
  put(0, kRegionStart + data_);
  put(4, kRegionStart + end_);
  put(8, kRegionStart + meta_);
  put(12, parameters_.ifindex);
  put(16, parameters_.rx_queue);
  put(20, parameters_.egress_ifindex);
}

std::vector<std::uint8_t> Packet::bytes() const {
  std::vector<std::uint8_t> all(buffer_.begin() + data_, buffer_.begin() + end_);
  all.insert(all.end(), fragments_.begin(), fragments_.end());
  return all;
}

std::uint8_t* Packet::linear(std::uint32_t offset, std::uint32_t bytes) noexcept {
  return std::uint64_t{offset} + bytes <= end_ - data_ ? buffer_.data() + data_ + offset : nullptr;
}

int Packet::adjust_head(std::int32_t delta) {
  const std::int64_t data = std::int64_t{data_} + delta;
  const std::uint32_t metadata = data_ - meta_;
  if (data < std::int64_t{kXdpFrame} + metadata || data > std::int64_t{end_} - kEthernetHeader) {
    return -EINVAL;
  }
  const std::int64_t to = data - metadata;
  std::memmove(buffer_.data() + to, buffer_.data() + meta_, metadata);
  meta_ = static_cast<std::uint32_t>(to);
  data_ = static_cast<std::uint32_t>(data);
  lowest_ = std::min(lowest_, meta_);
  return 0;
}

int Packet::adjust_tail(std::int32_t delta) {
  if (!fragments_.empty()) {
    return delta < 0 ? shrink_fragments(-std::int64_t{delta}) : grow_fragment(delta);
  }
  const std::int64_t end = std::int64_t{end_} + delta;
  if (end > std::int64_t{parameters_.buffer_bytes} - parameters_.tailroom ||
      end < std::int64_t{data_} + kEthernetHeader) {
    return -EINVAL;
  }
  if (delta > 0) {
    std::memset(buffer_.data() + end_, 0, static_cast<std::size_t>(delta));
  }
  end_ = static_cast<std::uint32_t>(end);
  return 0;
}

// Only the last fragment grows, to the end of its page.
int Packet::grow_fragment(std::int32_t bytes) {
  const std::size_t last = (fragments_.size() - 1) % kFragmentBytes + 1;
  if (static_cast<std::size_t>(bytes) > kFragmentBytes - last) {
    return -EINVAL;
  }
  fragments_.resize(fragments_.size() + static_cast<std::size_t>(bytes));
  return 0;
}

// From the last fragment on, then of the linear part.
int Packet::shrink_fragments(std::int64_t bytes) {
  if (bytes > std::int64_t{length()} - kEthernetHeader) {
    return -EINVAL;
  }
  const std::size_t here = std::min(fragments_.size(), static_cast<std::size_t>(bytes));
  fragments_.resize(fragments_.size() - here);
  end_ -= static_cast<std::uint32_t>(static_cast<std::size_t>(bytes) - here);
  return 0;
}

int Packet::adjust_meta(std::int32_t delta) {
  const std::int64_t meta = std::int64_t{meta_} + delta;
  const std::int64_t metadata = std::int64_t{data_} - meta;
  if (meta < kXdpFrame || metadata < 0) {
    return -EINVAL;
  }
  if (metadata % 4 != 0 || metadata > kMaxMeta) {
    return -EACCES;
  }
  meta_ = static_cast<std::uint32_t>(meta);
  lowest_ = std::min(lowest_, meta_);
  return 0;
}

int Packet::load(std::uint32_t offset, std::uint8_t* to, std::uint32_t bytes) const {
  if (offset > 0xffff || bytes > 0xffff) {
    return -EFAULT;
  }
  if (offset + bytes > length()) {
    return type_ == ProgramType::xdp ? -EINVAL : -EFAULT;
  }
  const std::uint32_t linear = end_ - data_;
  const std::uint32_t here = offset >= linear ? 0 : std::min(bytes, linear - offset);
  std::memcpy(to, buffer_.data() + data_ + offset, here);
  if (here < bytes) {
    std::memcpy(to + here, fragments_.data() + (offset + here - linear), bytes - here);
  }
  return 0;
}

int Packet::store(std::uint32_t offset, const std::uint8_t* from, std::uint32_t bytes) {
  if (offset > 0xffff || bytes > 0xffff) {
    return -EFAULT;
  }
  if (offset + bytes > length()) {
    return type_ == ProgramType::xdp ? -EINVAL : -EFAULT;
  }
  const std::uint32_t linear = end_ - data_;
  const std::uint32_t here = offset >= linear ? 0 : std::min(bytes, linear - offset);
  std::memcpy(buffer_.data() + data_ + offset, from, here);
  if (here < bytes) {
    std::memcpy(fragments_.data() + (offset + here - linear), from + here, bytes - here);
  }
  return 0;
}

}  // namespace ringbed::ebpf
