// Distinct 5-tuples in turn: source ports first, from the stream's own port to 65535, then the next
// source address.
#pragma once

#include <cstdint>
#include <string>

#include "base/endian.hpp"
#include "base/result.hpp"
#include "gen/frame_builder.hpp"
#include "gen/stream_checks.hpp"
#include "gen/stream_spec.hpp"

namespace ringbed::gen {

class FlowTuples {
 public:
  // Port 0 in `from` stands for 1024.
  explicit FlowTuples(const EndpointSpec& from)
      : first_port_(from.port == 0 ? 1024 : from.port),
        first_address_(from.ip.size() == 4 ? base::load_be<std::uint32_t>(from.ip.data())
                                           : base::load_be<std::uint64_t>(from.ip.data() + 8)),
        addresses_left_(last_address(from) - first_address_),
        port_(first_port_),
        address_(first_address_) {}

  // Whether `count` tuples exist before the addresses run out.
  [[nodiscard]] base::Status check(std::uint64_t count, const std::string& where) const {
    if ((count - 1) / ports() > addresses_left_) {
      return invalid(where, std::to_string(count) + " source addresses and ports do not exist here",
                     "use fewer flows, a lower source port or a lower source address");
    }
    return {};
  }
  [[nodiscard]] std::uint64_t ports() const noexcept { return 65536U - first_port_; }

  // The current tuple's source port and (the last 64 bits of the) source address.
  [[nodiscard]] std::uint16_t port() const noexcept { return static_cast<std::uint16_t>(port_); }
  [[nodiscard]] std::uint64_t address() const noexcept { return address_; }
  void next() noexcept {
    if (++port_ == 65536U) {
      port_ = first_port_;
      ++address_;
    }
  }
  void restart() noexcept {
    port_ = first_port_;
    address_ = first_address_;
  }
  void write(const FrameBuilder& builder, FrameEdit& edit) const noexcept {
    write(builder, edit, port(), address_);
  }
  // A field that a program sets is not used here.
  static void write(const FrameBuilder& builder, FrameEdit& edit, std::uint16_t port,
                    std::uint64_t address) noexcept {
    if (builder.source_port().used()) [[likely]] {
      edit.put<FrameEdit::Covered::by_transport>(builder.source_port(), port);
    }
    if (builder.source_address().whole == 4) [[likely]] {
      edit.put(builder.source_address(), static_cast<std::uint32_t>(address));
    } else {
      edit.set(builder.source_address(), address);
    }
  }

 private:
  // Sources that count up end before the groups (RFC 5771), where they began before them.
  [[nodiscard]] std::uint64_t last_address(const EndpointSpec& from) const noexcept {
    constexpr std::uint32_t kLastUnicast = 0xdfff'ffff;
    if (from.ip.size() != 4) {
      return UINT64_MAX;
    }
    return first_address_ <= kLastUnicast ? kLastUnicast : UINT32_MAX;
  }

  std::uint32_t first_port_;
  std::uint64_t first_address_;
  std::uint64_t addresses_left_;
  std::uint32_t port_;
  std::uint64_t address_;
};

}  // namespace ringbed::gen
