#include "ebpf/elf.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "ebpf/fields.hpp"

namespace ringbed::ebpf {

namespace {

constexpr std::uint64_t kHeaderBytes = 64;
constexpr std::uint64_t kSectionHeaderBytes = 64;
constexpr std::uint64_t kSymbolBytes = 24;
constexpr std::uint16_t kBpfMachine = 247;

base::Error file_error(const std::string& what) {
  return {base::ErrorCode::invalid, "the object file " + what,
          "build one with: clang -O2 -g -target bpf -c program.bpf.c"};
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

class Parser {
 public:
  explicit Parser(base::ByteView file) : file_(file) {}

  base::Result<Elf> run() {
    for (auto step : {&Parser::check_header, &Parser::read_sections, &Parser::read_symbols,
                      &Parser::read_relocations}) {
      if (base::Status status = (this->*step)(); !status) {
        return status.error();
      }
    }
    return std::move(elf_);
  }

 private:
  base::Status check_header() {
    constexpr std::uint8_t kMagic[] = {0x7f, 'E', 'L', 'F'};
    if (file_.size() < kHeaderBytes ||
        !std::equal(std::begin(kMagic), std::end(kMagic), file_.begin())) {
      return file_error("is no ELF file");
    }
    if (file_[4] != 2) return file_error("is no 64-bit ELF file");
    if (file_[5] != 1) return file_error("is big-endian; only little-endian objects are supported");
    if (field<std::uint16_t>(file_, 16) != 1) return file_error("is not relocatable (ET_REL)");
    const auto machine = field<std::uint16_t>(file_, 18);
    if (machine != kBpfMachine) {
      return file_error("is for machine " + std::to_string(machine) + ", not BPF (247)");
    }
    return {};
  }

  base::Status read_sections() {
    const auto offset = field<std::uint64_t>(file_, 40);
    const auto entry = field<std::uint16_t>(file_, 58);
    const auto count = field<std::uint16_t>(file_, 60);
    const auto names = field<std::uint16_t>(file_, 62);
    const auto table = range(file_, offset, std::uint64_t{count} * kSectionHeaderBytes);
    if (entry != kSectionHeaderBytes || count == 0 || !table || names >= count) {
      return file_error("has a broken section header table");
    }
    for (std::uint64_t at = 0; at < table->size(); at += kSectionHeaderBytes) {
      const base::ByteView header = table->subspan(at, kSectionHeaderBytes);
      ElfSection section;
      section.type = field<std::uint32_t>(header, 4);
      section.flags = field<std::uint64_t>(header, 8);
      section.size = field<std::uint64_t>(header, 32);
      section.info = field<std::uint32_t>(header, 44);
      links_.push_back(field<std::uint32_t>(header, 40));
      name_offsets_.push_back(field<std::uint32_t>(header, 0));
      const auto data = range(file_, field<std::uint64_t>(header, 24), section.size);
      if (section.type != elf::nobits && section.type != 0) {
        if (!data) {
          return section_error("number " + std::to_string(elf_.sections.size()),
                               "reaches past the end of the file");
        }
        section.data = *data;
      }
      elf_.sections.push_back(section);
    }
    for (std::size_t i = 0; i < elf_.sections.size(); ++i) {
      const auto name = read_string(elf_.sections[names].data, name_offsets_[i]);
      if (!name) {
        return section_error("number " + std::to_string(i), "has a name outside .shstrtab");
      }
      // Names are shown on terminals.
      if (std::ranges::any_of(*name, is_control)) {
        return section_error("number " + std::to_string(i), "has a control character in its name");
      }
      elf_.sections[i].name = *name;
    }
    return {};
  }

  base::Status read_symbols() {
    for (std::size_t i = 0; i < elf_.sections.size(); ++i) {
      const ElfSection& section = elf_.sections[i];
      if (section.type != elf::symtab) continue;
      if (links_[i] >= elf_.sections.size()) {
        return section_error(section.name, "links to a string table that is not there");
      }
      const base::ByteView strings = elf_.sections[links_[i]].data;
      for (std::uint64_t at = 0; at + kSymbolBytes <= section.data.size(); at += kSymbolBytes) {
        const base::ByteView entry = section.data.subspan(at, kSymbolBytes);
        const auto name = read_string(strings, field<std::uint32_t>(entry, 0));
        const auto where = field<std::uint16_t>(entry, 6);
        if (!name || std::ranges::any_of(*name, is_control) ||
            (where >= elf_.sections.size() && where < 0xff00)) {
          return section_error(section.name,
                               "has a broken symbol, number " + std::to_string(at / kSymbolBytes));
        }
        elf_.symbols.push_back({.name = *name,
                                .type = static_cast<std::uint8_t>(entry[4] & 0xf),
                                .local = entry[4] >> 4 == 0,
                                .weak = entry[4] >> 4 == 2,
                                .section = where,
                                .value = field<std::uint64_t>(entry, 8),
                                .size = field<std::uint64_t>(entry, 16)});
      }
      return {};
    }
    return file_error("has no symbol table");
  }

  base::Status read_relocations() {
    for (const ElfSection& section : elf_.sections) {
      if (section.type != elf::rel && section.type != elf::rela) continue;
      if (section.info >= elf_.sections.size()) {
        return section_error(section.name, "relocates a section that is not there");
      }
      const std::uint64_t bytes = section.type == elf::rel ? 16 : 24;
      for (std::uint64_t at = 0; at + bytes <= section.data.size(); at += bytes) {
        const auto info = field<std::uint64_t>(section.data, at + 8);
        const ElfRelocation relocation{section.info, field<std::uint64_t>(section.data, at),
                                       static_cast<std::uint32_t>(info),
                                       static_cast<std::uint32_t>(info >> 32)};
        if (relocation.symbol >= elf_.symbols.size() ||
            relocation.offset >= elf_.sections[section.info].size) {
          return section_error(section.name, "relocation " + std::to_string(at / bytes) +
                                                 " names a place or symbol that is not there");
        }
        elf_.relocations.push_back(relocation);
      }
    }
    std::stable_sort(elf_.relocations.begin(), elf_.relocations.end(),
                     [](const ElfRelocation& a, const ElfRelocation& b) {
                       return std::pair(a.section, a.offset) < std::pair(b.section, b.offset);
                     });
    return {};
  }

  base::ByteView file_;
  Elf elf_;
  std::vector<std::uint32_t> links_;
  std::vector<std::uint32_t> name_offsets_;
};

}  // namespace

std::uint32_t Elf::find(std::string_view name) const {
  for (std::uint32_t i = 1; i < sections.size(); ++i) {
    if (sections[i].name == name) return i;
  }
  return 0;
}

base::Result<Elf> parse_elf(base::ByteView file) { return Parser(file).run(); }

base::Error section_error(const std::string& section, const std::string& what) {
  return {base::ErrorCode::invalid, "section " + section + " " + what, ""};
}

}  // namespace ringbed::ebpf
