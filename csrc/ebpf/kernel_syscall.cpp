#include "ebpf/kernel_syscall.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>

namespace ringbed::ebpf {

namespace {

constexpr const char* kPrivilege =
    "run as root, or give the program CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON";

// Kernels before 5.11 charge BPF memory to the limit of locked memory, and say EPERM when it is
// used up.
bool memlock_low() {
  constexpr rlim_t kEnough = 64u << 20;
  rlimit limit{};
  return getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur < kEnough;
}

std::string memlock_text() {
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  return std::to_string(limit.rlim_cur >> 10) + " KiB";
}

}  // namespace

int bpf_call(bpf_cmd command, bpf_attr& attributes) noexcept {
  const long result = ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
  return result < 0 ? -errno : static_cast<int>(result);
}

std::uint32_t possible_cpus() {
  static const std::uint32_t count = [] {
    std::ifstream in("/sys/devices/system/cpu/possible");  // "0-7", "0"
    std::string text;
    in >> text;
    const auto last = text.find_last_of("-,");
    try {
      return static_cast<std::uint32_t>(
                 std::stoul(last == std::string::npos ? text : text.substr(last + 1))) +
             1;
    } catch (const std::exception&) {
      return static_cast<std::uint32_t>(::sysconf(_SC_NPROCESSORS_CONF));
    }
  }();
  return count;
}

base::Error kernel_error(const std::string& what, int error) {
  const auto made = [&](base::ErrorCode code, std::string hint) {
    return base::system_error(code, what, error, std::move(hint));
  };
  switch (error) {
    case EPERM:
    case EACCES:
      if (::geteuid() == 0 && memlock_low()) {
        return made(base::ErrorCode::unavailable,
                    "kernels before 5.11 say so when locked memory is used up, and the limit is " +
                        memlock_text() +
                        ": `ulimit -l unlimited`; or this container lacks CAP_BPF");
      }
      return made(base::ErrorCode::unavailable, kPrivilege);
    case ENOSYS:
      return made(base::ErrorCode::unavailable,
                  "boot a kernel that is built with CONFIG_BPF_SYSCALL");
    case ENOMEM:
      return made(base::ErrorCode::resource,
                  "make the maps smaller, or raise the limit of locked memory (" + memlock_text() +
                      " now): `ulimit -l unlimited`");
    default: return made(base::ErrorCode::unavailable, "");
  }
}

base::Status pin_object(int descriptor, const std::string& path) {
  bpf_attr attributes{};
  attributes.pathname = user_pointer(path.c_str());
  attributes.bpf_fd = static_cast<std::uint32_t>(descriptor);
  const int result = bpf_call(BPF_OBJ_PIN, attributes);
  if (result == -EEXIST) {
    return base::Error{base::ErrorCode::invalid, path + " is pinned already",
                       "unload what is there first, or name another folder"};
  }
  if (result == -EINVAL || result == -ENOENT || result == -EPERM) {
    return base::system_error(base::ErrorCode::invalid, "cannot pin " + path, -result,
                              "name a folder in a BPF file system: mount -t bpf bpf /sys/fs/bpf");
  }
  return result < 0 ? base::Status(kernel_error("cannot pin " + path, -result)) : base::Status();
}

base::Result<base::FileDescriptor> open_pinned(const std::string& path) {
  bpf_attr attributes{};
  attributes.pathname = user_pointer(path.c_str());
  const int result = bpf_call(BPF_OBJ_GET, attributes);
  if (result == -ENOENT) {
    return base::Error{base::ErrorCode::invalid, "nothing is pinned at " + path,
                       "`ls` shows what is pinned in a folder"};
  }
  if (result < 0) {
    return kernel_error("cannot open what is pinned at " + path, -result);
  }
  return base::FileDescriptor(result);
}

std::string kernel_refusal() {
  static constexpr std::array<bpf_insn, 2> kReturnTwo = {
      bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 2},
      bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_XDP;
  attributes.insns = user_pointer(kReturnTwo.data());
  attributes.insn_cnt = kReturnTwo.size();
  attributes.license = user_pointer("GPL");
  const int result = bpf_call(BPF_PROG_LOAD, attributes);
  if (result < 0) {
    const base::Error error = kernel_error("the kernel loads no BPF programs for us", -result);
    return error.message + (error.hint.empty() ? "" : "; " + error.hint);
  }
  ::close(result);
  return "";
}

}  // namespace ringbed::ebpf
