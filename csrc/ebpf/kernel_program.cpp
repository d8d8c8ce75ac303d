#include "ebpf/kernel_program.hpp"

#include "ebpf/kernel_syscall.hpp"

namespace ringbed::ebpf {

namespace {

// A program may let the frame grow: XDP's by the head- and tailroom that the kernel leaves, a
// socket buffer's up to so much.
constexpr std::size_t kGrowthBytes = 16'384;

}  // namespace

std::uint32_t kernel_program_type(ProgramType type) noexcept {
  switch (type) {
    case ProgramType::xdp: return BPF_PROG_TYPE_XDP;
    case ProgramType::tc: return BPF_PROG_TYPE_SCHED_CLS;
    case ProgramType::socket_filter: return BPF_PROG_TYPE_SOCKET_FILTER;
    case ProgramType::raw:
    case ProgramType::foreign: break;
  }
  return BPF_PROG_TYPE_UNSPEC;
}

base::Result<TestRun> KernelProgram::test_run(base::ByteView frame,
                                              const TestRunOptions& options) const {
  if (frame.size() < kTestRunMinBytes) {
    return base::Error{base::ErrorCode::invalid,
                       "a frame of " + std::to_string(frame.size()) + " bytes",
                       "the kernel's test run takes no frame shorter than " +
                           std::to_string(kTestRunMinBytes) + " bytes"};
  }
  TestRun run;
  run.frame.resize(frame.size() + kGrowthBytes);
  bpf_attr attributes{};
  attributes.test.prog_fd = static_cast<std::uint32_t>(descriptor());
  attributes.test.data_in = user_pointer(frame.data());
  attributes.test.data_size_in = static_cast<std::uint32_t>(frame.size());
  attributes.test.data_out = user_pointer(run.frame.data());
  attributes.test.data_size_out = static_cast<std::uint32_t>(run.frame.size());
  attributes.test.repeat = options.repeat;
  xdp_md context{};
  if (type_ == ProgramType::xdp && (options.ifindex != 0 || options.rx_queue != 0)) {
    context.data_end = static_cast<std::uint32_t>(frame.size());
    context.ingress_ifindex = options.ifindex == 0 ? 1 : options.ifindex;
    context.rx_queue_index = options.rx_queue;
    attributes.test.ctx_in = user_pointer(&context);
    attributes.test.ctx_size_in = sizeof context;
  }
  if (const int result = bpf_call(BPF_PROG_TEST_RUN, attributes); result < 0) {
    if (result == -EINVAL) {
      return base::system_error(base::ErrorCode::invalid,
                                "program " + name_ + ": the kernel does not run a frame of " +
                                    std::to_string(frame.size()) + " bytes through it",
                                EINVAL,
                                "an XDP program without fragments (SEC(\"xdp\"), not "
                                "\"xdp.frags\") takes one page at most");
    }
    return kernel_error("program " + name_ + ": BPF_PROG_TEST_RUN", -result);
  }
  run.verdict = attributes.test.retval;
  run.duration_ns = attributes.test.duration;
  run.frame.resize(attributes.test.data_size_out);
  return run;
}

std::uint64_t KernelProgram::verified_instructions() const {
  static constexpr std::string_view kBefore = "processed ";  // "processed 12 insns (limit 1000000)"
  const auto at = log_.rfind(kBefore);
  return at == std::string::npos ? 0
                                 : std::strtoull(log_.c_str() + at + kBefore.size(), nullptr, 10);
}

std::uint32_t KernelProgram::id() const {
  bpf_prog_info info{};
  bpf_attr attributes{};
  attributes.info.bpf_fd = static_cast<std::uint32_t>(descriptor());
  attributes.info.info = user_pointer(&info);
  attributes.info.info_len = sizeof info;
  return bpf_call(BPF_OBJ_GET_INFO_BY_FD, attributes) < 0 ? 0 : info.id;
}

}  // namespace ringbed::ebpf
