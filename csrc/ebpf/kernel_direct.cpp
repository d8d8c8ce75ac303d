// KernelCollection::load without libbpf: maps and programs as our own reader found them, by
// BPF_MAP_CREATE and BPF_PROG_LOAD. Objects with legacy map definitions need it (libbpf does not
// read these since 1.0; they come from before BTF, so nothing is lost that they have), and those
// with struct_ops beside the classifier.
#include <fcntl.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "ebpf/core_relocation.hpp"
#include "ebpf/function_types.hpp"
#include "ebpf/functions.hpp"
#include "ebpf/isa.hpp"
#include "ebpf/kernel_load.hpp"
#include "ebpf/kernel_syscall.hpp"
#include "ebpf/maps.hpp"
#include "ebpf/verdict_counter.hpp"
#include "ebpf/verifier_log.hpp"

namespace ringbed::ebpf {

namespace {

base::Result<KernelMap> reuse(const MapSpec& spec, int descriptor) {
  base::FileDescriptor copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
  if (!copy) return base::system_error(base::ErrorCode::resource, "map " + spec.name, errno, "");
  return KernelMap(spec, std::move(copy));
}

// A map as the object has it: sized, with its first contents, frozen where it is constant.
base::Result<KernelMap> make_map(const MapSpec& spec, const KernelOptions& options) {
  for (const MapReuse& each : options.reuse) {
    if (each.name == spec.name) return reuse(spec, each.descriptor);
  }
  auto map = KernelMap::create(spec);
  if (!map) {
    base::Error error = map.error();
    if (spec.max_entries == 0) {
      error.code = base::ErrorCode::invalid;
      error.hint = no_size_hint(spec.name);
    }
    return error;
  }
  const std::uint8_t first[4] = {};
  if (!spec.contents.empty()) {
    if (const int result = map.value().write(first, spec.contents.data(), update_flag::any);
        result != 0) {
      return base::system_error(base::ErrorCode::internal,
                                "map " + spec.name + " does not take its contents", -result, "");
    }
  }
  if (spec.frozen) map.value().freeze();
  return map;
}

class DirectLoader {
 public:
  DirectLoader(const ObjectSpec& object, const KernelOptions& options)
      : object_(object), options_(options) {}

  base::Result<KernelCollection> run() {
    KernelOptions options = options_;
    if (!options.only.empty()) add_slot_programs(object_, options.only);
    auto chosen = programs_to_load(object_, options);
    if (!chosen) return chosen.error();
    if (auto status = make_maps(chosen.value()); !status) return status.error();
    std::vector<KernelProgram> programs;
    for (const ProgramSpec* program : chosen.value()) {
      auto made = make_program(*program);
      if (!made) return made.error();
      programs.push_back(std::move(made).value());
    }
    KernelCollection made(std::move(programs), std::move(maps_));
    if (auto status = made.fill_slots(); !status) return status.error();
    return made;
  }

 private:
  // A map that cannot be made is an error only when a program needs it.
  base::Status make_maps(const std::vector<const ProgramSpec*>& programs) {
    for (std::size_t i = 0; i < object_.maps.size(); ++i) {
      auto map = make_map(object_.maps[i], options_);
      descriptors_.push_back(map ? map.value().descriptor() : -1);
      if (map) {
        maps_.push_back(std::move(map).value());
      } else if (std::ranges::any_of(programs,
                                     [&](const auto* each) { return refers_to(*each, i); })) {
        return map.error();
      }
    }
    return {};
  }

