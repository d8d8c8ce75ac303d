#include "ebpf/btf.hpp"

#include <algorithm>

#include "ebpf/elf.hpp"
#include "ebpf/fields.hpp"

namespace ringbed::ebpf {

namespace {

constexpr std::uint16_t kMagic = 0xeb9f;
constexpr std::size_t kTypeHeader = 12;
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

namespace {

// What the tail of a type lists, a row of as many bytes as its kind has.
bool parse_members(base::ByteView tail, base::ByteView strings, bool flag, BtfType& type) {
  const std::size_t row = static_cast<std::size_t>(tail_bytes(type.kind, 1));
  for (std::size_t at = 0; at < tail.size(); at += row) {
    const auto first = field<std::uint32_t>(tail, at);
    const auto second = field<std::uint32_t>(tail, at + 4);
    BtfMember member;
    if (type.kind == BtfKind::section) {
      type.members.push_back(
          {.type = first, .offset = second, .size = field<std::uint32_t>(tail, at + 8)});
      continue;
    }
    auto name = read_string(strings, first);
    if (!name) return false;
    member.name = *std::move(name);
    if (type.kind == BtfKind::enumeration) {
      member.value =
          flag ? static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(second)})
               : second;
    } else if (type.kind == BtfKind::enum64) {
      member.value = second | std::uint64_t{field<std::uint32_t>(tail, at + 8)} << 32;
    } else {
      member.type = second;
      member.offset = field<std::uint32_t>(tail, at + 8);
      if (flag) {  // with bit fields, whose widths stand in the offsets' upper bytes
        member.bits = member.offset >> 24;
        member.offset &= 0xff'ffff;
      }
    }
    type.members.push_back(std::move(member));
  }
  return true;
}

}  // namespace

std::optional<BtfType> parse_type(base::ByteView record, base::ByteView strings) {
  const auto info = read_le<std::uint32_t>(record, 4);
  const auto last = read_le<std::uint32_t>(record, 8);
  if (!info || !last) return std::nullopt;
  const auto kind = static_cast<BtfKind>(*info >> 24 & 0x1f);
  if (kind == BtfKind::none || kind > BtfKind::enum64) return std::nullopt;
  const auto tail = range(record, kTypeHeader, tail_bytes(kind, *info & 0xffff));
  const auto name = read_string(strings, field<std::uint32_t>(record, 0));
  if (!tail || !name) return std::nullopt;
  const bool flag = (*info >> 31) != 0;
  BtfType type{.kind = kind, .name = *name, .size = *last, .type = *last};
  switch (kind) {
    case BtfKind::integer: type.is_signed = (field<std::uint32_t>(*tail, 0) >> 24 & 1) != 0; break;
    case BtfKind::array:
      type.type = field<std::uint32_t>(*tail, 0);
      type.count = field<std::uint32_t>(*tail, 8);
      break;
    case BtfKind::enumeration:
    case BtfKind::enum64: type.is_signed = flag; [[fallthrough]];
    case BtfKind::section:
    case BtfKind::structure:
    case BtfKind::union_:
      if (!parse_members(*tail, strings, flag, type)) return std::nullopt;
      break;
    default: break;
  }
  return type;
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
    if (!info) return fault("is cut off");
    const std::uint64_t bytes_of_type =
        kTypeHeader + tail_bytes(static_cast<BtfKind>(*info >> 24 & 0x1f), *info & 0xffff);
    auto type = parse_type(types->subspan(at), *strings);
    if (!type) return fault("is cut off, of an unknown kind, or has a name outside the strings");
    btf.types_.push_back(*std::move(type));
    at += bytes_of_type;
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
  const std::uint32_t id = section_id(name);
  return id == 0 ? nullptr : type(id);
}

std::uint32_t Btf::section_id(const std::string& name) const {
  for (std::uint32_t id = 1; id < types_.size(); ++id) {
    if (types_[id].kind == BtfKind::section && types_[id].name == name) return id;
  }
  return 0;
}

