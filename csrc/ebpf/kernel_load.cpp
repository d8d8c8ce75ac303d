// load_with_libbpf. A first attempt asks the verifier for its statistics alone
// (log level 4: cheap); when it refuses, a second one on a fresh object asks for everything it has
// to say about the program that failed.
#include "ebpf/kernel_load.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "ebpf/kernel_syscall.hpp"
#include "ebpf/libbpf.hpp"
#include "ebpf/maps.hpp"
#include "ebpf/verdict_counter.hpp"
#include "ebpf/verifier_log.hpp"

namespace ringbed::ebpf {

namespace {

// The first thing that libbpf said, without its name in front: what follows are consequences.
std::string first_words(const std::string& text) {
  constexpr std::string_view kPrefix = "libbpf: ";
  const std::string line = text.substr(0, text.find('\n'));
  return line.starts_with(kPrefix) ? line.substr(kPrefix.size()) : line;
}

// NAME of the first "kind 'NAME': … what" in libbpf's words, or "".
std::string name_before(const std::string& text, std::string_view kind, std::string_view what) {
  const auto said = text.find(what);
  if (said == std::string::npos) return "";
  const auto start = text.rfind(kind, said);
  if (start == std::string::npos) return "";
  const auto from = start + kind.size();
  return text.substr(from, text.find('\'', from) - from);
}

base::FileDescriptor duplicate(int descriptor) {
  return base::FileDescriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
}

}  // namespace

// One attempt on one fresh bpf_object.
class ObjectLoader {
 public:
  ObjectLoader(const Libbpf& library, base::ByteView file, const ObjectSpec& object,
               const KernelOptions& options)
      : library_(library),
        file_(file),
        spec_(object),
        options_(options),
        words_(library),
        object_(nullptr, library.close) {}

  base::Result<KernelCollection> run();

 private:
  base::Status open();
  base::Status prepare_programs();
  void count_exits(bpf_program* program, const VerdictSlots& slots) const;
  base::Status prepare_maps();
  base::Status prepare_map(bpf_map* map, const MapSpec& spec);
  [[nodiscard]] bool leave_out(const MapSpec& spec) const;
  base::Error load_error(int error);
  base::Error refused(const ProgramSpec& program, int error);
  std::string short_log(const ProgramSpec& program) const;
  base::Error no_map(const std::string& name, int error) const;
  base::Result<KernelCollection> take() const;

  [[nodiscard]] const MapSpec* spec_of(const bpf_map* map) const;

