#include "gen/field_program.hpp"

#include <algorithm>
#include <cmath>

#include "gen/stream_checks.hpp"

namespace ringbed::gen {

namespace {

std::size_t bytes_of(const wire::FieldSpec& field) { return (field.bits + 7U) / 8U; }

// The value's bytes, padded by the field's own rule. Errors: invalid.
base::Result<std::vector<std::uint8_t>> padded(const ValueSpec& value, const wire::FieldSpec& field,
                                               const std::string& where) {
  std::vector<std::uint8_t> bytes = value.data;
  const std::size_t room = bytes_of(field);
  const bool pads = field.type == wire::FieldType::ascii || field.type == wire::FieldType::bytes;
  if (bytes.size() > room || (bytes.size() < room && !pads)) {
    return invalid(where, "a value has " + std::to_string(bytes.size()) + " bytes",
                   "the field takes " + std::string(pads ? "at most " : "") + std::to_string(room));
  }
  bytes.resize(room, field.type == wire::FieldType::ascii ? ' ' : 0);
  return bytes;
}

}  // namespace

std::uint64_t largest_value(const wire::FieldSpec& field) noexcept {
  return field.bits >= 64 ? UINT64_MAX : ((1ULL << field.bits) - 1) * field.unit;
}

base::Result<std::uint64_t> to_number(const ValueSpec& value, const wire::FieldSpec& field,
                                      bool little_endian, const std::string& where) {
  if (value.data.empty()) {
    if (value.number > largest_value(field)) {
      return invalid(where, std::to_string(value.number) + " does not fit",
                     "the field takes 0.." + std::to_string(largest_value(field)));
    }
    return value.number;
  }
  auto bytes = padded(value, field, where);
  if (!bytes) {
    return bytes.error();
  }
  if (little_endian) {
    std::ranges::reverse(bytes.value());
  }
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes.value()) {
    number = number << 8 | byte;
  }
  if (number > largest_value(field)) {
    return invalid(where,
                   "a value has more than the field's " + std::to_string(field.bits) + " bits",
                   "the field takes 0.." + std::to_string(largest_value(field)));
  }
  return number;
}

base::Result<FieldProgram> FieldProgram::create(const FieldProgramSpec& spec,
                                                const wire::FieldSpec& field, bool little_endian,
                                                std::uint64_t seed, const std::string& stream) {
  const std::string where = "traffic." + stream + "." + spec.field;
  FieldProgram program(seed, stream, spec.field);
  program.kind_ = spec.kind;
  base::Status status;
  switch (spec.kind) {
    case Kind::list: status = program.take_values(spec, field, little_endian, where); break;
    case Kind::choice:
      status = program.take_values(spec, field, little_endian, where);
      if (status) {
        status = check_weights(spec.weights, spec.values.size(), where);
      }
      if (status) {
        program.table_ = AliasTable(spec.weights);
      }
      break;
    case Kind::zipf:
      if (!(spec.exponent >= 0.0 && spec.exponent <= 20.0)) {
        return invalid(where, "the exponent of a Zipf law must be 0..20", "1 is the classic one");
      }
      if (!spec.values.empty()) {
        status = program.take_values(spec, field, little_endian, where);
        if (status) {
          program.table_ = AliasTable::zipf(spec.values.size(), spec.exponent);
        }
        break;
      }
      status = program.take_range(spec, field, where);
      if (status && spec.max - spec.min >= kMaxZipfRange) {
        return invalid(where, "a Zipf law over more than 1,000,000 values", "use a smaller range");
      }
      if (status) {
        program.table_ = AliasTable::zipf(spec.max - spec.min + 1, spec.exponent);
      }
      break;
    case Kind::walk:
      if (!(spec.sigma >= 0.0 && std::isfinite(spec.sigma)) || spec.max > 1ULL << 52 ||
          spec.start < spec.min || spec.start > spec.max) {
        return invalid(where, "a walk needs min <= start <= max <= 2^52 and sigma >= 0",
                       "for example walk: { start: 10000, sigma: 5, min: 9000, max: 11000 }");
      }
      program.walk_ = static_cast<double>(spec.start - spec.min);
      program.width_ = static_cast<double>(spec.max - spec.min);
      program.sigma_ = spec.sigma;
      status = program.take_range(spec, field, where);
      break;
    case Kind::increment:
      if (spec.step == 0) {
        return invalid(where, "a step of 0 does not increment", "use 1 or more");
      }
      program.step_ = spec.step;
      status = program.take_range(spec, field, where);
      program.position_ = spec.min;
      break;
    case Kind::uniform: status = program.take_range(spec, field, where); break;
  }
  if (!status) {
    return status.error();
  }
  return program;
}

base::Status FieldProgram::take_values(const FieldProgramSpec& spec, const wire::FieldSpec& field,
                                       bool little_endian, const std::string& where) {
  if (spec.values.empty()) {
    return invalid(where, "no value to take", "name at least one");
  }
  for (const ValueSpec& value : spec.values) {
    if (field.bits <= 64) {
      auto number = to_number(value, field, little_endian, where);
      if (!number) {
        return number.error();
      }
      values_.push_back(number.value());
      continue;
    }
    auto bytes = padded(value, field, where);
    if (!bytes) {
      return bytes.error();
    }
    values_.push_back(wide_.size());
    std::ranges::copy(bytes.value(), wide_.emplace_back().begin());
  }
  return {};
}

base::Status FieldProgram::take_range(const FieldProgramSpec& spec, const wire::FieldSpec& field,
                                      const std::string& where) {
  if (spec.min > spec.max) {
    return invalid(
        where,
        "the range " + std::to_string(spec.min) + ".." + std::to_string(spec.max) + " is empty",
        "exchange its ends");
  }
  if (spec.max > largest_value(field)) {
    return invalid(where, std::to_string(spec.max) + " does not fit",
                   "the field takes 0.." + std::to_string(largest_value(field)));
  }
  min_ = spec.min;
  max_ = spec.max;
  return {};
}

void FieldProgram::draw() noexcept {
  taken_ = 0;
  base::Random random = random_;  // a copy stays in registers: no store into ahead_ can be its own
  switch (kind_) {
    case Kind::list:
      fill([&] {
        const std::uint64_t value = values_[position_];
        position_ = position_ + 1 == values_.size() ? 0 : position_ + 1;
        return value;
      });
      break;
    case Kind::increment:
      fill([&] {
        const std::uint64_t value = position_;
        position_ = max_ - position_ < step_ ? min_ : position_ + step_;
        return value;
      });
      break;
    case Kind::uniform:
      fill([&, low = min_, high = max_] { return random.between(low, high); });
      break;
    case Kind::zipf:
    case Kind::choice:
      fill([&] {
        const std::uint32_t index = table_.draw(random);
        return values_.empty() ? min_ + index : values_[index];
      });
      break;
    case Kind::walk: fill([&] { return walk(random); }); break;
  }
  random_ = random;
}

// Reflection folds the line at both ends: positions repeat with twice the width.
void FieldProgram::reflect() noexcept {
  const double period = 2.0 * width_;
  if (period == 0.0) {
    walk_ = 0.0;
    return;
  }
  walk_ -= std::floor(walk_ / period) * period;
  walk_ = walk_ > width_ ? period - walk_ : walk_;
  walk_ = std::clamp(walk_, 0.0, width_);
}

}  // namespace ringbed::gen
