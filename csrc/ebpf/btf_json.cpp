#include "ebpf/btf_json.hpp"

#include <algorithm>
#include <cstdio>

namespace ringbed::ebpf {

namespace {

constexpr unsigned kDeepest = 8;
// What a description may cost, in characters of names and kEach for every member that is looked at.
constexpr std::size_t kMost = 64 * 1024;
constexpr std::size_t kEach = 16;
constexpr std::size_t kMostNames = 8 * 1024;  // of one enumeration

std::string raw(std::uint32_t bytes) {
  return R"({"kind":"bytes","bytes":)" + std::to_string(bytes) + "}";
}

bool is_composite(const BtfType& type) noexcept {
  return type.kind == BtfKind::structure || type.kind == BtfKind::union_;
}

// Types come from hostile files: one description has an end, whatever refers to what.
class Description {
 public:
  explicit Description(const Btf& btf) : btf_(btf) {}

  std::string of(std::uint32_t id, std::uint32_t bytes, unsigned depth);

 private:
  bool append_members(const BtfType& type, std::uint64_t base, std::uint32_t bytes, unsigned depth,
                      std::string& text);
  [[nodiscard]] std::string name_of(std::uint32_t id) const;
  std::string variables_of(const BtfType& section, std::uint32_t bytes);
  std::string enumerators_of(const BtfType& type);
  [[nodiscard]] bool spend(std::size_t cost) noexcept {
    left_ -= std::min(left_, cost);
    return left_ > 0;
  }

  const Btf& btf_;
  std::size_t left_ = kMost;
};

// The members of `type`, which begins at bit `base` of a structure of `bytes` bytes; as in C, those
// of a member without a name are the parent's. False: too much, or outside.
bool Description::append_members(const BtfType& type, std::uint64_t base, std::uint32_t bytes,
                                 unsigned depth, std::string& text) {
  if (depth > kDeepest) return false;
  for (const BtfMember& member : type.members) {
    const std::uint64_t offset = base + member.offset;
    const std::uint32_t size = btf_.size_of(member.type).value_or(0);
    const std::uint64_t bits = member.bits != 0 ? member.bits : std::uint64_t{size} * 8;
    if (!spend(kEach + member.name.size()) || offset + bits > std::uint64_t{bytes} * 8)
      return false;
    const BtfType* inner = btf_.resolve(member.type);
    if (member.name.empty() && inner != nullptr && is_composite(*inner)) {
      if (!append_members(*inner, offset, bytes, depth + 1, text)) return false;
      continue;
    }
    text += text.empty() ? "" : ",";
    text += R"({"name":)" + json_string(member.name) + R"(,"offset":)" + std::to_string(offset) +
            R"(,"bits":)" + std::to_string(member.bits) + R"(,"type":)" +
            of(member.type, size, depth + 1) + "}";
  }
  return true;
}

// What the type is called: that it is in network order, if one of its names says so.
std::string Description::name_of(std::uint32_t id) const {
  std::string first;
  for (unsigned steps = 0; steps < kDeepest; ++steps) {
    const BtfType* type = btf_.type(id);
    if (type == nullptr) break;
    if (type->name == "__be16" || type->name == "__be32" || type->name == "__be64") {
      return type->name;
    }
    if (first.empty()) first = type->name;
    if (type == btf_.resolve(id)) break;
    id = type->type;
  }
  return first;
}

// Global variables, each by its name.
std::string Description::variables_of(const BtfType& section, std::uint32_t bytes) {
  std::string text;
  for (const BtfMember& each : section.members) {
    const BtfType* variable = btf_.type(each.type);
    if (variable == nullptr || variable->kind != BtfKind::variable || each.offset > bytes ||
        each.size > bytes - each.offset || !spend(kEach + variable->name.size())) {
      return raw(bytes);
    }
    text += text.empty() ? "" : ",";
    text += R"({"name":)" + json_string(variable->name) + R"(,"offset":)" +
            std::to_string(std::uint64_t{each.offset} * 8) + R"(,"bits":0,"type":)" +
            of(variable->type, each.size, 1) + "}";
  }
  return R"({"kind":"struct","bytes":)" + std::to_string(bytes) + R"(,"name":)" +
         json_string(section.name) + R"(,"members":[)" + text + "]}";
}

// Names and values of an enumeration; nothing of one that is too long.
std::string Description::enumerators_of(const BtfType& type) {
  std::string text;
  for (const BtfMember& each : type.members) {
    text += text.empty() ? R"(,"enumerators":{)" : ",";
    text += json_string(each.name) + ":\"" +
            (type.is_signed ? std::to_string(static_cast<std::int64_t>(each.value))
                            : std::to_string(each.value)) +
            "\"";
    if (text.size() > std::min(kMostNames, left_ / 2)) return {};
  }
  left_ -= text.size();
  return text.empty() ? text : text + "}";
}

std::string Description::of(std::uint32_t id, std::uint32_t bytes, unsigned depth) {
  const BtfType* type = btf_.resolve(id);
  if (type != nullptr && type->kind == BtfKind::section) return variables_of(*type, bytes);
  if (type == nullptr || depth > kDeepest || btf_.size_of(id) != bytes) return raw(bytes);
  const std::string name = name_of(id);
  if (!spend(name.size())) return raw(bytes);
  const std::string head = R"(,"bytes":)" + std::to_string(bytes);
  const std::string named = head + R"(,"name":)" + json_string(name);
  switch (type->kind) {
    case BtfKind::integer:
    case BtfKind::enumeration:
    case BtfKind::enum64:
      return R"({"kind":"int")" + named + R"(,"signed":)" + (type->is_signed ? "true" : "false") +
             enumerators_of(*type) + "}";
    case BtfKind::array: {
      const auto element = btf_.size_of(type->type);
      if (!element) return raw(bytes);
      return R"({"kind":"array")" + head + R"(,"count":)" + std::to_string(type->count) +
             R"(,"element":)" + of(type->type, *element, depth + 1) + "}";
    }
    case BtfKind::structure:
    case BtfKind::union_: {
      std::string members;
      if (!append_members(*type, 0, bytes, depth, members) || members.empty()) return raw(bytes);
      const std::string kind = type->kind == BtfKind::union_ ? "union" : "struct";
      return R"({"kind":")" + kind + '"' + named + R"(,"members":[)" + members + "]}";
    }
    default: return raw(bytes);
  }
}

}  // namespace

std::string json_string(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
      quoted += escaped;
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string btf_json(const Btf& btf, std::uint32_t id, std::uint32_t bytes) {
  return Description(btf).of(id, bytes, 0);
}

}  // namespace ringbed::ebpf
