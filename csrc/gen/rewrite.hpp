// Replaces header fields of captured frames and mends the checksums by difference (RFC 1624), so
// that one that was right stays right, one that was wrong stays exactly as wrong, and a UDP
// checksum that was not computed stays so.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "gen/slot.hpp"
#include "gen/stream_spec.hpp"
#include "wire/field.hpp"

namespace ringbed::gen {

class Rewriter {
 public:
  Rewriter() = default;
  // Errors: invalid (unknown field, a value that does not fit).
  [[nodiscard]] static base::Result<Rewriter> create(std::span<const RewriteSpec> rules,
                                                     const std::string& stream);

  // Applies the rules in order; a later rule sees what an earlier one wrote. `frame` is what was
  // captured of an Ethernet frame of `wire_length` bytes; headers that are not there or are broken
  // are left alone. No allocation.
  void apply(base::MutableBytes frame, std::uint32_t wire_length) const noexcept;

  [[nodiscard]] bool empty() const noexcept { return rules_.empty(); }
  [[nodiscard]] std::size_t memory_bytes() const noexcept { return rules_.size() * sizeof(Rule); }

 private:
  enum class Layer : std::uint8_t { ethernet, vlan, ipv4, ipv6, udp, tcp };
  struct Rule {
    Layer layer = Layer::ethernet;
    const wire::FieldSpec* field = nullptr;
    bool any = true;
    bool source = false;                                // part of the transport's pseudo header
    bool destination = false;                           // likewise
    bool checksum = false;                              // the rule sets it: nothing to mend
    std::array<std::uint8_t, kWideBytes> from_bytes{};  // fields over 64 bits
    std::array<std::uint8_t, kWideBytes> to_bytes{};
    std::uint64_t from = 0;
    std::uint64_t to = 0;
  };
  struct Headers;

  [[nodiscard]] static base::Result<Rule> rule_of(const RewriteSpec& spec,
                                                  const std::string& stream);
  static void apply_rule(const Rule& rule, base::MutableBytes frame,
                         const Headers& headers) noexcept;

  std::vector<Rule> rules_;
};

}  // namespace ringbed::gen
