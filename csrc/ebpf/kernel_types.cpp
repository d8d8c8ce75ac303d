#include "ebpf/kernel_types.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>

#include "ebpf/fields.hpp"

namespace ringbed::ebpf {

namespace {

constexpr const char* kFile = "/sys/kernel/btf/vmlinux";
constexpr std::size_t kHeaderBytes = 12;  // of a type
constexpr unsigned kDeepest = 16;         // structures in structures

bool has_type(BtfKind kind) {
  switch (kind) {
    case BtfKind::typedef_:
    case BtfKind::volatile_:
    case BtfKind::const_:
    case BtfKind::restrict_:
    case BtfKind::type_tag: return true;
    default: return false;
  }
}

base::Error unreadable(const std::string& why) {
  return {base::ErrorCode::unavailable, std::string(kFile) + ": " + why,
          "boot a kernel that is built with CONFIG_DEBUG_INFO_BTF"};
}

}  // namespace

base::Result<KernelTypes> KernelTypes::load() {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(kFile, error);
  std::vector<std::uint8_t> bytes(error ? 0 : size);
  std::ifstream file(kFile, std::ios::binary);
  if (error || !file.read(reinterpret_cast<char*>(bytes.data()),
                          static_cast<std::streamsize>(bytes.size()))) {
    return unreadable("this kernel does not tell its types");
  }
  return parse(std::move(bytes));
}

base::Result<KernelTypes> KernelTypes::parse(std::vector<std::uint8_t> bytes) {
  KernelTypes made;
  made.bytes_ = std::move(bytes);
  if (!made.index()) {
    return unreadable("its types have a form that this ringbed does not know");
  }
  return made;
}

bool KernelTypes::index() {
  constexpr std::uint16_t kMagic = 0xeb9f;
  const std::size_t header = field<std::uint32_t>(bytes_, 4);
  types_at_ = header + field<std::uint32_t>(bytes_, 8);
  strings_at_ = header + field<std::uint32_t>(bytes_, 16);
  strings_bytes_ = field<std::uint32_t>(bytes_, 20);
  const auto types = range(bytes_, types_at_, field<std::uint32_t>(bytes_, 12));
  if (field<std::uint16_t>(bytes_, 0) != kMagic || !types ||
      !range(bytes_, strings_at_, strings_bytes_)) {
    return false;
  }
  at_.push_back(0);
  for (std::size_t at = 0; at < types->size();) {
    at_.push_back(static_cast<std::uint32_t>(at));
    const auto info = read_le<std::uint32_t>(*types, at + 4);
    if (!info) {
      return false;
    }
    at += kHeaderBytes + tail_bytes(static_cast<BtfKind>(*info >> 24 & 0x1f), *info & 0xffff);
    if (at > types->size()) {
      return false;
    }
  }
  return true;
}

std::string_view KernelTypes::text(std::uint32_t offset) const {
  if (offset >= strings_bytes_) {
    return {};
  }
  const auto* const from = reinterpret_cast<const char*>(bytes_.data() + strings_at_ + offset);
  return {from, strnlen(from, strings_bytes_ - offset)};
}

KernelTypes::Type KernelTypes::type(std::uint32_t id) const {
  if (id == 0 || id >= at_.size()) {
    return {BtfKind::none, {}, 0, false, 0, {}};
  }
  const base::ByteView whole = base::ByteView(bytes_).subspan(types_at_ + at_[id]);
  const auto info = field<std::uint32_t>(whole, 4);
  const auto kind = static_cast<BtfKind>(info >> 24 & 0x1f);
  const std::uint32_t members = info & 0xffff;
  return {kind,
          text(field<std::uint32_t>(whole, 0)),
          members,
          info >> 31 != 0,
          field<std::uint32_t>(whole, 8),
          whole.subspan(kHeaderBytes, static_cast<std::size_t>(tail_bytes(kind, members)))};
}

std::optional<std::uint32_t> KernelTypes::find(BtfKind kind, std::string_view name) const {
  for (std::uint32_t id = 1; id < at_.size(); ++id) {
    const base::ByteView whole = base::ByteView(bytes_).subspan(types_at_ + at_[id]);
    if (static_cast<BtfKind>(field<std::uint32_t>(whole, 4) >> 24 & 0x1f) == kind &&
        text(field<std::uint32_t>(whole, 0)) == name) {
      return id;
    }
  }
  return std::nullopt;
}

std::vector<std::uint32_t> KernelTypes::named(std::string_view name) const {
  std::vector<std::uint32_t> ids;
  for (std::uint32_t id = 1; id < at_.size(); ++id) {
    const auto offset = field<std::uint32_t>(bytes_, types_at_ + at_[id]);
    if (offset != 0 && essential_name(text(offset)) == name) {
      ids.push_back(id);
    }
  }
  return ids;
}

std::optional<BtfType> KernelTypes::read(std::uint32_t id) const {
  if (id == 0 || id >= at_.size()) {
    return std::nullopt;
  }
  const base::ByteView whole(bytes_);
  return parse_type(whole.subspan(types_at_ + at_[id]), whole.subspan(strings_at_, strings_bytes_));
}

std::uint32_t KernelTypes::strip(std::uint32_t id, bool pointers) const {
  for (unsigned depth = 0; depth < kDeepest; ++depth) {
    const Type here = type(id);
    if (!has_type(here.kind) && !(pointers && here.kind == BtfKind::pointer)) {
      break;
    }
    id = here.last;
  }
  return id;
}

std::optional<KernelTypes::Place> KernelTypes::member(std::uint32_t id, std::string_view name,
                                                      unsigned depth) const {
  const Type whole = type(strip(id, false));
  if (depth == kDeepest || (whole.kind != BtfKind::structure && whole.kind != BtfKind::union_)) {
    return std::nullopt;
  }
  for (std::uint32_t i = 0; i < whole.members; ++i) {
    const std::size_t at = std::size_t{i} * 12;
    const std::uint32_t of = field<std::uint32_t>(whole.tail, at + 4);
    const std::uint32_t stands = field<std::uint32_t>(whole.tail, at + 8);
    const std::uint32_t bits = whole.bit_fields ? stands & 0xffffff : stands;
    const std::string_view called = text(field<std::uint32_t>(whole.tail, at));
    if (called == name) {
      return Place{of, bits};
    }
    if (called.empty()) {
      if (auto inner = member(of, name, depth + 1)) {
        return Place{inner->type, bits + inner->bits};
      }
    }
  }
  return std::nullopt;
}

std::optional<std::uint32_t> KernelTypes::offset_of(
    std::string_view name, std::initializer_list<std::string_view> path) const {
  const auto structure = find(BtfKind::structure, name);
  if (!structure) {
    return std::nullopt;
  }
  Place place{*structure, 0};
  for (const std::string_view step : path) {
    const auto next = member(place.type, step, 0);
    if (!next) {
      return std::nullopt;
    }
    place = {next->type, place.bits + next->bits};
  }
  return place.bits / 8;
}

std::vector<KernelTypes::Enumerator> KernelTypes::enumerators(std::string_view name) const {
  std::vector<Enumerator> rows;
  if (const auto id = find(BtfKind::enumeration, name)) {
    const Type whole = type(*id);
    for (std::uint32_t i = 0; i < whole.members; ++i) {
      rows.push_back({text(field<std::uint32_t>(whole.tail, std::size_t{i} * 8)),
                      field<std::uint32_t>(whole.tail, std::size_t{i} * 8 + 4)});
    }
  }
  return rows;
}

// The kernel declares  typedef void (*btf_trace_NAME)(void *, the tracepoint's own parameters).
std::vector<std::string_view> KernelTypes::tracepoint(std::string_view name) const {
  std::vector<std::string_view> types;
  const auto id = find(BtfKind::typedef_, "btf_trace_" + std::string(name));
  if (!id) {
    return types;
  }
  const Type prototype = type(strip(*id, true));
  for (std::uint32_t i = 1; prototype.kind == BtfKind::prototype && i < prototype.members; ++i) {
    const Type of = type(strip(field<std::uint32_t>(prototype.tail, std::size_t{i} * 8 + 4), true));
    types.push_back(of.kind == BtfKind::integer ? std::string_view() : of.name);
  }
  return types;
}

}  // namespace ringbed::ebpf
