// BTF, the type information of a BPF object: what map definitions and line numbers are made of.
// Hostile input like the rest of the file. Format: the kernel's Documentation/bpf/btf.rst.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
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

// A name without its flavour: "task_struct___old" is a task_struct.
[[nodiscard]] constexpr std::string_view essential_name(std::string_view name) noexcept {
  const auto flavour = name.rfind("___");
  return flavour == 0 || flavour == std::string_view::npos ? name : name.substr(0, flavour);
}

// Bytes behind the 12-byte header of a type.
[[nodiscard]] std::uint64_t tail_bytes(BtfKind kind, std::uint32_t members);

struct BtfMember {
  std::string name{};
  std::uint32_t type = 0;
  std::uint32_t offset = 0;  // structure: bits; section: bytes
  std::uint32_t size = 0;    // section only
  std::uint32_t bits = 0;    // of a bit field; 0: none
  std::uint64_t value = 0;   // of an enumerator, sign-extended
};

struct BtfType {
  BtfKind kind = BtfKind::none;
  std::string name{};
  std::uint32_t size = 0;            // of an integer, structure, enumeration, section
  std::uint32_t type = 0;            // that it points to or modifies; of an array: the element's
  std::uint32_t count = 0;           // elements of an array
  bool is_signed = false;            // integer, enumeration
  std::vector<BtfMember> members{};  // of a structure, enumeration; variables of a section
};

// One type, from its header of 12 bytes on. Nothing when it is cut off, of an unknown kind, or has
// a name outside the strings. O(members).
[[nodiscard]] std::optional<BtfType> parse_type(base::ByteView record, base::ByteView strings);

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
  // 0: there is none of that name.
  [[nodiscard]] std::uint32_t section_id(const std::string& name) const;
  // Compilers leave it to the linker where the variables of a section stand: `offset_of` a name in
  // bytes; what it does not know stays where it is.
  void place_variables(
      std::uint32_t section,
      const std::function<std::optional<std::uint32_t>(const std::string&)>& offset_of);
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

// What an instruction waits to be told of the types of the kernel that runs ("compile once, run
// everywhere"; enum bpf_core_relo_kind).
enum class CoreKind : std::uint32_t {
  field_offset,  // bytes
  field_size,
  field_exists,
  field_signed,
  field_left_shift,  // of a bit field in a 64-bit word
  field_right_shift,
  type_id_local,
  type_id_target,
  type_exists,
  type_size,
  enumerator_exists,
  enumerator_value,
  type_matches
};
struct CoreRelocation {
  std::uint32_t instruction = 0;
  std::uint32_t type = 0;  // of the object
  std::string access;      // "0:1:2": an index a step, the first of an array of the type
  CoreKind kind = CoreKind::field_offset;
};

// CO-RE relocations of one section, likewise.
struct SectionRelocations {
  std::string section;
  std::vector<CoreRelocation> relocations;
};
[[nodiscard]] base::Result<std::vector<SectionRelocations>> parse_relocations(
    base::ByteView extension, const Btf& btf);

}  // namespace ringbed::ebpf