  const Libbpf& library_;
  base::ByteView file_;
  const ObjectSpec& spec_;
  const KernelOptions& options_;
  LibbpfWords words_;
  std::unique_ptr<bpf_object, decltype(Libbpf::close)> object_;
  std::vector<const ProgramSpec*> chosen_;
  std::vector<std::vector<char>> logs_;  // of the programs that are loaded, in the object's order
};

base::Status ObjectLoader::open() {
  bpf_object_open_opts opts{};
  opts.sz = sizeof opts;
  opts.object_name = "ringbed";
  opts.relaxed_maps = true;
  object_.reset(library_.open_mem(file_.data(), file_.size(), &opts));
  if (object_ != nullptr) return {};
  const int error = errno;
  std::string hint;
  if (words_.text().find("BTF") != std::string::npos) {
    hint = "build the object with `clang -g -target bpf` so that it has BTF";
  }
  return base::Error{base::ErrorCode::invalid,
                     "libbpf does not open the object: " + first_words(words_.text()) + " (" +
                         std::strerror(error) + ")",
                     hint};
}

base::Status ObjectLoader::prepare_programs() {
  KernelOptions options = options_;
  if (!options.only.empty()) {
    // libbpf puts the programs that the file's prog_arrays name into their slots, and fails when
    // one of them is not loaded; `spec_` may have other slots.
    auto file = read_object(file_);
    if (!file) return file.error();
    add_slot_programs(file.value(), options.only);
    add_slot_programs(spec_, options.only);
  }
  auto chosen = programs_to_load(spec_, options);
  if (!chosen) return chosen.error();
  chosen_ = std::move(chosen).value();
  for (bpf_program* program = library_.next_program(object_.get(), nullptr); program != nullptr;
       program = library_.next_program(object_.get(), program)) {
    const ProgramSpec* spec = spec_.program(library_.program_name(program));
    const bool load = std::ranges::find(chosen_, spec) != chosen_.end();
    library_.program_set_autoload(program, load);
    logs_.emplace_back(load ? kStatisticsBytes : 0);
    if (!load) continue;
    const ProgramType type = type_of(*spec, options_.fallback_type);
    // Of a section that libbpf knows, keep what it knows beyond the type. It knows fewer than
    // loaders before it did: "xdp" and "xdp/devmap", but not "xdp/eth0".
    const auto wanted = static_cast<bpf_prog_type>(kernel_program_type(type));
    if (library_.program_type(program) != wanted) {
      library_.program_set_type(program, wanted);
      library_.program_set_attach_type(
          program, type == ProgramType::xdp ? BPF_XDP : static_cast<bpf_attach_type>(0));
    }
    const VerdictSlots* slots = verdict_slots(type);
    if (options_.counts(spec->name) && slots != nullptr) count_exits(program, *slots);
    library_.program_set_log_level(program, kLogStatistics);
    library_.program_set_log_buf(program, logs_.back().data(), logs_.back().size());
  }
  return {};
}

// libbpf puts the functions that a program calls behind it later on.
void ObjectLoader::count_exits(bpf_program* program, const VerdictSlots& slots) const {
  const bpf_insn* own = library_.program_insns(program);
  std::vector<RawInstruction> code(library_.program_insn_cnt(program));
  for (std::size_t i = 0; i < code.size(); ++i) {
    code[i] = read_instruction(reinterpret_cast<const std::uint8_t*>(own + i));
  }
  code = counted(std::move(code), options_.verdicts, slots);
  std::vector<bpf_insn> changed(code.size());
  for (std::size_t i = 0; i < code.size(); ++i) {
    write_instruction(reinterpret_cast<std::uint8_t*>(&changed[i]), code[i]);
  }
  library_.program_set_insns(program, changed.data(), changed.size());
}

const MapSpec* ObjectLoader::spec_of(const bpf_map* map) const {
  const std::string_view name = library_.map_name(map);
  // libbpf names sections of variables "<object>.rodata", cut to what the kernel takes; the
  // object's part has no dot. The dot tells them from a map of the object's own, which may be
  // called "data".
  const auto dot = name.find('.');
  const bool internal = library_.map_is_internal(map) && dot != std::string_view::npos;
  const std::string_view section = internal ? name.substr(dot) : std::string_view();
  const bool cut = name.size() + 1 >= BPF_OBJ_NAME_LEN;
  for (const MapSpec& each : spec_.maps) {
    if (each.name == (internal ? section : name)) return &each;
  }
  for (const MapSpec& each : spec_.maps) {
    if (internal && cut && each.name.starts_with(section)) return &each;
  }
  return nullptr;
}

base::Status ObjectLoader::prepare_maps() {
  for (bpf_map* map = library_.next_map(object_.get(), nullptr); map != nullptr;
       map = library_.next_map(object_.get(), map)) {
    library_.map_set_pin_path(map, nullptr);
    if (const MapSpec* spec = spec_of(map); spec != nullptr) {
      if (auto status = prepare_map(map, *spec); !status) return status;
    }
  }
  return {};
}

// Whether the map cannot be made as it is, and no program that is loaded needs it.
bool ObjectLoader::leave_out(const MapSpec& spec) const {
  const MapRow* kind = find_map_kind(spec.type);
  if (kind == nullptr || kind->check(spec) == 0) return false;
  const auto index = static_cast<std::size_t>(&spec - spec_.maps.data());
  return std::ranges::none_of(chosen_, [&](const auto* each) { return refers_to(*each, index); });
}

// Only what differs: libbpf forgets a map's BTF types when its sizes are set.
base::Status ObjectLoader::prepare_map(bpf_map* map, const MapSpec& spec) {
  if (leave_out(spec)) {
    library_.map_set_autocreate(map, false);
    return {};
  }
  int result = 0;
  const auto set = [&](auto have, auto want, auto setter) {
    if (result == 0 && have != want) result = setter(map, want);
  };
  if (library_.map_is_internal(map)) {
    std::size_t bytes = 0;
    const void* have = library_.map_initial_value(map, &bytes);
    if (have != nullptr && bytes == spec.contents.size() &&
        std::memcmp(have, spec.contents.data(), bytes) != 0) {
      result = library_.map_set_initial_value(map, spec.contents.data(), bytes);
    }
  } else {
    set(library_.map_type(map), static_cast<bpf_map_type>(spec.type), library_.map_set_type);
    set(library_.map_key_size(map), spec.key_size, library_.map_set_key_size);
    set(library_.map_value_size(map), spec.value_size, library_.map_set_value_size);
    set(library_.map_max_entries(map), spec.max_entries, library_.map_set_max_entries);
    set(library_.map_flags(map), spec.flags, library_.map_set_flags);
  }
  for (const MapReuse& each : options_.reuse) {
    if (result == 0 && each.name == spec.name) {
      result = library_.map_reuse_fd(map, each.descriptor);
    }
  }
  if (result == 0) return {};
  return base::system_error(base::ErrorCode::invalid, "map " + spec.name + " cannot be changed so",
                            -result, "");
}

base::Result<KernelCollection> ObjectLoader::run() {
  if (auto status = open(); !status) return status.error();
  if (auto status = prepare_programs(); !status) return status.error();
  if (auto status = prepare_maps(); !status) return status.error();
  words_.clear();
  if (const int result = library_.load(object_.get()); result != 0) {
    return load_error(-result);
  }
  return take();
}

base::Error ObjectLoader::load_error(int error) {
  const std::string program = name_before(words_.text(), "prog '", "failed to load");
  for (const ProgramSpec& each : spec_.programs) {
    if (each.name == program) return refused(each, error);
  }
  if (const std::string map = name_before(words_.text(), "map '", "failed to create");
      !map.empty()) {
    return no_map(map, error);
  }
  base::Error made = kernel_error("cannot load the object: " + first_words(words_.text()), error);
  if (error == EINVAL || error == E2BIG || error == ENOENT) made.code = base::ErrorCode::invalid;
  if (words_.text().find("ksym) '") != std::string::npos) {
    made.code = base::ErrorCode::unavailable;
    made.hint =
        "this kernel has no such function or variable (is its module loaded?): declare it __weak "
        "and ask bpf_ksym_exists() for it, or leave the programs that need it out of the object";
  } else if (words_.text().find("vmlinux") != std::string::npos) {
    made.code = base::ErrorCode::unavailable;
    made.hint =
        "the object needs the kernel's own BTF (/sys/kernel/btf/vmlinux): boot a kernel "
        "built with CONFIG_DEBUG_INFO_BTF";
  }
  return made;
}

base::Error ObjectLoader::no_map(const std::string& name, int error) const {
  base::Error made = kernel_error("map " + name + ": the kernel does not make it", error);
  const MapSpec* spec = spec_.map(name);
  if (spec != nullptr && error == EINVAL) {
    made.code = base::ErrorCode::invalid;
    made.hint = spec->max_entries == 0
                    ? no_size_hint(name)
                    : "is its type known to this kernel, and are its key (" +
                          std::to_string(spec->key_size) + " bytes), value (" +
                          std::to_string(spec->value_size) + ") and flags right for it?";
  }
  return made;
}

// What the first attempt logged of that program: the reason without the walk to it.
std::string ObjectLoader::short_log(const ProgramSpec& program) const {
  std::size_t at = 0;
  for (bpf_program* each = library_.next_program(object_.get(), nullptr); each != nullptr;
       each = library_.next_program(object_.get(), each), ++at) {
    if (program.name == library_.program_name(each) && !logs_[at].empty()) return logs_[at].data();
  }
  return "";
}

// Loads once more, everything logged, and reads the log. A program that is too long is not worth
// it: its log is a million instructions of the same loop, and takes seconds.
base::Error ObjectLoader::refused(const ProgramSpec& program, int error) {
  const std::string first = short_log(program);
  if (gave_up(first)) {
    return verifier_error(program, first, error, options_.log_folder);
  }
  std::vector<char> log(kWholeLogBytes);
  ObjectLoader again(library_, file_, spec_, options_);
  if (again.open().ok() && again.prepare_programs().ok() && again.prepare_maps().ok()) {
    for (bpf_program* each = library_.next_program(again.object_.get(), nullptr); each != nullptr;
         each = library_.next_program(again.object_.get(), each)) {
      if (program.name != library_.program_name(each)) continue;
      library_.program_set_log_level(each, kLogEverything);
      library_.program_set_log_buf(each, log.data(), log.size());
    }
    library_.load(again.object_.get());
  }
  std::string whole = log.data();
  // Before Linux 6.4 a log that is too long loses its end, where the reason is.
  if (whole.find("processed ") == std::string::npos) whole += "\n" + first;
  return verifier_error(program, whole, error, options_.log_folder);
}

base::Result<KernelCollection> ObjectLoader::take() const {
  std::vector<KernelProgram> programs;
  std::vector<KernelMap> maps;
  std::size_t at = 0;
  for (bpf_program* program = library_.next_program(object_.get(), nullptr); program != nullptr;
       program = library_.next_program(object_.get(), program), ++at) {
    const int descriptor = library_.program_fd(program);
    const ProgramSpec* spec = spec_.program(library_.program_name(program));
    if (descriptor < 0 || spec == nullptr) continue;
    programs.emplace_back(spec->name, spec->section, type_of(*spec, options_.fallback_type),
                          duplicate(descriptor), logs_[at].data());
  }
  for (bpf_map* map = library_.next_map(object_.get(), nullptr); map != nullptr;
       map = library_.next_map(object_.get(), map)) {
    const int descriptor = library_.map_fd(map);
    const MapSpec* spec = spec_of(map);
    if (descriptor < 0 || spec == nullptr) continue;
    maps.emplace_back(*spec, duplicate(descriptor));
  }
  return KernelCollection(std::move(programs), std::move(maps));
}

base::Result<KernelCollection> load_with_libbpf(base::ByteView file, const ObjectSpec& object,
                                                const KernelOptions& options) {
  std::string refusal;
  const Libbpf* library = libbpf(refusal);
  if (library == nullptr) {
    return base::Error{base::ErrorCode::unavailable,
                       "cannot load objects into the kernel: " + refusal, ""};
  }
  return ObjectLoader(*library, file, object, options).run();
}

}  // namespace ringbed::ebpf
