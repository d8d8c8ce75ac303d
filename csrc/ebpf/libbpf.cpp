#include "ebpf/libbpf.hpp"

#include <dlfcn.h>

#include <cstdarg>
#include <cstdio>

#include "ebpf/kernel_collection.hpp"

namespace ringbed::ebpf {

namespace {

constexpr const char* kInstall = "install libbpf1 (Debian, Ubuntu: apt-get install libbpf1)";

struct Opened {
  Libbpf library;
  std::string refusal;
};

class Resolver {
 public:
  explicit Resolver(void* handle) : handle_(handle) {}

  template <typename Function>
  void operator()(Function& to, const char* name) {
    to = reinterpret_cast<Function>(::dlsym(handle_, name));
    if (to == nullptr) missing = name;
  }

  std::string missing;

 private:
  void* handle_;
};

void resolve_all(Libbpf& to, Resolver& find) {
  find(to.version_string, "libbpf_version_string");
  find(to.set_print, "libbpf_set_print");
  find(to.open_mem, "bpf_object__open_mem");
  find(to.load, "bpf_object__load");
  find(to.close, "bpf_object__close");
  find(to.next_program, "bpf_object__next_program");
  find(to.program_name, "bpf_program__name");
  find(to.program_fd, "bpf_program__fd");
  find(to.program_insns, "bpf_program__insns");
  find(to.program_insn_cnt, "bpf_program__insn_cnt");
  find(to.program_set_insns, "bpf_program__set_insns");
  find(to.program_type, "bpf_program__type");
  find(to.program_set_type, "bpf_program__set_type");
  find(to.program_set_attach_type, "bpf_program__set_expected_attach_type");
  find(to.program_set_autoload, "bpf_program__set_autoload");
  find(to.program_set_log_level, "bpf_program__set_log_level");
  find(to.program_set_log_buf, "bpf_program__set_log_buf");
  find(to.next_map, "bpf_object__next_map");
  find(to.map_name, "bpf_map__name");
  find(to.map_fd, "bpf_map__fd");
  find(to.map_is_internal, "bpf_map__is_internal");
  find(to.map_type, "bpf_map__type");
  find(to.map_set_type, "bpf_map__set_type");
  find(to.map_key_size, "bpf_map__key_size");
  find(to.map_set_key_size, "bpf_map__set_key_size");
  find(to.map_value_size, "bpf_map__value_size");
  find(to.map_set_value_size, "bpf_map__set_value_size");
  find(to.map_max_entries, "bpf_map__max_entries");
  find(to.map_set_max_entries, "bpf_map__set_max_entries");
  find(to.map_flags, "bpf_map__map_flags");
  find(to.map_set_flags, "bpf_map__set_map_flags");
  find(to.map_set_pin_path, "bpf_map__set_pin_path");
  find(to.map_set_autocreate, "bpf_map__set_autocreate");
  find(to.map_reuse_fd, "bpf_map__reuse_fd");
  find(to.map_initial_value, "bpf_map__initial_value");
  find(to.map_set_initial_value, "bpf_map__set_initial_value");
  find(to.tc_hook_create, "bpf_tc_hook_create");
  find(to.tc_hook_destroy, "bpf_tc_hook_destroy");
  find(to.tc_attach, "bpf_tc_attach");
  find(to.tc_detach, "bpf_tc_detach");
}

Opened open_library() {
  Opened opened;
  void* handle = ::dlopen("libbpf.so.1", RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    opened.refusal = std::string("libbpf is not here (libbpf.so.1); ") + kInstall;
    return opened;
  }
  Resolver find(handle);
  resolve_all(opened.library, find);
  if (!find.missing.empty()) {
    opened.refusal = "this libbpf is too old (no " + find.missing + "); " + kInstall;
  }
  return opened;
}

const Opened& opened() {
  static const Opened once = open_library();
  return once;
}

// libbpf has one print function a process; each thread collects its own words.
thread_local std::string* collecting = nullptr;

int collect(libbpf_print_level level, const char* format, std::va_list arguments) {
  if (collecting == nullptr || level == LIBBPF_DEBUG) return 0;
  char line[4096];
  const int bytes = std::vsnprintf(line, sizeof line, format, arguments);
  if (bytes > 0) collecting->append(line);
  return bytes;
}

}  // namespace

const Libbpf* libbpf(std::string& refusal) {
  refusal = opened().refusal;
  return refusal.empty() ? &opened().library : nullptr;
}

std::string libbpf_refusal() { return opened().refusal; }

std::string libbpf_version() {
  return opened().refusal.empty() ? opened().library.version_string() : std::string();
}

LibbpfWords::LibbpfWords(const Libbpf& library) {
  library.set_print(collect);
  collecting = &text_;
}

LibbpfWords::~LibbpfWords() { collecting = nullptr; }

}  // namespace ringbed::ebpf