  [[nodiscard]] base::Result<std::vector<RawInstruction>> code_of(const ProgramSpec& program,
                                                                  ProgramType type) const {
    std::vector<RawInstruction> code = program.code;
    if (types_) {
      auto status = fit_to_kernel(code, program.core, object_.btf, *types_);
      if (!status) return status.error();
    }
    std::vector<MapReference> references = program.references;
    const VerdictSlots* slots = verdict_slots(type);
    if (options_.counts(program.name) && slots != nullptr) {
      code = counted(std::move(code), options_.verdicts, *slots, references);
    }
    for (const MapReference& reference : references) {
      RawInstruction& load = code[reference.instruction];
      load.src = reference.value ? pseudo::map_value : pseudo::map_fd;
      load.imm = descriptors_[reference.map];
      code[reference.instruction + 1].imm = static_cast<std::int32_t>(reference.offset);
    }
    return code;
  }

  base::Result<KernelProgram> make_program(const ProgramSpec& program) const {
    if (!program.external.empty()) {
      return base::Error{base::ErrorCode::invalid,
                         "program " + program.name + " needs the kernel's " + program.external,
                         "rebuild the object with maps in a section .maps, defined with BTF"};
    }
    const ProgramType type = type_of(program, options_.fallback_type);
    const auto fitted = code_of(program, type);
    if (!fitted) return fitted.error();
    const std::vector<RawInstruction>& code = fitted.value();
    FunctionTypes types;
    if (has_callbacks(code)) {
      auto made = make_function_types(code);
      if (!made) return made.error();
      types = std::move(made).value();
    }
    std::vector<char> log(kStatisticsBytes);
    int result = load(program, type, code, types, kLogStatistics, log);
    if (result >= 0) {
      return KernelProgram(program.name, program.section, type, base::FileDescriptor(result),
                           log.data());
    }
    if (!gave_up(log.data())) {
      log.assign(kWholeLogBytes, 0);
      result = load(program, type, code, types, kLogEverything, log);
    }
    return verifier_error(program, log.data(), -result, options_.log_folder);
  }

  int load(const ProgramSpec& program, ProgramType type, const std::vector<RawInstruction>& code,
           const FunctionTypes& types, std::uint32_t level, std::vector<char>& log) const {
    std::vector<std::uint8_t> bytes(code.size() * kInstructionBytes);
    for (std::size_t i = 0; i < code.size(); ++i) {
      write_instruction(bytes.data() + i * kInstructionBytes, code[i]);
    }
    bpf_attr attributes{};
    attributes.prog_type = kernel_program_type(type);
    attributes.insns = user_pointer(bytes.data());
    attributes.insn_cnt = static_cast<std::uint32_t>(code.size());
    attributes.license = user_pointer(object_.license.c_str());
    attributes.log_level = level;
    attributes.log_buf = user_pointer(log.data());
    attributes.log_size = static_cast<std::uint32_t>(log.size());
    if (type == ProgramType::xdp) {
      attributes.expected_attach_type = BPF_XDP;
      if (program.fragments) attributes.prog_flags = kFragments;
    }
    if (types.btf) {
      attributes.prog_btf_fd = static_cast<std::uint32_t>(types.btf.get());
      attributes.func_info = user_pointer(types.functions.data());
      attributes.func_info_rec_size = sizeof types.functions[0];
      attributes.func_info_cnt = static_cast<std::uint32_t>(types.functions.size());
    }
    // A section that has no function symbol is a program of its name, slashes and all.
    std::string name = program.name;
    std::ranges::replace_if(
        name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    std::strncpy(attributes.prog_name, name.c_str(), sizeof attributes.prog_name - 1);
    return bpf_call(BPF_PROG_LOAD, attributes);
  }

  static constexpr std::uint32_t kFragments = 1u << 5;  // BPF_F_XDP_HAS_FRAGS

  const ObjectSpec& object_;
  const KernelOptions& options_;
  std::optional<KernelTypes> types_ = types_asked_for(object_);
  std::vector<KernelMap> maps_;
  std::vector<int> descriptors_;  // by the object's maps; -1: not made
};

}  // namespace

base::Result<KernelCollection> load_directly(const ObjectSpec& object,
                                             const KernelOptions& options) {
  return DirectLoader(object, options).run();
}

}  // namespace ringbed::ebpf
