#include "port/bpf.hpp"

#include <sys/syscall.h>

#include <algorithm>

namespace ringbed::port {

namespace {

constexpr std::size_t kLogBytes = 64 * 1024;
constexpr const char* kAgreeingLicense = "Dual MIT/GPL";  // with the kernel's own
constexpr std::size_t kLogTail = 600;                     // the last lines say what was wrong

std::uint64_t address_of(const void* at) noexcept { return reinterpret_cast<std::uintptr_t>(at); }

// `attributes`: without the code.
base::Result<FileDescriptor> load(bpf_attr attributes, std::span<const bpf_insn> code,
                                  std::string_view name, const char* license,
                                  const std::string& what) {
  attributes.insn_cnt = static_cast<std::uint32_t>(code.size());
  attributes.insns = address_of(code.data());
  attributes.license = address_of(license);
  name.copy(attributes.prog_name, sizeof attributes.prog_name - 1);
  FileDescriptor program(bpf(BPF_PROG_LOAD, attributes));
  if (program) {
    return program;
  }
  const int error = errno;
  base::Error refused = bpf_refused("cannot load the " + what + " " + std::string(name), error);
  if (error == EINVAL || error == EACCES) {  // the verifier's: ask it again, for its words
    std::string log(kLogBytes, '\0');
    attributes.log_level = 1;
    attributes.log_buf = address_of(log.data());
    attributes.log_size = kLogBytes;
    FileDescriptor(bpf(BPF_PROG_LOAD, attributes)).reset();
    log.resize(std::min(log.find('\0'), log.size()));
    if (!log.empty()) {
      refused.hint = "the kernel's verifier says: " +
                     log.substr(log.size() > kLogTail ? log.size() - kLogTail : 0);
    }
  }
  return refused;
}

}  // namespace

int bpf(bpf_cmd command, bpf_attr& attributes) noexcept {
  return static_cast<int>(syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

base::Error bpf_refused(const std::string& what, int error) {
  switch (error) {
    case EPERM:
    case EACCES:
      return system_error(base::ErrorCode::unavailable, what, error,
                          "run as root, or give the program CAP_BPF, CAP_NET_ADMIN and "
                          "CAP_NET_RAW");
    case ENOSYS:
      return system_error(base::ErrorCode::unavailable, what, error,
                          "boot a kernel that is built with CONFIG_BPF_SYSCALL and "
                          "CONFIG_XDP_SOCKETS");
    case ENOMEM:
      return system_error(base::ErrorCode::resource, what, error,
                          "raise the limit of locked memory: ulimit -l unlimited");
    default: return system_error(base::ErrorCode::unavailable, what, error, "");
  }
}

base::Result<FileDescriptor> make_bpf_map(const BpfMapSpec& spec) {
  bpf_attr attributes{};
  attributes.map_type = spec.type;
  attributes.key_size = sizeof(std::uint32_t);
  attributes.value_size = spec.value_bytes;
  attributes.max_entries = spec.entries;
  attributes.map_flags = spec.flags;
  spec.name.copy(attributes.map_name, sizeof attributes.map_name - 1);
  FileDescriptor map(bpf(BPF_MAP_CREATE, attributes));
  if (!map) {
    return bpf_refused("cannot make the eBPF map " + std::string(spec.name), errno);
  }
  return map;
}

base::Status set_bpf_element(int map, std::uint32_t key, std::uint32_t value) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(map);
  attributes.key = address_of(&key);
  attributes.value = address_of(&value);
  if (bpf(BPF_MAP_UPDATE_ELEM, attributes) != 0) {
    return bpf_refused("cannot set element " + std::to_string(key) + " of an eBPF map", errno);
  }
  return {};
}

base::Result<FileDescriptor> load_xdp(std::span<const bpf_insn> code, std::string_view name,
                                      std::uint32_t flags) {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_XDP;
  attributes.expected_attach_type = BPF_XDP;
  attributes.prog_flags = flags;
  return load(attributes, code, name, "Apache-2.0", "XDP program");
}

base::Result<FileDescriptor> load_xdp_for(std::uint32_t interface, std::span<const bpf_insn> code,
                                          std::string_view name, std::uint32_t flags) {
  constexpr std::uint32_t kBoundToDevice = 1U << 6;  // BPF_F_XDP_DEV_BOUND_ONLY
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_XDP;
  attributes.expected_attach_type = BPF_XDP;
  attributes.prog_flags = flags | kBoundToDevice;
  attributes.prog_ifindex = interface;
  return load(attributes, code, name, kAgreeingLicense, "XDP program");
}

base::Result<FileDescriptor> load_raw_tracepoint(std::span<const bpf_insn> code,
                                                 std::string_view name) {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
  return load(attributes, code, name, kAgreeingLicense, "tracing program");
}

base::Result<FileDescriptor> attach_raw_tracepoint(int program, const std::string& tracepoint) {
  bpf_attr attributes{};
  attributes.raw_tracepoint.name = address_of(tracepoint.c_str());
  attributes.raw_tracepoint.prog_fd = static_cast<std::uint32_t>(program);
  FileDescriptor link(bpf(BPF_RAW_TRACEPOINT_OPEN, attributes));
  if (!link) {
    return bpf_refused("cannot listen to the kernel's tracepoint " + tracepoint, errno);
  }
  return link;
}

FileDescriptor link_xdp(int program, std::uint32_t interface, std::uint32_t mode) noexcept {
  bpf_attr attributes{};
  attributes.link_create.prog_fd = static_cast<std::uint32_t>(program);
  attributes.link_create.target_ifindex = interface;
  attributes.link_create.attach_type = BPF_XDP;
  attributes.link_create.flags = mode;
  return FileDescriptor(bpf(BPF_LINK_CREATE, attributes));
}

}  // namespace ringbed::port
