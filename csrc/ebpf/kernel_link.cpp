#include "ebpf/kernel_link.hpp"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <thread>

#include "ebpf/kernel_syscall.hpp"
#include "ebpf/kernel_tc.hpp"

namespace ringbed::ebpf {

namespace {

constexpr auto kTcxIngress = static_cast<bpf_attach_type>(46);  // BPF_TCX_INGRESS, Linux 6.6

int create_link(int program, std::uint32_t interface, bpf_attach_type type, std::uint32_t flags) {
  bpf_attr attributes{};
  attributes.link_create.prog_fd = static_cast<std::uint32_t>(program);
  attributes.link_create.target_ifindex = interface;
  attributes.link_create.attach_type = type;
  attributes.link_create.flags = flags;
  return bpf_call(BPF_LINK_CREATE, attributes);
}

base::Error not_attached(const std::string& program, int error, AttachMode mode) {
  const std::string what = "program " + program + ": cannot be attached to the interface";
  const auto unavailable = [&](const char* hint) {
    return base::system_error(base::ErrorCode::unavailable, what, error, hint);
  };
  switch (error) {
    case EBUSY:
    case EEXIST:
      return unavailable(
          "another XDP program is attached: `ip link set dev IF xdp off` takes it away (see "
          "`ip -d link show dev IF`; one that hangs on a bpf_link leaves with its process)");
    case EOPNOTSUPP:
    case ERANGE:
    case EINVAL:
      if (mode == AttachMode::tcx) {
        return unavailable("TCX needs Linux 6.6: --mode tc works on older kernels");
      }
      return unavailable(mode == AttachMode::native
                             ? "the driver has no native XDP for this MTU: lower the MTU, build "
                               "the program as xdp.frags, or say --mode generic"
                             : "lower the interface's MTU, or build the program as xdp.frags: "
                               "XDP wants a frame in one page");
    case ENODEV: return base::system_error(base::ErrorCode::invalid, what, error, "is it there?");
    default: return kernel_error(what, error);
  }
}

// Netlink works in the namespace of its thread, so the work is done by one that goes there.
template <typename Work>
void in_space(int space, Work work) {
  std::thread([&] {
    if (::setns(space, CLONE_NEWNET) == 0) work();
  }).join();
}

}  // namespace

ProgramType program_type_for(AttachMode mode) noexcept {
  return mode == AttachMode::tc || mode == AttachMode::tcx ? ProgramType::tc : ProgramType::xdp;
}

base::Result<KernelLink> KernelLink::attach(const KernelProgram& program, std::uint32_t interface,
                                            AttachMode mode) {
  if (program.type() != program_type_for(mode)) {
    const bool tc = program.type() == ProgramType::tc;
    return base::Error{base::ErrorCode::invalid,
                       "program " + program.name() + " (section " + program.section() + ") is " +
                           (tc ? "a TC" : "an XDP") + " program",
                       tc ? "--mode tc or tcx" : "--mode native or generic"};
  }
  if (program.section().ends_with("/devmap") || program.section().ends_with("/cpumap")) {
    return base::Error{base::ErrorCode::invalid,
                       "program " + program.name() + " (section " + program.section() +
                           ") belongs to an entry of a map, not to an interface",
                       "the one that redirects into the map goes on the interface: --program NAME"};
  }
  KernelLink made;
  made.interface_ = interface;
  made.mode_ = mode;
  int result = -EINVAL;
  switch (mode) {
    case AttachMode::tc: return attach_filter(program, interface);
    case AttachMode::tcx:
      result = create_link(program.descriptor(), interface, kTcxIngress, 0);
      break;
    case AttachMode::xdp:
    case AttachMode::native:
      made.mode_ = AttachMode::native;
      result = create_link(program.descriptor(), interface, BPF_XDP, XDP_FLAGS_DRV_MODE);
      if (result >= 0 || result == -EBUSY || mode == AttachMode::native) break;
      [[fallthrough]];
    case AttachMode::generic:
      made.mode_ = AttachMode::generic;
      result = create_link(program.descriptor(), interface, BPF_XDP, XDP_FLAGS_SKB_MODE);
      break;
  }
  if (result < 0) return not_attached(program.name(), -result, made.mode_);
  made.link_ = base::FileDescriptor(result);
  return made;
}

base::Result<KernelLink> KernelLink::attach_filter(const KernelProgram& program,
                                                   std::uint32_t interface) {
  KernelLink made;
  made.interface_ = interface;
  made.mode_ = AttachMode::tc;
  made.space_ = base::FileDescriptor(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  auto own_hook = attach_clsact(interface, program.descriptor());
  if (!own_hook) {
    made.interface_ = 0;
    return own_hook.error();
  }
  made.own_hook_ = own_hook.value();
  return made;
}

base::Result<KernelLink> KernelLink::open(const std::string& path) {
  auto opened = open_pinned(path);
  if (!opened) return opened.error();
  bpf_link_info info{};
  bpf_attr attributes{};
  attributes.info.bpf_fd = static_cast<std::uint32_t>(opened.value().get());
  attributes.info.info = user_pointer(&info);
  attributes.info.info_len = sizeof info;
  if (bpf_call(BPF_OBJ_GET_INFO_BY_FD, attributes) < 0) {
    return base::Error{base::ErrorCode::invalid, path + " is no link", ""};
  }
  KernelLink made;
  made.link_ = std::move(opened).value();
  made.mode_ = info.type == BPF_LINK_TYPE_XDP ? AttachMode::xdp : AttachMode::tcx;
  return made;
}

KernelLink& KernelLink::operator=(KernelLink&& other) noexcept {
  if (this != &other) {
    detach();
    link_ = std::move(other.link_);
    space_ = std::move(other.space_);
    interface_ = other.interface_;
    own_hook_ = other.own_hook_;
    mode_ = other.mode_;
  }
  return *this;
}

base::Status KernelLink::update(const KernelProgram& program) {
  if (program.type() != program_type_for(mode_)) {
    return base::Error{base::ErrorCode::invalid,
                       "program " + program.name() +
                           " is of another type than the one it is to "
                           "take the place of",
                       ""};
  }
  if (mode_ == AttachMode::tc) {
    base::Status status;
    in_space(space_.get(), [&] {
      auto attached = attach_clsact(interface_, program.descriptor());
      if (!attached) status = attached.error();
    });
    return status;
  }
  bpf_attr attributes{};
  attributes.link_update.link_fd = static_cast<std::uint32_t>(link_.get());
  attributes.link_update.new_prog_fd = static_cast<std::uint32_t>(program.descriptor());
  const int result = bpf_call(BPF_LINK_UPDATE, attributes);
  return result < 0 ? base::Status(not_attached(program.name(), -result, mode_)) : base::Status();
}

base::Status KernelLink::pin(const std::string& path) const {
  if (mode_ == AttachMode::tc) {
    return base::Error{base::ErrorCode::invalid, "a clsact filter cannot be pinned",
                       "--mode tcx hangs on a link, which can"};
  }
  return pin_object(link_.get(), path);
}

void KernelLink::detach_now() noexcept {
  if (link_) {
    bpf_attr attributes{};
    attributes.link_detach.link_fd = static_cast<std::uint32_t>(link_.get());
    bpf_call(BPF_LINK_DETACH, attributes);
  }
  detach();
}

void KernelLink::detach() noexcept {
  link_.reset();
  if (space_ && interface_ != 0) {
    in_space(space_.get(), [&] { detach_clsact(interface_, own_hook_); });
  }
  space_.reset();
}

// XDP and TC programs run inside RCU read sections, and a global membarrier waits for those: the
// way of the kernel's own tests (kern_sync_rcu). Where it is switched off (nohz_full), time has to
// do: a program runs for microseconds.
void wait_for_running_programs() noexcept {
  constexpr timespec kLongEnough{0, 50'000'000};
  if (::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0) {
    ::nanosleep(&kLongEnough, nullptr);
  }
}

}  // namespace ringbed::ebpf
