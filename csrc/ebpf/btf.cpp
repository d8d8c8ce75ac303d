#include "ebpf/btf.hpp"

#include <algorithm>

#include "ebpf/elf.hpp"
#include "ebpf/fields.hpp"

namespace ringbed::ebpf {

namespace {

constexpr std::uint16_t kMagic = 0xeb9f;
constexpr unsigned kDeepest = 32;  // typedefs of typedefs: a cycle ends there

// Source lines are shown in messages, and the object may be anybody's: no control character of
// theirs reaches a terminal.
std::string printable(std::string text) {
  for (char& c : text) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) c = '?';
  }
  return text;
}

}  // namespace

std::uint64_t tail_bytes(BtfKind kind, std::uint32_t members) {
  switch (kind) {
    case BtfKind::integer:
    case BtfKind::variable:
    case BtfKind::decl_tag: return 4;
    case BtfKind::array: return 12;
    case BtfKind::structure:
    case BtfKind::union_:
    case BtfKind::section:
    case BtfKind::enum64: return std::uint64_t{members} * 12;
    case BtfKind::enumeration:
    case BtfKind::prototype: return std::uint64_t{members} * 8;
    default: return 0;
  }
}

base::Result<Btf> Btf::parse(base::ByteView bytes, const std::string& section) {
  const auto header = field<std::uint32_t>(bytes, 4);
  const auto types = range(bytes, std::uint64_t{header} + field<std::uint32_t>(bytes, 8),
                           field<std::uint32_t>(bytes, 12));
  const auto strings = range(bytes, std::uint64_t{header} + field<std::uint32_t>(bytes, 16),
                             field<std::uint32_t>(bytes, 20));
  if (bytes.size() < 24 || field<std::uint16_t>(bytes, 0) != kMagic || !types || !strings) {
    return section_error(section, "has a broken header");
  }
  Btf btf;
  btf.strings_ = *strings;
  btf.types_.emplace_back();
  for (std::uint64_t at = 0; at < types->size();) {
    const auto fault = [&](const char* what) {
      return section_error(section, "type " + std::to_string(btf.types_.size()) + ": " + what);
    };
    const auto info = read_le<std::uint32_t>(*types, at + 4);
    const auto last = read_le<std::uint32_t>(*types, at + 8);
    if (!info || !last) return fault("is cut off");
    const auto kind = static_cast<BtfKind>(*info >> 24 & 0x1f);
    const std::uint32_t members = *info & 0xffff;
    if (kind == BtfKind::none || kind > BtfKind::enum64) return fault("has an unknown kind");
    const auto tail = range(*types, at + 12, tail_bytes(kind, members));
    const auto name = read_string(*strings, field<std::uint32_t>(*types, at));
    if (!tail) return fault("is cut off");
    if (!name) return fault("has a name outside the strings");
    BtfType type{.kind = kind, .name = *name, .size = *last, .type = *last};
    // A structure with bit fields keeps their widths in the offsets' upper bytes.
    const bool has_bit_fields = (*info >> 31) != 0;
    if (kind == BtfKind::integer) {
      type.is_signed = (field<std::uint32_t>(*tail, 0) >> 24 & 1) != 0;
    } else if (kind == BtfKind::array) {
      type.type = field<std::uint32_t>(*tail, 0);
      type.count = field<std::uint32_t>(*tail, 8);
    } else if (kind == BtfKind::section || kind == BtfKind::structure || kind == BtfKind::union_) {
      for (std::uint64_t member = 0; member < tail->size(); member += 12) {
        BtfMember each;
        if (kind == BtfKind::section) {
          each = {.type = field<std::uint32_t>(*tail, member),
                  .offset = field<std::uint32_t>(*tail, member + 4),
                  .size = field<std::uint32_t>(*tail, member + 8)};
        } else {
          const auto label = read_string(*strings, field<std::uint32_t>(*tail, member));
          if (!label) return fault("has a member's name outside the strings");
          each = {.name = *label,
                  .type = field<std::uint32_t>(*tail, member + 4),
                  .offset = field<std::uint32_t>(*tail, member + 8)};
          if (has_bit_fields && kind != BtfKind::section) {
            each.bits = each.offset >> 24;
            each.offset &= 0xff'ffff;
          }
        }
        type.members.push_back(std::move(each));
      }
    }
    btf.types_.push_back(std::move(type));
    at += 12 + tail->size();
  }
  return btf;
}