void Btf::place_variables(
    std::uint32_t section,
    const std::function<std::optional<std::uint32_t>(const std::string&)>& offset_of) {
  for (BtfMember& member : types_[section].members) {
    const BtfType* variable = type(member.type);
    if (variable == nullptr) continue;
    member.offset = offset_of(variable->name).value_or(member.offset);
  }
}

std::optional<std::string> Btf::string(std::uint32_t offset) const {
  return read_string(strings_, offset);
}

namespace {

// A part of .BTF.ext: how long a record is, then for each section its name, a count and the
// records. `take`: a section's name and records, each `record` bytes long.
template <typename Take>
base::Status for_each_section(base::ByteView rows, const Btf& btf, std::uint32_t least,
                              const std::string& what, Take take) {
  const auto record = field<std::uint32_t>(rows, 0);
  if (!rows.empty() && record < least) {
    return section_error(".BTF.ext",
                         "has " + what + " records of " + std::to_string(record) + " bytes");
  }
  for (std::uint64_t at = 4; at + 8 <= rows.size();) {
    const auto name = btf.string(field<std::uint32_t>(rows, at));
    const auto count = field<std::uint32_t>(rows, at + 4);
    const auto records = range(rows, at + 8, std::uint64_t{count} * record);
    if (!name || !records) {
      return section_error(".BTF.ext", "has " + what + " records that are cut off");
    }
    take(*name, *records, record);
    at += 8 + records->size();
  }
  return {};
}

}  // namespace

base::Result<std::vector<SectionLines>> parse_lines(base::ByteView extension, const Btf& btf) {
  const auto header = field<std::uint32_t>(extension, 4);
  const auto rows = range(extension, std::uint64_t{header} + field<std::uint32_t>(extension, 16),
                          field<std::uint32_t>(extension, 20));
  if (extension.size() < 24 || field<std::uint16_t>(extension, 0) != kMagic || !rows) {
    return section_error(".BTF.ext", "has a broken header");
  }
  std::vector<SectionLines> all;
  const auto take = [&](const std::string& name, base::ByteView records, std::uint32_t record) {
    SectionLines section{name, {}};
    for (std::uint64_t each = 0; each < records.size(); each += record) {
      const auto position = field<std::uint32_t>(records, each + 12);
      section.lines.push_back(
          {.instruction = field<std::uint32_t>(records, each) / 8,
           .line = position >> 10,
           .column = position & 0x3ff,
           .file = printable(btf.string(field<std::uint32_t>(records, each + 4)).value_or("")),
           .text = printable(btf.string(field<std::uint32_t>(records, each + 8)).value_or(""))});
    }
    std::stable_sort(
        section.lines.begin(), section.lines.end(),
        [](const SourceLine& a, const SourceLine& b) { return a.instruction < b.instruction; });
    all.push_back(std::move(section));
  };
  if (auto status = for_each_section(*rows, btf, 16, "line", take); !status) return status.error();
  return all;
}

base::Result<std::vector<SectionRelocations>> parse_relocations(base::ByteView extension,
                                                                const Btf& btf) {
  const auto header = field<std::uint32_t>(extension, 4);
  // Objects of older compilers have a shorter header.
  const bool has = header >= 32;
  const auto rows =
      range(extension, has ? std::uint64_t{header} + field<std::uint32_t>(extension, 24) : 0,
            has ? field<std::uint32_t>(extension, 28) : 0);
  if (!rows) return section_error(".BTF.ext", "has CO-RE relocations outside it");
  std::vector<SectionRelocations> all;
  const auto take = [&](const std::string& name, base::ByteView records, std::uint32_t record) {
    SectionRelocations section{name, {}};
    for (std::uint64_t each = 0; each < records.size(); each += record) {
      section.relocations.push_back(
          {.instruction = field<std::uint32_t>(records, each) / 8,
           .type = field<std::uint32_t>(records, each + 4),
           .access = btf.string(field<std::uint32_t>(records, each + 8)).value_or(""),
           .kind = static_cast<CoreKind>(field<std::uint32_t>(records, each + 12))});
    }
    all.push_back(std::move(section));
  };
  if (auto status = for_each_section(*rows, btf, 16, "CO-RE", take); !status) {
    return status.error();
  }
  return all;
}

}  // namespace ringbed::ebpf
