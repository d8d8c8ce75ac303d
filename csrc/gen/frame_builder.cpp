#include "gen/frame_builder.hpp"

#include <algorithm>

#include "gen/stream_checks.hpp"

namespace ringbed::gen {

namespace {

// What a message carries where no program says otherwise: the published generator's values.
struct DefaultField {
  std::string_view field;
  std::string_view text;
  std::uint64_t number;
};
constexpr DefaultField kDefaults[] = {
    {"symbol", "AAPL", 0}, {"price", "", 9999}, {"quantity", "", 1000}};

std::string payload_names() {
  std::string names;
  for (const auto& row : feed::kPayloads) {
    names += std::string(row.name) + ", ";
  }
  return names + "random, zero, hex and text";
}

}  // namespace

base::Result<FrameBuilder> FrameBuilder::create(const StreamSpec& spec, std::uint64_t seed,
                                                OwnFields own) {
  const FrameShape shape(spec);
  auto message = message_of(spec);
  if (!message) {
    return message.error();
  }
  const auto needed = static_cast<std::uint32_t>(shape.payload_at + message.value().bytes.size());
  auto size =
      SizeProgram::create(spec.payload.size, needed, shape.largest_frame(), seed, spec.name);
  if (!size) {
    return size.error();
  }
  FrameBuilder builder(spec, seed, std::move(size).value());
  const bool fixed = builder.size_.fixed();
  builder.random_payload_ = spec.payload.kind == "random";
  builder.data_ =
      FrameTemplate(spec, shape, message.value().bytes, fixed ? builder.size_.min() : 0);
  builder.control_ = FrameTemplate(spec, shape, {}, shape.payload_at);
  builder.control_bytes_ = std::max<std::uint32_t>(shape.payload_at, FrameTemplate::kMinFrameBytes);
  if (auto status = builder.add_header_programs(spec, seed); !status) {
    return status.error();
  }
  if (auto status = builder.add_payload_programs(spec, message.value(), seed); !status) {
    return status.error();
  }
  builder.claim(own);
  builder.data_.seal();
  builder.control_.seal();
  return builder;
}

base::Result<FrameBuilder::Message> FrameBuilder::message_of(const StreamSpec& spec) {
  const PayloadSpec& payload = spec.payload;
  Message message;
  if (const auto row = feed::find_payload(payload.kind)) {
    message.row = &feed::kPayloads[*row];
    message.bytes.resize(message.row->bytes);
  } else if (payload.kind == "hex" || payload.kind == "text") {
    message.bytes = payload.data;
  } else if (payload.kind != "random" && payload.kind != "zero" && !payload.kind.empty()) {
    return invalid("traffic." + spec.name + ".payload.kind", "no payload `" + payload.kind + "`",
                   "there are " + payload_names());
  }
  if (message.row == nullptr && !payload.fields.empty()) {
    return invalid("traffic." + spec.name + ".payload",
                   "a payload of kind `" + payload.kind + "` has no field `" +
                       payload.fields.front().field + "`",
                   "remove it, or use a payload with fields: " + payload_names());
  }
  return message;
}

bool FrameBuilder::programmed(const Slot& slot) const noexcept {
  return std::ranges::any_of(set_by_program_, [&](const Slot& other) {
    return other.at == slot.at && other.shift == slot.shift;
  });
}

void FrameBuilder::add_step(std::vector<Step>& steps, const FieldPlace& place, FieldProgram program,
                            bool payload) {
  Slot slot = place.slot;
  set_by_program_.push_back(slot);
  if (place.field->bits > 64 && !program.wide()) {  // counts in the last 64 bits
    slot.keep_last_word();
  }
  if (program.fixed() && !slot.late && !program.wide()) {
    const std::uint64_t value = program.next();
    data_.fix(slot, value);
    if (!payload) {
      control_.fix(slot, value);
    }
    return;
  }
  data_.clear(slot);
  if (!payload) {
    control_.clear(slot);
  }
  (slot.late ? late_programs_ : steps).push_back({slot, std::move(program)});
}

base::Status FrameBuilder::add_header_programs(const StreamSpec& spec, std::uint64_t seed) {
  for (const FieldProgramSpec& field : spec.fields) {
    const std::string where = "traffic." + spec.name + ".fields." + field.field;
    const auto place = shape_.header_field(field.field, where);
    if (!place) {
      return place.error();
    }
    if (programmed(place.value().slot)) {
      return invalid(where, "the field has two programs", "keep one");
    }
    auto program = FieldProgram::create(field, *place.value().field, false, seed, spec.name);
    if (!program) {
      return program.error();
    }
    add_step(header_programs_, place.value(), std::move(program).value(), false);
  }
  const Slot network = shape_.slot(shape_.ipv6 ? "ipv6.payloadLength" : "ipv4.totalLength");
  const Slot transport = shape_.tcp ? Slot{} : shape_.slot("udp.length");
  data_.keep_lengths(!programmed(network), !programmed(transport));
  return {};
}

base::Status FrameBuilder::add_payload_programs(const StreamSpec& spec, const Message& message,
                                                std::uint64_t seed) {
  if (message.row == nullptr) {
    return {};
  }
  const bool little = spec.payload.little_endian;
  const std::string where = "traffic." + spec.name + ".payload.";
  for (const FieldProgramSpec& field : spec.payload.fields) {
    const auto place = shape_.payload_field(*message.row, little, field.field, where + field.field);
    if (!place) {
      return place.error();
    }
    if (programmed(place.value().slot)) {
      return invalid(where + field.field, "the field has two programs", "keep one");
    }
    auto program = FieldProgram::create(field, *place.value().field,
                                        place.value().slot.little_endian, seed, spec.name);
    if (!program) {
      return program.error();
    }
    add_step(payload_programs_, place.value(), std::move(program).value(), true);
  }
  for (const wire::FieldSpec& field : message.row->fields) {
    const auto place = shape_.payload_field(*message.row, little, std::string(field.name), where);
    if (!place || programmed(place.value().slot)) {
      continue;
    }
    const Slot& slot = place.value().slot;
    if (field.name == "timestamp") {
      timestamp_ = slot;
    } else if (field.name == "clOrdId") {
      order_id_ = slot;
    }
    for (const DefaultField& row : kDefaults) {
      if (row.field == field.name) {
        const ValueSpec value{row.number, {row.text.begin(), row.text.end()}};
        if (const auto number = to_number(value, field, slot.little_endian, where)) {
          data_.fix(slot, number.value());
        }
      }
    }
  }
  return {};
}

// A program on one of the stream's own fields wins: the slot stays empty and writes nothing.
void FrameBuilder::claim(OwnFields own) {
  const auto take = [&](Slot& into, Slot slot) {
    if (programmed(slot)) {
      return;
    }
    if (slot.bytes == kWideBytes) {  // the last 64 bits of an IPv6 address
      slot.keep_last_word();
    }
    data_.clear(slot);
    control_.clear(slot);
    into = slot;
  };
  if (own.tuple) {
    take(source_port_, shape_.slot(shape_.tcp ? "tcp.srcPort" : "udp.srcPort"));
    take(source_address_, shape_.slot(shape_.ipv6 ? "ipv6.src" : "ipv4.src"));
  }
  if (own.tcp) {
    take(seq_, shape_.slot("tcp.seq"));
    take(ack_, shape_.slot("tcp.ack"));
    take(flags_, shape_.slot("tcp.flags"));
  }
}

// By value: the sums come and go in registers. Two words that were stored one by one and are then
// loaded as a vector (which compilers like to do) cost a stall.
template <FrameEdit::Covered kCovered>
FrameEdit::Sums FrameBuilder::write(std::vector<Step>& steps, std::uint8_t* frame,
                                    FrameEdit::Sums sums) noexcept {
  FrameEdit edit(frame, sums.network, sums.transport);
  for (Step& step : steps) {
    step.program.template apply<kCovered>(step.slot, edit);
  }
  return edit.sums();
}
template FrameEdit::Sums FrameBuilder::write<FrameEdit::Covered::by_both>(std::vector<Step>&,
                                                                          std::uint8_t*,
                                                                          FrameEdit::Sums) noexcept;
template FrameEdit::Sums FrameBuilder::write<FrameEdit::Covered::by_transport>(
    std::vector<Step>&, std::uint8_t*, FrameEdit::Sums) noexcept;

// Sixteen hexadecimal digits that count the stream's orders: unique and readable.
void FrameBuilder::write_order_id(FrameEdit& edit) noexcept {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::array<std::uint8_t, kWideBytes> id;
  std::uint64_t number = orders_++;
  for (std::size_t i = id.size(); i > 0; --i, number >>= 4) {
    id[i - 1] = static_cast<std::uint8_t>(kDigits[number & 15]);
  }
  edit.set_wide(order_id_, id.data());
}

void FrameBuilder::fill_random(FrameEdit& edit, std::uint32_t length) noexcept {
  std::uint8_t* to = edit.frame() + shape_.payload_at;
  const std::size_t count = length - shape_.payload_at;
  std::size_t at = 0;
  for (; at + 8 <= count; at += 8) {
    base::store_le(to + at, random_.next());
  }
  if (at < count) {
    std::array<std::uint8_t, 8> rest;
    base::store_le(rest.data(), random_.next());
    std::copy_n(rest.begin(), count - at, to + at);
  }
  edit.transport().add(wire::sum({to, count}));
}

std::optional<FrameImage> FrameBuilder::image() const {
  if (!size_.fixed()) {
    return std::nullopt;
  }
  FrameImage image = data_.image(min_length());
  const auto vary = [&](const Slot& slot) {
    std::fill_n(image.varies.begin() + slot.at, slot.bytes, true);
  };
  for (const auto* steps : {&header_programs_, &payload_programs_, &late_programs_}) {
    for (const Step& step : *steps) {
      vary(step.slot);
    }
  }
  for (const Slot* slot :
       {&timestamp_, &order_id_, &source_port_, &source_address_, &seq_, &ack_, &flags_}) {
    vary(*slot);
  }
  if (random_payload_) {
    std::fill(image.varies.begin() + shape_.payload_at, image.varies.end(), true);
  }
  return image;
}

std::uint32_t FrameBuilder::min_length() const noexcept {
  return std::max(size_.min(), FrameTemplate::kMinFrameBytes);
}

std::uint32_t FrameBuilder::max_length() const noexcept {
  return std::max(size_.max(), FrameTemplate::kMinFrameBytes);
}

std::size_t FrameBuilder::memory_bytes() const noexcept {
  std::size_t bytes = data_.memory_bytes() + control_.memory_bytes() + size_.memory_bytes();
  for (const auto* steps : {&header_programs_, &payload_programs_, &late_programs_}) {
    for (const Step& step : *steps) {
      bytes += sizeof(Step) + step.program.memory_bytes();
    }
  }
  return bytes;
}

}  // namespace ringbed::gen
