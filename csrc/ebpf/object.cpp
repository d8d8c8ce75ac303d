#include "ebpf/object.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "ebpf/elf.hpp"
#include "ebpf/fields.hpp"
#include "ebpf/functions.hpp"
#include "ebpf/object_maps.hpp"

namespace ringbed::ebpf {

namespace {

constexpr std::size_t kMostInstructions = 1'000'000;

struct SectionType {
  std::string_view prefix;
  ProgramType type;
};
// Whole names, or followed by a slash.
constexpr SectionType kSectionTypes[] = {
    {"xdp", ProgramType::xdp},
    {"xdp.frags", ProgramType::xdp},
    {"tc", ProgramType::tc},
    {"tcx", ProgramType::tc},
    {"classifier", ProgramType::tc},
    {"action", ProgramType::tc},
    {"socket", ProgramType::socket_filter},
};
// What libbpf knows beside these; a name may go on after a slash, a dot or an underscore.
constexpr std::string_view kForeignSections[] = {
    "kprobe",  "kretprobe", "ksyscall", "kretsyscall",    "uprobe",     "uretprobe", "usdt",
    "fentry",  "fexit",     "fmod_ret", "fsession",       "tracepoint", "tp",        "tp_btf",
    "raw_tp",  "lsm",       "iter",     "raw_tracepoint", "perf_event", "cgroup",    "cgroup_skb",
    "sockops", "sk_msg",    "sk_skb",   "sk_reuseport",   "sk_lookup",  "lwt",       "lirc_mode2",
    "syscall", "freplace",  "netkit",   "flow_dissector", "netfilter",  "struct_ops"};

std::string_view section_head(std::string_view section) {
  if (section.starts_with('?')) section.remove_prefix(1);
  return section.substr(0, section.find('/'));
}

// A function: some instructions of an executable section.
struct Function {
  std::string name;
  std::uint32_t section = 0;
  std::uint64_t start = 0;  // bytes
  std::uint64_t size = 0;
};

// Copies a program's function and then every function that it calls, and resolves relocations.
class Linker {
 public:
  Linker(const Elf& file, const std::vector<ObjectMap>& maps,
         const std::vector<Function>& functions, const std::vector<SectionLines>& lines,
         const std::vector<SectionRelocations>& core, const Btf& btf)
      : file_(file), maps_(maps), functions_(functions), lines_(lines), core_(core), btf_(btf) {}

  base::Result<ProgramSpec> link(const Function& entry) {
    program_.name = entry.name;
    program_.section = file_.sections[entry.section].name;
    program_.type = program_type_of(program_.section);
    program_.fragments = section_head(program_.section) == "xdp.frags";
    place(entry);
    for (std::size_t next = 0; next < placed_.size(); ++next) {
      if (auto status = copy(*placed_[next].function); !status) return status.error();
    }
    return finish();
  }

 private:
  struct Placed {
    const Function* function;
    std::size_t at;  // first instruction in the program
  };
  struct Call {
    std::size_t at;
    std::uint32_t section;
    std::uint64_t target;  // bytes in the section
  };

  // Whether it is one of the variables that loaders give the kernel's configuration.
  [[nodiscard]] bool of_configuration(const std::string& name) const {
    const BtfType* section = btf_.find_section(".kconfig");
    return section != nullptr && std::ranges::any_of(section->members, [&](const BtfMember& each) {
             const BtfType* variable = btf_.type(each.type);
             return variable != nullptr && variable->name == name;
           });
  }

  void place(const Function& function) {
    for (const Placed& each : placed_) {
      if (each.function == &function) return;
    }
    placed_.push_back({&function, 0});
  }

  [[nodiscard]] base::Error fault(const Function& function, std::uint64_t instruction,
                                  const std::string& what) const {
    return section_error(
        file_.sections[function.section].name,
        "function " + function.name + ", instruction " + std::to_string(instruction) + ": " + what);
  }

