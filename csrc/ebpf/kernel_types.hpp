// The types of the running kernel (/sys/kernel/btf/vmlinux): where a member stands in a structure,
// what the values of an enumeration are called, what a tracepoint is given. So programs that look
// into the kernel fit the kernel that runs, and no list of its names has to be kept here. Reads the
// BTF in place: a hundred thousand types are too many to make objects of. Format: the kernel's
// Documentation/bpf/btf.rst.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ebpf/btf.hpp"

namespace ringbed::ebpf {

class KernelTypes {
 public:
  // Error: unavailable (a kernel without BTF, or one that this cannot read).
  [[nodiscard]] static base::Result<KernelTypes> load();
  // From a BTF blob, without an ELF file around it.
  [[nodiscard]] static base::Result<KernelTypes> parse(std::vector<std::uint8_t> bytes);

  // Bytes from the start of structure `name` to the member that the path leads to, through
  // structures that it contains, named or not: ("sock", {"__sk_common", "skc_net", "net"}).
  [[nodiscard]] std::optional<std::uint32_t> offset_of(
      std::string_view name, std::initializer_list<std::string_view> path) const;

  struct Enumerator {
    std::string_view name;
    std::uint32_t value = 0;
  };
  // Empty: there is no such enumeration.
  [[nodiscard]] std::vector<Enumerator> enumerators(std::string_view name) const;

  // The number that programs call one of the kernel's own functions by.
  [[nodiscard]] std::optional<std::uint32_t> function(std::string_view name) const {
    return find(BtfKind::function, name);
  }

  // Types of that name, a flavour ("name___old") taken for what it is a flavour of. O(types).
  [[nodiscard]] std::vector<std::uint32_t> named(std::string_view name) const;
  // Nothing for void, and for an id that is not there.
  [[nodiscard]] std::optional<BtfType> read(std::uint32_t id) const;

  // What a tracepoint's raw program finds in its context, by the names of the types, pointers and
  // qualifiers taken away ("" for void and numbers). Empty: there is no such tracepoint.
  [[nodiscard]] std::vector<std::string_view> tracepoint(std::string_view name) const;

 private:
  struct Type {
    BtfKind kind;
    std::string_view name;
    std::uint32_t members;
    bool bit_fields;     // offsets of members are split
    std::uint32_t last;  // size or type
    base::ByteView tail;
  };

  [[nodiscard]] bool index();
  [[nodiscard]] Type type(std::uint32_t id) const;
  [[nodiscard]] std::string_view text(std::uint32_t offset) const;
  [[nodiscard]] std::optional<std::uint32_t> find(BtfKind kind, std::string_view name) const;
  // Without typedefs and qualifiers, and without pointers where it says so.
  [[nodiscard]] std::uint32_t strip(std::uint32_t id, bool pointers) const;
  struct Place {
    std::uint32_t type = 0;
    std::uint32_t bits = 0;
  };
  [[nodiscard]] std::optional<Place> member(std::uint32_t id, std::string_view name,
                                            unsigned depth) const;

  std::vector<std::uint8_t> bytes_;
  std::size_t types_at_ = 0;
  std::size_t strings_at_ = 0;
  std::size_t strings_bytes_ = 0;
  std::vector<std::uint32_t> at_;  // of each type, from types_at_; [0]: void
};

}  // namespace ringbed::ebpf
