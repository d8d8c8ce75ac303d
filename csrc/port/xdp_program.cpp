#include "port/xdp_program.hpp"

#include <fcntl.h>
#include <linux/if_link.h>

#include <cstddef>

#include "port/bpf.hpp"

namespace ringbed::port {

namespace {

constexpr std::uint32_t kHasFrags = 1U << 5;  // BPF_F_XDP_HAS_FRAGS (Linux 5.18)

// The context is in r1.
void redirect(BpfAssembler& program, int sockets) {
  using enum BpfAssembler::Register;
  program.load(r2, r1, offsetof(xdp_md, rx_queue_index), 4);
  program.load_map(r1, sockets);
  program.alu(BPF_MOV, r3, XDP_PASS);
  program.call(BPF_FUNC_redirect_map);
  program.exit();
}

base::Result<FileDescriptor> load_program(int sockets, std::uint32_t flags) {
  BpfAssembler program;
  redirect(program, sockets);
  return load_xdp(program.code(), "ringbed_port", flags);
}

// A frame without a stamp gets 0; one without room for it stays as it is.
base::Result<FileDescriptor> load_stamping(std::uint32_t interface, std::uint32_t function,
                                           int sockets, std::uint32_t flags) {
  using enum BpfAssembler::Register;
  constexpr std::int16_t kStamp = -kStampBytes;  // on the stack
  BpfAssembler program;
  BpfAssembler::Label send;
  BpfAssembler::Label stamped;
  program.alu(BPF_MOV, r6, r1);
  program.alu(BPF_MOV, r2, -kStampBytes);
  program.call(BPF_FUNC_xdp_adjust_meta);
  program.jump(BPF_JNE, r0, 0, send);
  program.store(r10, kStamp, 0, kStampBytes);
  program.alu(BPF_MOV, r1, r6);
  program.alu(BPF_MOV, r2, r10);
  program.alu(BPF_ADD, r2, kStamp);
  program.call_kernel(function);
  program.load(r5, r10, kStamp, kStampBytes);
  program.jump(BPF_JEQ, r0, 0, stamped);
  program.alu(BPF_MOV, r5, 0);
  program.place(stamped);
  program.load(r2, r6, offsetof(xdp_md, data_meta), 4);
  program.load(r3, r6, offsetof(xdp_md, data), 4);
  program.alu(BPF_MOV, r4, r2);
  program.alu(BPF_ADD, r4, kStampBytes);
  program.jump(BPF_JGT, r4, r3, send);
  program.store(r2, 0, r5, kStampBytes);
  program.place(send);
  program.alu(BPF_MOV, r1, r6);
  redirect(program, sockets);
  return load_xdp_for(interface, program.code(), "ringbed_stamps", flags);
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

base::Result<XdpProgram> XdpProgram::attach(std::uint32_t interface, const Wish& wish) {
  const XdpMode mode = wish.mode;
  const std::uint32_t flags = wish.multi_buffer ? kHasFrags : 0;
  XdpProgram made;
  auto sockets = make_bpf_map(
      {.type = BPF_MAP_TYPE_XSKMAP, .entries = wish.queues, .name = "ringbed_sockets"});
  if (!sockets) {
    return sockets.error();
  }
  made.sockets_ = std::move(sockets).value();
  // Such a program is the driver's alone: there is none in generic mode.
  if (wish.stamp_function != 0 && mode != XdpMode::generic) {
    if (auto stamping = load_stamping(interface, wish.stamp_function, made.sockets_.get(), flags)) {
      made.program_ = std::move(stamping).value();
      made.link_ = link_xdp(made.program_.get(), interface, XDP_FLAGS_DRV_MODE);
      made.native_ = made.stamps_ = static_cast<bool>(made.link_);
    }
  }
  if (made.link_) {
    return made;
  }
  auto program = load_program(made.sockets_.get(), flags);
  if (!program) {
    return program.error();
  }
  made.program_ = std::move(program).value();
  int error = 0;
  if (mode != XdpMode::generic) {
    made.link_ = link_xdp(made.program_.get(), interface, XDP_FLAGS_DRV_MODE);
    error = errno;
    // From an MTU of about 3,500 on a driver wants a program that could take frames in pieces, also
    // where the sockets' frames are large enough for every one of them.
    if (!made.link_ && error == ERANGE && flags == 0) {
      if (auto in_pieces = load_program(made.sockets_.get(), kHasFrags)) {
        made.program_ = std::move(in_pieces).value();
        made.link_ = link_xdp(made.program_.get(), interface, XDP_FLAGS_DRV_MODE);
        error = errno;
      }
    }
    made.native_ = static_cast<bool>(made.link_);
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
