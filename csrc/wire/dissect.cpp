// The walk over a frame: what dissectors book becomes layers, problems, payload, trailer, verdict.
#include "wire/dissect.hpp"

#include <algorithm>

#include "wire/walk.hpp"

namespace ringbed::wire {

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::ok: return "ok";
    case Verdict::incomplete: return "incomplete";
    case Verdict::malformed: return "malformed";
  }
  return "malformed";
}

bool Dissection::has(Reason rule) const noexcept {
  return std::any_of(problems().begin(), problems().end(),
                     [rule](const Problem& problem) { return problem.rule == rule; });
}

Walk::Walk(Extent frame, Dissection& into) noexcept
    : rest_(frame), into_(into), end_(frame.on_wire) {
  into_.layer_count = 0;
  into_.problem_count = 0;
  into_.wire_length = static_cast<std::uint32_t>(frame.on_wire);
  into_.captured = static_cast<std::uint32_t>(frame.bytes.size());
}

std::size_t Walk::layers_of_this_protocol() const noexcept {
  const auto layers = into_.layers();
  return static_cast<std::size_t>(
      std::count_if(layers.begin(), layers.end(),
                    [this](const Layer& layer) { return layer.protocol == protocol_; }));
}

void Walk::layer(std::size_t length, Checksum checksum) noexcept {
  // The limits on VLAN tags and extension headers keep every chain below kMaxLayers.
  assert(into_.layer_count < Dissection::kMaxLayers);
  into_.layer_rows[into_.layer_count++] = {static_cast<std::uint8_t>(protocol_), checksum, false,
                                           static_cast<std::uint32_t>(offset_),
                                           static_cast<std::uint32_t>(length)};
}

void Walk::presume_length() noexcept {
  into_.layer_rows[into_.layer_count - 1U].length_presumed = true;
  unsummed_ = true;
}

void Walk::problem(Reason rule, std::size_t layer, std::size_t offset) noexcept {
  if (into_.problem_count < Dissection::kMaxProblems) {
    into_.problem_rows[into_.problem_count++] = {rule, static_cast<std::uint8_t>(layer),
                                                 static_cast<std::uint32_t>(offset)};
  }
}

void Walk::fault(Reason rule, std::size_t offset) noexcept {
  problem(rule, into_.layer_count - 1U, offset_ + offset);
}

void Walk::refuse(Reason rule, std::size_t offset, std::size_t readable_bytes) noexcept {
  if (rule == Reason::capture_truncated && into_.captured == into_.wire_length) {
    rule = Reason::ip_fragment;  // the missing bytes are in another fragment
  }
  problem(rule, into_.layer_count, offset_ + offset);
  if (readable_bytes > 0) {
    layer(readable_bytes);
    offset_ += readable_bytes;
    rest_ = rest_.after(readable_bytes);
  }
  next_ = {};
}

void Walk::next(Key key, std::size_t header_bytes, Extent payload) noexcept {
  offset_ += header_bytes;
  end_ = std::min(end_, offset_ + payload.on_wire);
  rest_ = unjudged_ ? Extent{payload.bytes, kUnknownLength} : payload;
  next_ = key;
}

void Walk::enter_network(Key::Space space, PartialSum source, PartialSum destination) noexcept {
  network_ = space;
  source_ = source;
  destination_ = destination;
  destination_known_ = true;
}

PartialSum Walk::pseudo(std::uint8_t protocol, std::size_t length) const noexcept {
  PartialSum total = source_;
  total.add(destination_);
  total.add_word(protocol);
  total.add_word(static_cast<std::uint16_t>(length >> 16 & 0xffff));
  total.add_word(static_cast<std::uint16_t>(length & 0xffff));
  return total;
}

void Walk::step(std::size_t protocol) noexcept {
  protocol_ = protocol;
  next_ = {};
  protocols()[protocol].dissect(*this);
}

void Walk::run(Key first) noexcept {
  next_ = first;
  for (auto row = find_protocol(next_); row.has_value(); row = find_protocol(next_)) {
    step(*row);
  }
  finish();
}

void Walk::finish() noexcept {
  const std::size_t captured = into_.captured;
  const std::size_t payload_end = std::min(end_, captured);
  into_.payload_offset = static_cast<std::uint32_t>(std::min(offset_, payload_end));
  into_.payload_length = static_cast<std::uint32_t>(payload_end) - into_.payload_offset;
  into_.trailer_offset = static_cast<std::uint32_t>(payload_end);
  if (captured < into_.wire_length && !into_.has(Reason::capture_truncated)) {
    problem(Reason::capture_truncated, Dissection::kMaxLayers, captured);  // of the last one
  }
  // What broke the rule of a layer that nothing is left of is seen on the last one that is there.
  const std::size_t printed = into_.layer_count + (into_.payload_length > 0 ? 1U : 0U);
  for (std::size_t i = 0; i < into_.problem_count; ++i) {
    std::uint8_t& layer = into_.problem_rows[i].layer;
    layer = static_cast<std::uint8_t>(std::min<std::size_t>(layer, printed == 0 ? 0 : printed - 1));
  }
  into_.verdict = Verdict::ok;
  for (const Problem& found : into_.problems()) {
    if (found.rule != Reason::capture_truncated && found.rule != Reason::ip_fragment) {
      into_.verdict = Verdict::malformed;
      return;
    }
    into_.verdict = Verdict::incomplete;
  }
}

bool has_dissector(std::uint16_t link_type) noexcept {
  return link_type::is_raw_ip(link_type) || find_protocol(Key{Key::Space::link, link_type});
}

void dissect(ByteView captured, std::uint32_t wire_length, Dissection& into,
             std::uint16_t link_type) noexcept {
  Key first{Key::Space::link, link_type};
  if (link_type::is_raw_ip(link_type)) {
    const bool v6 = !captured.empty() && captured[0] >> 4 == 6;
    first = {Key::Space::ethertype, v6 ? ethertype::kIpv6 : ethertype::kIpv4};
  }
  Walk(Extent(captured, wire_length), into).run(first);
}

}  // namespace ringbed::wire