  base::Status copy(const Function& function) {
    const ElfSection& section = file_.sections[function.section];
    const auto bytes = range(section.data, function.start, function.size);
    if (!bytes || function.size % kInstructionBytes != 0 ||
        function.start % kInstructionBytes != 0 || function.size == 0) {
      return section_error(section.name, "function " + function.name +
                                             " is not made of whole instructions inside it");
    }
    const std::size_t base = program_.code.size();
    if (base + function.size / kInstructionBytes > kMostInstructions) {
      return section_error(section.name,
                           "program " + program_.name + " has over a million " + "instructions");
    }
    for (Placed& each : placed_) {
      if (each.function == &function) each.at = base;
    }
    for (std::uint64_t at = 0; at < bytes->size(); at += kInstructionBytes) {
      program_.code.push_back(read_instruction(bytes->data() + at));
    }
    for (const SectionLines& each : lines_) {
      if (each.section == section.name) add(each.lines, function, base, program_.lines);
    }
    for (const SectionRelocations& each : core_) {
      if (each.section == section.name) add(each.relocations, function, base, program_.core);
    }
    const auto first =
        std::lower_bound(file_.relocations.begin(), file_.relocations.end(),
                         std::pair(function.section, function.start),
                         [](const ElfRelocation& relocation, const auto& key) {
                           return std::pair(relocation.section, relocation.offset) < key;
                         });
    std::vector<bool> relocated(bytes->size() / kInstructionBytes);
    for (auto relocation = first;
         relocation != file_.relocations.end() && relocation->section == function.section &&
         relocation->offset < function.start + function.size;
         ++relocation) {
      const std::uint64_t index = (relocation->offset - function.start) / kInstructionBytes;
      relocated[index] = true;
      if (auto status = relocate(function, base, index, *relocation); !status) return status;
    }
    for (std::uint64_t index = 0; index < relocated.size(); ++index) {
      const RawInstruction& in = program_.code[base + index];
      if (!relocated[index] && in.opcode == kCall && in.src == pseudo::local_call) {
        const auto target =
            static_cast<std::int64_t>(function.start / kInstructionBytes + index) + 1 + in.imm;
        if (auto status = call(function, base + index, function.section, target); !status) {
          return status;
        }
      }
      if (in.opcode == kLoadImm64) ++index;
    }
    return {};
  }

  base::Status call(const Function& from, std::size_t at, std::uint32_t section,
                    std::int64_t target_instruction) {
    const auto target = static_cast<std::uint64_t>(target_instruction) * kInstructionBytes;
    for (const Function& each : functions_) {
      if (target_instruction >= 0 && each.section == section && target >= each.start &&
          target - each.start < each.size) {
        place(each);
        calls_.push_back({at, section, target});
        return {};
      }
    }
    return fault(from, at, "calls a place that is no function");
  }

  base::Status relocate(const Function& function, std::size_t base, std::uint64_t index,
                        const ElfRelocation& relocation) {
    RawInstruction& in = program_.code[base + index];
    const ElfSymbol& symbol = file_.symbols[relocation.symbol];
    const std::string name = symbol.name.empty() && symbol.section < file_.sections.size()
                                 ? file_.sections[symbol.section].name
                                 : symbol.name;
    const bool wide = in.opcode == kLoadImm64 && base + index + 1 < program_.code.size();
    const bool local_call = in.opcode == kCall && in.src == pseudo::local_call;
    if (symbol.section == 0) {
      // A weak external symbol that nobody defines is NULL, and nobody calls it then. The kernel's
      // configuration is always there, weak or not.
      if (symbol.weak && wide && !of_configuration(name)) {
        in.imm = 0;
        program_.code[base + index + 1].imm = 0;
        return {};
      }
      if (symbol.weak && in.opcode == kCall) {
        in = {kCall, 0, 0, 0, kNoSuchHelper};
        return {};
      }
      program_.external = name;  // whoever runs the program says what it means
      return {};
    }
    if (symbol.section >= file_.sections.size()) {
      return fault(function, index, "refers to " + name + ", which lies in no section");
    }
    const bool to_code = (file_.sections[symbol.section].flags & elf::execute) != 0;
    if (local_call && to_code) {
      const auto target = static_cast<std::int64_t>(symbol.value / kInstructionBytes) + in.imm + 1;
      return call(function, base + index, symbol.section, target);
    }
    if (wide && to_code) {
      in.src = pseudo::func;
      const auto target =
          static_cast<std::int64_t>(symbol.value + static_cast<std::uint32_t>(in.imm)) /
          static_cast<std::int64_t>(kInstructionBytes);
      return call(function, base + index, symbol.section, target);
    }
    const auto addend = static_cast<std::uint32_t>(in.imm);
    const ObjectMap* map = find_map(maps_, symbol.section, symbol.value + addend);
    if (!wide || map == nullptr) {
      return fault(function, index, "has a relocation to " + name + " that cannot be resolved");
    }
    program_.references.push_back(
        {.instruction = static_cast<std::uint32_t>(base + index),
         .map = static_cast<std::uint32_t>(map - maps_.data()),
         .value = map->variables,
         .offset = map->variables ? static_cast<std::uint32_t>(symbol.value + addend) : 0});
    return {};
  }

