// BTF, the type information of a BPF object: what map definitions and line numbers are made of.
// Hostile input like the rest of the file. Format: the kernel's Documentation/bpf/btf.rst.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ebpf/program.hpp"

namespace ringbed::ebpf {

enum class BtfKind : std::uint8_t {
  none,
  integer,
  pointer,
  array,
  structure,
  union_,
  enumeration,
  forward,
  typedef_,
  volatile_,
  const_,
  restrict_,
  function,
  prototype,
  variable,
  section,
  float_,
  decl_tag,
  type_tag,
  enum64
};

// Bytes behind the 12-byte header of a type.
[[nodiscard]] std::uint64_t tail_bytes(BtfKind kind, std::uint32_t members);

struct BtfMember {
  std::string name{};
  std::uint32_t type = 0;
  std::uint32_t offset = 0;  // structure: bits; section: bytes
  std::uint32_t size = 0;    // section only
  std::uint32_t bits = 0;    // of a bit field; 0: none
};

struct BtfType {
  BtfKind kind = BtfKind::none;
  std::string name{};
  std::uint32_t size = 0;            // of an integer, structure, enumeration, section
  std::uint32_t type = 0;            // that it points to or modifies; of an array: the element's
  std::uint32_t count = 0;           // elements of an array
  bool is_signed = false;            // integer
  std::vector<BtfMember> members{};  // of a structure; variables of a section
};

class Btf {
 public:
  // An error names `section`.
  [[nodiscard]] static base::Result<Btf> parse(base::ByteView bytes, const std::string& section);

  // nullptr for an id that is not there. 0 is void.
  [[nodiscard]] const BtfType* type(std::uint32_t id) const;
  // Without typedefs and qualifiers.
  [[nodiscard]] const BtfType* resolve(std::uint32_t id) const;
  // Bytes that a value takes; nothing when it has no size.
  [[nodiscard]] std::optional<std::uint32_t> size_of(std::uint32_t id) const;
  [[nodiscard]] const BtfType* find_section(const std::string& name) const;
  [[nodiscard]] std::optional<std::string> string(std::uint32_t offset) const;
  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(types_.size()); }

 private:
  base::ByteView strings_;
  std::vector<BtfType> types_;  // [0] is void
};

// Source lines of one section, from .BTF.ext; `instruction` counts from the section's start.
struct SectionLines {
  std::string section;
  std::vector<SourceLine> lines;
};
[[nodiscard]] base::Result<std::vector<SectionLines>> parse_lines(base::ByteView extension,
                                                                  const Btf& btf);

}  // namespace ringbed::ebpf
