#include "ebpf/kernel_tc.hpp"

#include <cerrno>
#include <string>

#include "ebpf/kernel_syscall.hpp"
#include "ebpf/libbpf.hpp"

namespace ringbed::ebpf {

namespace {

// One fixed place on every interface, so that a filter left by a killed process is replaced.
constexpr std::uint32_t kPlace = 0x7262;

bpf_tc_hook hook_of(std::uint32_t interface) noexcept {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = static_cast<int>(interface);
  hook.attach_point = BPF_TC_INGRESS;
  return hook;
}

bpf_tc_opts place() noexcept {
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.handle = kPlace;
  options.priority = kPlace;
  return options;
}

}  // namespace

base::Result<bool> attach_clsact(std::uint32_t interface, int program) {
  std::string refusal;
  const Libbpf* library = libbpf(refusal);
  if (library == nullptr) {
    return base::Error{base::ErrorCode::unavailable, "cannot make a TC filter: " + refusal, ""};
  }
  const LibbpfWords words(*library);
  bpf_tc_hook hook = hook_of(interface);
  const int made = library->tc_hook_create(&hook);
  if (made != 0 && made != -EEXIST) {
    return kernel_error("cannot make a clsact qdisc on the interface", -made);
  }
  bpf_tc_opts options = place();
  options.prog_fd = program;
  options.flags = BPF_TC_F_REPLACE;
  if (const int result = library->tc_attach(&hook, &options); result != 0) {
    return kernel_error("cannot attach a TC filter to the interface", -result);
  }
  return made == 0;
}

void detach_clsact(std::uint32_t interface, bool own_hook) noexcept {
  std::string refusal;
  const Libbpf* library = libbpf(refusal);
  if (library == nullptr) return;
  const LibbpfWords words(*library);
  bpf_tc_hook hook = hook_of(interface);
  const bpf_tc_opts options = place();
  library->tc_detach(&hook, &options);
  if (own_hook) {
    hook.attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS);
    library->tc_hook_destroy(&hook);
  }
}

}  // namespace ringbed::ebpf