const BtfType* Btf::type(std::uint32_t id) const {
  return id < types_.size() ? &types_[id] : nullptr;
}

const BtfType* Btf::resolve(std::uint32_t id) const {
  for (unsigned depth = 0; depth < kDeepest; ++depth) {
    const BtfType* found = type(id);
    if (found == nullptr) return nullptr;
    switch (found->kind) {
      case BtfKind::typedef_:
      case BtfKind::volatile_:
      case BtfKind::const_:
      case BtfKind::restrict_:
      case BtfKind::type_tag: id = found->type; break;
      default: return found;
    }
  }
  return nullptr;
}

std::optional<std::uint32_t> Btf::size_of(std::uint32_t id) const {
  std::uint64_t factor = 1;
  for (unsigned depth = 0; depth < kDeepest; ++depth) {
    const BtfType* found = resolve(id);
    if (found == nullptr) return std::nullopt;
    std::uint64_t bytes = 0;
    switch (found->kind) {
      case BtfKind::array:
        factor *= found->count;
        if (factor > 0x7fff'ffff) return std::nullopt;
        id = found->type;
        continue;
      case BtfKind::pointer: bytes = 8; break;
      case BtfKind::integer:
      case BtfKind::structure:
      case BtfKind::union_:
      case BtfKind::enumeration:
      case BtfKind::enum64:
      case BtfKind::float_: bytes = found->size; break;
      default: return std::nullopt;
    }
    return factor * bytes > 0x7fff'ffff ? std::nullopt
                                        : std::optional(static_cast<std::uint32_t>(factor * bytes));
  }
  return std::nullopt;
}

const BtfType* Btf::find_section(const std::string& name) const {
  for (const BtfType& type : types_) {
    if (type.kind == BtfKind::section && type.name == name) return &type;
  }
  return nullptr;
}

std::optional<std::string> Btf::string(std::uint32_t offset) const {
  return read_string(strings_, offset);
}

base::Result<std::vector<SectionLines>> parse_lines(base::ByteView extension, const Btf& btf) {
  const auto header = field<std::uint32_t>(extension, 4);
  const auto lines = range(extension, std::uint64_t{header} + field<std::uint32_t>(extension, 16),
                           field<std::uint32_t>(extension, 20));
  if (extension.size() < 24 || field<std::uint16_t>(extension, 0) != kMagic || !lines) {
    return section_error(".BTF.ext", "has a broken header");
  }
  std::vector<SectionLines> all;
  const auto record = field<std::uint32_t>(*lines, 0);
  if (!lines->empty() && record < 16) {
    return section_error(".BTF.ext", "has line records of " + std::to_string(record) + " bytes");
  }
  for (std::uint64_t at = 4; at + 8 <= lines->size();) {
    const auto name = btf.string(field<std::uint32_t>(*lines, at));
    const auto count = field<std::uint32_t>(*lines, at + 4);
    const auto records = range(*lines, at + 8, std::uint64_t{count} * record);
    if (!name || !records) {
      return section_error(".BTF.ext", "has lines that are cut off");
    }
    SectionLines section{*name, {}};
    for (std::uint64_t each = 0; each < records->size(); each += record) {
      const auto position = field<std::uint32_t>(*records, each + 12);
      section.lines.push_back(
          {.instruction = field<std::uint32_t>(*records, each) / 8,
           .line = position >> 10,
           .column = position & 0x3ff,
           .file = printable(btf.string(field<std::uint32_t>(*records, each + 4)).value_or("")),
           .text = printable(btf.string(field<std::uint32_t>(*records, each + 8)).value_or(""))});
    }
    std::stable_sort(
        section.lines.begin(), section.lines.end(),
        [](const SourceLine& a, const SourceLine& b) { return a.instruction < b.instruction; });
    all.push_back(std::move(section));
    at += 8 + records->size();
  }
  return all;
}

}  // namespace ringbed::ebpf
