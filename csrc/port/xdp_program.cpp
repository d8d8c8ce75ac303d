#include "port/xdp_program.hpp"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <sys/syscall.h>

#include <array>
#include <cstddef>

namespace ringbed::port {

namespace {

constexpr const char* kPrivilege =
    "run as root, or give the program CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW";

constexpr std::uint32_t kHasFrags = 1U << 5;  // BPF_F_XDP_HAS_FRAGS (Linux 5.18)

int bpf(bpf_cmd command, bpf_attr& attributes) noexcept {
  return static_cast<int>(syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

constexpr bpf_insn instruction(std::uint8_t code, std::uint8_t dst, std::uint8_t src,
                               std::int16_t offset, std::int32_t immediate) noexcept {
  bpf_insn insn{};
  insn.code = code;
  insn.dst_reg = dst & 0xf;
  insn.src_reg = src & 0xf;
  insn.off = offset;
  insn.imm = immediate;
  return insn;
}

base::Error refused(const std::string& what, int error) {
  switch (error) {
    case EPERM:
    case EACCES: return system_error(base::ErrorCode::unavailable, what, error, kPrivilege);
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

int load_program(int map, bool multi_buffer) noexcept {
  const auto program = std::to_array<bpf_insn>({
      instruction(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1, offsetof(xdp_md, rx_queue_index),
                  0),
      instruction(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),
      instruction(0, 0, 0, 0, 0),  // the upper half of the immediate
      instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, XDP_PASS),
      instruction(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect_map),
      instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
  });
  static constexpr char kLicense[] = "Apache-2.0";
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_XDP;
  attributes.insn_cnt = program.size();
  attributes.insns = reinterpret_cast<std::uintptr_t>(program.data());
  attributes.license = reinterpret_cast<std::uintptr_t>(kLicense);
  attributes.expected_attach_type = BPF_XDP;
  attributes.prog_flags = multi_buffer ? kHasFrags : 0;
  std::memcpy(attributes.prog_name, "ringbed_port", 13);
  return bpf(BPF_PROG_LOAD, attributes);
}

int make_map(std::uint32_t queues) noexcept {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_XSKMAP;
  attributes.key_size = sizeof(std::uint32_t);
  attributes.value_size = sizeof(std::uint32_t);
  attributes.max_entries = queues;
  std::memcpy(attributes.map_name, "ringbed_sockets", 16);
  return bpf(BPF_MAP_CREATE, attributes);
}

int make_link(int program, std::uint32_t interface, std::uint32_t flags) noexcept {
  bpf_attr attributes{};
  attributes.link_create.prog_fd = static_cast<std::uint32_t>(program);
  attributes.link_create.target_ifindex = interface;
  attributes.link_create.attach_type = BPF_XDP;
  attributes.link_create.flags = flags;
  return bpf(BPF_LINK_CREATE, attributes);
}

base::Error not_attached(int error, XdpMode mode) {
  const std::string what = "cannot attach an XDP program to the interface";
  switch (error) {
    case EBUSY:
      return system_error(base::ErrorCode::unavailable, what, error,
                          "another XDP program is attached: `ip link set dev IF xdp off` takes it "
                          "away (see `ip -d link show dev IF`)");
    case EOPNOTSUPP:
    case EINVAL:
    case ERANGE:
      return system_error(base::ErrorCode::unavailable, what, error,
                          mode == XdpMode::native
                              ? "the driver has no native XDP for this MTU: lower the MTU, or use "
                                "the generic mode"
                              : "lower the MTU of the interface: XDP wants a frame in one page");
    default: return refused(what, error);
  }
}

}  // namespace

base::Result<XdpProgram> XdpProgram::attach(std::uint32_t interface, std::uint32_t queues,
                                            XdpMode mode, bool multi_buffer) {
  XdpProgram made;
  made.sockets_ = FileDescriptor(make_map(queues));
  if (!made.sockets_) {
    return refused("cannot make a map of AF_XDP sockets", errno);
  }
  made.program_ = FileDescriptor(load_program(made.sockets_.get(), multi_buffer));
  if (!made.program_) {
    return refused("cannot load an XDP program", errno);
  }
  int error = 0;
  if (mode != XdpMode::generic) {
    made.link_ = FileDescriptor(make_link(made.program_.get(), interface, XDP_FLAGS_DRV_MODE));
    made.native_ = static_cast<bool>(made.link_);
    error = errno;
  }
  if (!made.link_ && mode != XdpMode::native && error != EBUSY) {
    made.link_ = FileDescriptor(make_link(made.program_.get(), interface, XDP_FLAGS_SKB_MODE));
    error = errno;
  }
  if (!made.link_) {
    return not_attached(error, mode);
  }
  return made;
}

base::Result<XdpProgram> XdpProgram::borrow(const ForeignProgram& foreign) {
  XdpProgram made;
  made.sockets_ = FileDescriptor(fcntl(foreign.sockets, F_DUPFD_CLOEXEC, 3));
  if (!made.sockets_) {
    return refused("cannot use the program's map of AF_XDP sockets", errno);
  }
  made.native_ = foreign.native;
  return made;
}

base::Status XdpProgram::serve(std::uint32_t queue, int socket) {
  bpf_attr attributes{};
  const auto value = static_cast<std::uint32_t>(socket);
  attributes.map_fd = static_cast<std::uint32_t>(sockets_.get());
  attributes.key = reinterpret_cast<std::uintptr_t>(&queue);
  attributes.value = reinterpret_cast<std::uintptr_t>(&value);
  if (bpf(BPF_MAP_UPDATE_ELEM, attributes) != 0) {
    return refused("cannot steer queue " + std::to_string(queue) + " to its AF_XDP socket", errno);
  }
  return {};
}

}  // namespace ringbed::port
