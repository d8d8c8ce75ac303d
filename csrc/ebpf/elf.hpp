// The parts of an ELF64 relocatable BPF object that a loader needs: sections, symbols, relocations.
// The file is hostile input: every offset and length is checked against the bytes at hand, and
// every error names the section. Layout: the System V ABI, chapter 4; e_machine 247 is BPF.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ringbed::ebpf {

namespace elf {
inline constexpr std::uint32_t progbits = 1, symtab = 2, strtab = 3, rela = 4, nobits = 8, rel = 9;
inline constexpr std::uint64_t alloc = 2, execute = 4;
inline constexpr std::uint8_t notype = 0, object = 1, function = 2, section = 3;
inline constexpr std::uint32_t r_64_64 = 1, r_64_abs64 = 2, r_64_abs32 = 3, r_64_nodyld32 = 4,
                               r_64_32 = 10;
}  // namespace elf

struct ElfSection {
  std::string name;
  std::uint32_t type = 0;
  std::uint64_t flags = 0;
  std::uint32_t info = 0;
  std::uint64_t size = 0;
  base::ByteView data;  // empty for .bss
};

struct ElfSymbol {
  std::string name;
  std::uint8_t type = 0;
  bool local = false;
  bool weak = false;
  std::uint16_t section = 0;  // 0: undefined
  std::uint64_t value = 0;    // offset in the section
  std::uint64_t size = 0;
};

struct ElfRelocation {
  std::uint32_t section = 0;  // that it changes
  std::uint64_t offset = 0;
  std::uint32_t type = 0;
  std::uint32_t symbol = 0;  // index
};

struct Elf {
  std::vector<ElfSection> sections;
  std::vector<ElfSymbol> symbols;
  std::vector<ElfRelocation> relocations;  // by section, then offset

  // Index of the first section of that name, or 0.
  [[nodiscard]] std::uint32_t find(std::string_view name) const;
};

// The result's views point into `file`.
[[nodiscard]] base::Result<Elf> parse_elf(base::ByteView file);

// An `invalid` error about a section.
[[nodiscard]] base::Error section_error(const std::string& section, const std::string& what);

}  // namespace ringbed::ebpf
