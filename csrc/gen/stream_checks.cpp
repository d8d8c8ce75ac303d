#include "gen/stream_checks.hpp"

#include <cmath>

#include "wire/vlan.hpp"

namespace ringbed::gen {

base::Error invalid(const std::string& where, const std::string& what, const std::string& hint) {
  return {base::ErrorCode::invalid, where + ": " + what, hint};
}

base::Status check_weights(std::span<const double> weights, std::size_t count,
                           const std::string& where) {
  if (weights.size() != count) {
    return invalid(
        where, std::to_string(weights.size()) + " weights for " + std::to_string(count) + " values",
        "give every value one weight");
  }
  double total = 0.0;
  for (const double weight : weights) {
    if (!(weight >= 0.0) || !std::isfinite(weight)) {
      return invalid(where, "a weight is not a number of at least 0", "use for example 7, 4, 1");
    }
    total += weight;
  }
  if (!(total > 0.0) || !std::isfinite(total)) {
    return invalid(where, "the weights do not add up to a number above 0",
                   "give one of them a weight above 0");
  }
  return {};
}

base::Status check_stream(const StreamSpec& spec) {
  if (spec.name.empty()) {
    return invalid("traffic", "a stream has no name", "add `name:`, it names its random numbers");
  }
  const std::string where = "traffic." + spec.name;
  constexpr std::uint64_t kMaxNs = kNever / kPsPerNs / 4;
  if (spec.start_ns > kMaxNs || spec.stop_ns > kMaxNs) {
    return invalid(where, "start or stop is beyond 53 days", "use an earlier one");
  }
  if (spec.stop_ns != 0 && spec.stop_ns <= spec.start_ns) {
    return invalid(where, "it stops before it starts", "set `stop` later than `start`");
  }
  if (spec.kind == StreamSpec::Kind::replay) {
    return {};
  }
  if (spec.from.ip.size() != 4 && spec.from.ip.size() != 16) {
    return invalid(where + ".from", "the address is neither IPv4 nor IPv6",
                   "for example 10.0.0.1 or 2001:db8::1");
  }
  if (spec.from.ip.size() != spec.to.ip.size()) {
    return invalid(where, "`from` and `to` are not of the same address family",
                   "give both an IPv4 or both an IPv6 address");
  }
  if (spec.flows == 0) {
    return invalid(where + ".flows", "a stream has at least one flow", "use 1 or more");
  }
  if (spec.dscp > 63) {
    return invalid(where + ".dscp", "a DSCP has six bits", "use 0..63");
  }
  if (spec.vlans.size() > wire::Vlan::kMaxDepth) {
    return invalid(where + ".vlan", "more than " + std::to_string(wire::Vlan::kMaxDepth) + " tags",
                   "stack fewer");
  }
  for (const VlanSpec& vlan : spec.vlans) {
    if (vlan.vid > 4095 || vlan.pcp > 7 || !wire::is_vlan_type(vlan.tpid)) {
      return invalid(where + ".vlan", "a tag is out of range",
                     "vid 0..4095, pcp 0..7, tpid 0x8100, 0x88a8 or 0x9100");
    }
  }
  return {};
}

}  // namespace ringbed::gen