  // What a section tells of the instructions of `function`, which begins at `base` of the program.
  template <typename Row>
  static void add(const std::vector<Row>& rows, const Function& function, std::size_t base,
                  std::vector<Row>& to) {
    const auto first = static_cast<std::uint32_t>(function.start / kInstructionBytes);
    const auto end =
        static_cast<std::uint32_t>((function.start + function.size) / kInstructionBytes);
    for (const Row& row : rows) {
      if (row.instruction < first || row.instruction >= end) continue;
      to.push_back(row);
      to.back().instruction = row.instruction - first + static_cast<std::uint32_t>(base);
    }
  }

  base::Result<ProgramSpec> finish() {
    for (const Call& call : calls_) {
      for (const Placed& each : placed_) {
        const Function& function = *each.function;
        if (function.section == call.section && call.target >= function.start &&
            call.target - function.start < function.size) {
          const auto target = each.at + (call.target - function.start) / kInstructionBytes;
          program_.code[call.at].imm = static_cast<std::int32_t>(
              static_cast<std::int64_t>(target) - static_cast<std::int64_t>(call.at) - 1);
          break;
        }
      }
    }
    return std::move(program_);
  }

  const Elf& file_;
  const std::vector<ObjectMap>& maps_;
  const std::vector<Function>& functions_;
  const std::vector<SectionLines>& lines_;
  const std::vector<SectionRelocations>& core_;
  const Btf& btf_;
  ProgramSpec program_;
  std::vector<Placed> placed_;
  std::vector<Call> calls_;
};

// The functions of all executable sections; where a section has no function symbol, all of it.
std::vector<Function> functions_of(const Elf& file) {
  std::vector<Function> functions;
  for (std::uint32_t i = 1; i < file.sections.size(); ++i) {
    const ElfSection& section = file.sections[i];
    if (section.type != elf::progbits || (section.flags & elf::execute) == 0 || section.size == 0) {
      continue;
    }
    const std::size_t before = functions.size();
    for (const ElfSymbol& symbol : file.symbols) {
      if (symbol.section == i && symbol.type == elf::function) {
        functions.push_back({symbol.name, i, symbol.value, symbol.size});
      }
    }
    if (functions.size() == before) {
      functions.push_back({section.name, i, 0, section.size});
    }
  }
  return functions;
}

}  // namespace

ProgramType program_type_of(std::string_view section) noexcept {
  const std::string_view head = section_head(section);
  for (const SectionType& row : kSectionTypes) {
    if (row.prefix == head) return row.type;
  }
  for (const std::string_view name : kForeignSections) {
    if (head.starts_with(name) &&
        (head.size() == name.size() || head[name.size()] == '.' || head[name.size()] == '_')) {
      return ProgramType::foreign;
    }
  }
  return ProgramType::raw;
}

ProgramType type_of(const ProgramSpec& program, ProgramType fallback) noexcept {
  return program.type == ProgramType::raw ? fallback : program.type;
}

base::Status check_type(const ProgramSpec& program, ProgramType fallback) {
  const auto refuse = [&](const std::string& what, const std::string& hint) {
    return base::Error{base::ErrorCode::invalid, "program " + program.name + ": " + what, hint};
  };
  switch (type_of(program, fallback)) {
    case ProgramType::raw:
      return refuse(
          "the name of section " + program.section + " does not say what type of program it is",
          "name a type for it: xdp, tc or socket_filter (on the command line --type xdp or --type "
          "tc; "
          "socket filters run as tc)");
    case ProgramType::foreign:
      return refuse("section " + program.section + " is for programs that see no frames",
                    "a classifier is made of xdp, tc or socket_filter programs");
    default: return {};
  }
}

const MapSpec* ObjectSpec::map(std::string_view name) const {
  for (const MapSpec& each : maps) {
    if (each.name == name) return &each;
  }
  return nullptr;
}
MapSpec* ObjectSpec::map(std::string_view name) {
  return const_cast<MapSpec*>(std::as_const(*this).map(name));
}
const ProgramSpec* ObjectSpec::program(std::string_view name) const {
  for (const ProgramSpec& each : programs) {
    if (each.name == name) return &each;
  }
  return nullptr;
}
ProgramSpec* ObjectSpec::program(std::string_view name) {
  return const_cast<ProgramSpec*>(std::as_const(*this).program(name));
}

bool refers_to(const ProgramSpec& program, std::size_t map) noexcept {
  return std::ranges::any_of(program.references,
                             [&](const MapReference& reference) { return reference.map == map; });
}

void add_slot_programs(const ObjectSpec& object, std::vector<std::string>& names) {
  for (const MapSpec& map : object.maps) {
    for (const InitialSlot& slot : map.slots) {
      if (map.type == MapType::prog_array && object.program(slot.target) != nullptr &&
          std::ranges::find(names, slot.target) == names.end()) {
        names.push_back(slot.target);
      }
    }
  }
}

base::Result<ObjectSpec> read_object(base::ByteView bytes) {
  auto parsed = parse_elf(bytes);
  if (!parsed) return parsed.error();
  const Elf& file = parsed.value();
  ObjectSpec object;
  std::vector<SectionLines> lines;
  std::vector<SectionRelocations> core;
  if (const std::uint32_t section = file.find(".BTF"); section != 0) {
    auto btf = Btf::parse(file.sections[section].data, ".BTF");
    if (!btf) return btf.error();
    object.btf = std::move(btf).value();
    if (const std::uint32_t extension = file.find(".BTF.ext"); extension != 0) {
      auto read = parse_lines(file.sections[extension].data, object.btf);
      if (!read) return read.error();
      lines = std::move(read).value();
      auto relocations = parse_relocations(file.sections[extension].data, object.btf);
      if (!relocations) return relocations.error();
      core = std::move(relocations).value();
    }
  }
  if (const std::uint32_t section = file.find("license"); section != 0) {
    object.license = read_string(file.sections[section].data, 0).value_or("");
  }
  auto maps = read_maps(file, object.btf);
  if (!maps) return maps.error();
  for (const ObjectMap& map : maps.value()) {
    if (!map.variables || map.spec.value_type == 0) continue;
    object.btf.place_variables(map.spec.value_type, [&](const std::string& name) {
      const auto symbol = std::ranges::find_if(file.symbols, [&](const ElfSymbol& each) {
        return each.section == map.section && each.name == name;
      });
      return symbol == file.symbols.end()
                 ? std::nullopt
                 : std::optional(static_cast<std::uint32_t>(symbol->value));
    });
  }
  const std::vector<Function> functions = functions_of(file);
  for (const Function& function : functions) {
    if (file.sections[function.section].name == ".text") continue;
    auto program = Linker(file, maps.value(), functions, lines, core, object.btf).link(function);
    if (!program) return program.error();
    object.programs.push_back(std::move(program).value());
  }
  if (object.programs.empty()) {
    return base::Error{base::ErrorCode::invalid, "the object file has no program",
                       "put one into a section, for instance SEC(\"xdp\")"};
  }
  object.legacy_maps = file.find("maps") != 0;
  for (ObjectMap& map : maps.value()) {
    object.maps.push_back(std::move(map.spec));
  }
  return object;
}

}  // namespace ringbed::ebpf
