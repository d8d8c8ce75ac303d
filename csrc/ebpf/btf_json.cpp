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

std::string describe(const Btf& btf, std::uint32_t id, std::uint32_t bytes, unsigned depth) {
  const BtfType* type = btf.resolve(id);
  if (type == nullptr || depth > kDeepest || btf.size_of(id) != bytes) return raw(bytes);
  const BtfType* outer = btf.type(id);
  const std::string size = R"(,"bytes":)" + std::to_string(bytes);
  const std::string name = R"(,"name":)" + json_string(outer->name);
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
