// The protobuf wire format (protobuf.dev/programming-guides/encoding), as much of it as the
// engine's own messages need: a reader that never reads past its bytes and skips what it does not
// know, and a writer. Two hundred lines instead of a library that every user would have to install.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace ringbed::engine {

// Walks the fields of one message:  while (reader.next()) switch (reader.field()) { ... }
// After the loop ok() says whether the message was well-formed.
class ProtoReader {
 public:
  explicit ProtoReader(base::ByteView bytes) noexcept : bytes_(bytes) {}

  // Moves to the next field; false at the end, and on the first malformed byte.
  [[nodiscard]] bool next() noexcept {
    if (at_ == bytes_.size() || !ok_) {
      return false;
    }
    const std::uint64_t key = varint();
    field_ = static_cast<std::uint32_t>(key >> 3);
    wire_type_ = static_cast<std::uint8_t>(key & 7);
    switch (wire_type_) {
      case 0: number_ = varint(); break;
      case 1: number_ = fixed<std::uint64_t>(); break;
      case 2: chunk_ = take(varint()); break;
      case 5: number_ = fixed<std::uint32_t>(); break;
      default: ok_ = false;
    }
    ok_ = ok_ && field_ != 0;
    return ok_;
  }

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::uint32_t field() const noexcept { return field_; }

  // The current field's value; of another wire type than asked for: the message is malformed.
  [[nodiscard]] std::uint64_t u64() noexcept { return expect(0) ? number_ : 0; }
  [[nodiscard]] std::uint32_t u32() noexcept {
    const std::uint64_t value = u64();
    ok_ = ok_ && value <= UINT32_MAX;
    return static_cast<std::uint32_t>(value);
  }
  [[nodiscard]] bool boolean() noexcept { return u64() != 0; }
  [[nodiscard]] double real() noexcept { return expect(1) ? std::bit_cast<double>(number_) : 0.0; }
  [[nodiscard]] base::ByteView bytes() noexcept { return expect(2) ? chunk_ : base::ByteView{}; }
  [[nodiscard]] std::string text() noexcept {
    const base::ByteView view = bytes();
    return {reinterpret_cast<const char*>(view.data()), view.size()};
  }
  [[nodiscard]] ProtoReader message() noexcept { return ProtoReader(bytes()); }
  // An enumeration with `count` values from 0.
  template <typename E>
  [[nodiscard]] E enumeration(E last) noexcept {
    const std::uint64_t value = u64();
    ok_ = ok_ && value <= static_cast<std::uint64_t>(last);
    return ok_ ? static_cast<E>(value) : E{};
  }
  // Repeated numbers arrive packed or one by one; both are legal.
  template <typename Each>
  void numbers(Each each) noexcept {
    if (wire_type_ == 2) {
      ProtoReader packed(chunk_);
      while (packed.at_ < packed.bytes_.size() && packed.ok_) {
        each(packed.varint());
      }
      ok_ = ok_ && packed.ok_;
    } else {
      each(u64());
    }
  }
  template <typename Each>
  void reals(Each each) noexcept {
    if (wire_type_ == 2) {
      ProtoReader packed(chunk_);
      while (packed.at_ < packed.bytes_.size() && packed.ok_) {
        each(std::bit_cast<double>(packed.fixed<std::uint64_t>()));
      }
      ok_ = ok_ && packed.ok_;
    } else {
      each(real());
    }
  }
  // Marks the message as malformed: a nested one was.
  void fail() noexcept { ok_ = false; }

 private:
  [[nodiscard]] bool expect(std::uint8_t wire_type) noexcept {
    ok_ = ok_ && wire_type_ == wire_type;
    return ok_;
  }

  [[nodiscard]] std::uint64_t varint() noexcept {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == bytes_.size()) {
        break;
      }
      const std::uint8_t byte = bytes_[at_++];
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) {
        return value;
      }
    }
    ok_ = false;
    return 0;
  }

  template <std::unsigned_integral T>
  [[nodiscard]] T fixed() noexcept {
    const base::ByteView raw = take(sizeof(T));
    return ok_ ? base::load_le<T>(raw.data()) : T{0};
  }

  [[nodiscard]] base::ByteView take(std::uint64_t length) noexcept {
    if (!ok_ || length > bytes_.size() - at_) {
      ok_ = false;
      return {};
    }
    const base::ByteView chunk = bytes_.subspan(at_, static_cast<std::size_t>(length));
    at_ += static_cast<std::size_t>(length);
    return chunk;
  }

  base::ByteView bytes_;
  std::size_t at_ = 0;
  std::uint32_t field_ = 0;
  std::uint8_t wire_type_ = 0;
  std::uint64_t number_ = 0;
  base::ByteView chunk_;
  bool ok_ = true;
};

// Reads the nested message that `reader` stands on; malformed inside is malformed outside.
template <typename Into, typename Read>
void nested(ProtoReader& reader, Into& into, Read read_message) {
  ProtoReader message = reader.message();
  read_message(message, into);
  if (!message.ok()) {
    reader.fail();
  }
}

// Writes fields in the order of the calls; proto3 leaves out what equals the default.
class ProtoWriter {
 public:
  void u64(std::uint32_t field, std::uint64_t value) {
    if (value != 0) {
      key(field, 0);
      varint(value);
    }
  }
  void boolean(std::uint32_t field, bool value) { u64(field, value ? 1 : 0); }
  void real(std::uint32_t field, double value) {
    if (std::bit_cast<std::uint64_t>(value) != 0) {
      key(field, 1);
      const std::size_t at = bytes_.size();
      bytes_.resize(at + 8);
      base::store_le(&bytes_[at], std::bit_cast<std::uint64_t>(value));
    }
  }
  void text(std::uint32_t field, std::string_view value) {
    bytes(field, {reinterpret_cast<const std::uint8_t*>(value.data()), value.size()});
  }
  void bytes(std::uint32_t field, base::ByteView value) {
    if (!value.empty()) {
      chunk(field, value);
    }
  }
  // A nested message, written even when empty: in a repeated field it counts.
  void message(std::uint32_t field, const ProtoWriter& nested) { chunk(field, nested.bytes_); }

  [[nodiscard]] const std::vector<std::uint8_t>& data() const noexcept { return bytes_; }
  [[nodiscard]] std::vector<std::uint8_t> take() noexcept { return std::move(bytes_); }

 private:
  void key(std::uint32_t field, std::uint32_t wire_type) { varint(field << 3 | wire_type); }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<std::uint8_t>(value));
  }
  void chunk(std::uint32_t field, base::ByteView value) {
    key(field, 2);
    varint(value.size());
    bytes_.insert(bytes_.end(), value.begin(), value.end());
  }

  std::vector<std::uint8_t> bytes_;
};

}  // namespace ringbed::engine
