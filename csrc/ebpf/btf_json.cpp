#include "ebpf/btf_json.hpp"

#include <cstdio>

namespace ringbed::ebpf {

namespace {

// Types come from hostile files: a description has an end.
constexpr unsigned kDeepest = 8;
constexpr std::size_t kMostText = 64 * 1024;

std::string raw(std::uint32_t bytes) {
  return R"({"kind":"bytes","bytes":)" + std::to_string(bytes) + "}";
}

std::string describe(const Btf& btf, std::uint32_t id, std::uint32_t bytes, unsigned depth);

std::string members_of(const Btf& btf, const BtfType& type, unsigned depth) {
  std::string text;
  for (const BtfMember& member : type.members) {
    if (text.size() > kMostText) return {};
    text += text.empty() ? "" : ",";
    text += R"({"name":)" + json_string(member.name) + R"(,"offset":)" +
            std::to_string(member.offset) + R"(,"bits":)" + std::to_string(member.bits) +
            R"(,"type":)" +
            describe(btf, member.type, btf.size_of(member.type).value_or(0), depth + 1) + "}";
  }
  return text;
}

// What the type is called: that it is in network order, if one of its names says so.
std::string name_of(const Btf& btf, std::uint32_t id) {
  std::string first;
  for (unsigned steps = 0; steps < kDeepest; ++steps) {
    const BtfType* type = btf.type(id);
    if (type == nullptr) break;
    if (type->name == "__be16" || type->name == "__be32" || type->name == "__be64") {
      return type->name;
    }
    if (first.empty()) first = type->name;
    if (type == btf.resolve(id)) break;
    id = type->type;
  }
  return first;
}

// Global variables, each by its name.
std::string variables_of(const Btf& btf, const BtfType& section, std::uint32_t bytes) {
  std::string text;
  for (const BtfMember& each : section.members) {
    const BtfType* variable = btf.type(each.type);
    if (variable == nullptr || variable->kind != BtfKind::variable || each.offset > bytes ||
        each.size > bytes - each.offset || text.size() > kMostText) {
      return raw(bytes);
    }
    text += text.empty() ? "" : ",";
    text += R"({"name":)" + json_string(variable->name) + R"(,"offset":)" +
            std::to_string(std::uint64_t{each.offset} * 8) + R"(,"bits":0,"type":)" +
            describe(btf, variable->type, each.size, 1) + "}";
  }
  return R"({"kind":"struct","bytes":)" + std::to_string(bytes) + R"(,"name":)" +
         json_string(section.name) + R"(,"members":[)" + text + "]}";
}

std::string describe(const Btf& btf, std::uint32_t id, std::uint32_t bytes, unsigned depth) {
  const BtfType* type = btf.resolve(id);
  if (type != nullptr && type->kind == BtfKind::section) return variables_of(btf, *type, bytes);
  if (type == nullptr || depth > kDeepest || btf.size_of(id) != bytes) return raw(bytes);
  const std::string size = R"(,"bytes":)" + std::to_string(bytes);
  const std::string name = R"(,"name":)" + json_string(name_of(btf, id));
  switch (type->kind) {
    case BtfKind::integer:
    case BtfKind::enumeration:
    case BtfKind::enum64:
      return R"({"kind":"int")" + size + name + R"(,"signed":)" +
             (type->is_signed ? "true" : "false") + "}";
    case BtfKind::array: {
      const auto element = btf.size_of(type->type);
      if (!element) return raw(bytes);
      return R"({"kind":"array")" + size + R"(,"count":)" + std::to_string(type->count) +
             R"(,"element":)" + describe(btf, type->type, *element, depth + 1) + "}";
    }
    case BtfKind::structure: {
      const std::string members = members_of(btf, *type, depth);
      if (members.empty()) return raw(bytes);
      return R"({"kind":"struct")" + size + name + R"(,"members":[)" + members + "]}";
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
  return describe(btf, id, bytes, 0);
}

}  // namespace ringbed::ebpf
