#include "port/xdp_program.hpp"

#include <fcntl.h>
#include <linux/if_link.h>

#include <cstddef>

#include "port/bpf.hpp"

namespace ringbed::port {

namespace {

constexpr std::uint32_t kHasFrags = 1U << 5;  // BPF_F_XDP_HAS_FRAGS (Linux 5.18)

base::Result<FileDescriptor> load_program(int sockets, bool multi_buffer) {
  using enum BpfAssembler::Register;
  BpfAssembler program;
  program.load(r2, r1, offsetof(xdp_md, rx_queue_index), 4);
  program.load_map(r1, sockets);
  program.alu(BPF_MOV, r3, XDP_PASS);
  program.call(BPF_FUNC_redirect_map);
  program.exit();
  return load_xdp(program.code(), "ringbed_port", multi_buffer ? kHasFrags : 0);
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
      return system_error(
          base::ErrorCode::unavailable, what, error,
          mode == XdpMode::native
              ? "the driver has no native XDP for this MTU: lower the MTU, or use "
                "the generic mode"
              : "lower the MTU of the interface: XDP wants a frame in one page; a veth end must "
                "also have as many receive queues as its peer has transmit queues "
                "(ethtool -l, -L)");
    default: return bpf_refused(what, error);
  }
}

}  // namespace

base::Result<XdpProgram> XdpProgram::attach(std::uint32_t interface, std::uint32_t queues,
                                            XdpMode mode, bool multi_buffer) {
  XdpProgram made;
  auto sockets =
      make_bpf_map({.type = BPF_MAP_TYPE_XSKMAP, .entries = queues, .name = "ringbed_sockets"});
  if (!sockets) {
    return sockets.error();
  }
  made.sockets_ = std::move(sockets).value();
  auto program = load_program(made.sockets_.get(), multi_buffer);
  if (!program) {
    return program.error();
  }
  made.program_ = std::move(program).value();
  int error = 0;
  if (mode != XdpMode::generic) {
    made.link_ = link_xdp(made.program_.get(), interface, XDP_FLAGS_DRV_MODE);
    made.native_ = static_cast<bool>(made.link_);
    error = errno;
  }
  if (!made.link_ && mode != XdpMode::native && error != EBUSY) {
    made.link_ = link_xdp(made.program_.get(), interface, XDP_FLAGS_SKB_MODE);
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
    return bpf_refused("cannot use the program's map of AF_XDP sockets", errno);
  }
  made.native_ = foreign.native;
  return made;
}

base::Status XdpProgram::serve(std::uint32_t queue, int socket) {
  if (auto status = set_bpf_element(sockets_.get(), queue, static_cast<std::uint32_t>(socket));
      !status) {
    return base::Error{status.error().code,
                       "cannot steer queue " + std::to_string(queue) +
                           " to its AF_XDP socket: " + status.error().message,
                       status.error().hint};
  }
  return {};
}

}  // namespace ringbed::port
