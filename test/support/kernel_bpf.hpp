// The kernel as an oracle: programs loaded and run, maps made and driven, through bpf(2). Needs
// CAP_BPF (root); tests ask available() first and say why they skip.
#pragma once

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ebpf/isa.hpp"

namespace ringbed::test {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

// bpf(2): what it returned, or a negative errno.
inline int bpf_call(int command, bpf_attr& attributes) {
  const long result = ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
  return result < 0 ? -errno : static_cast<int>(result);
}

template <typename T>
std::uint64_t user_pointer(T* pointer) {
  return reinterpret_cast<std::uint64_t>(pointer);
}

enum class KernelProgram : std::uint32_t { socket_filter = 1, tc = 3, xdp = 6 };

struct KernelRun {
  std::uint32_t result = 0;
  std::vector<std::uint8_t> data;
};

// `log` gets the verifier's words when it refuses.
inline Descriptor load_program(KernelProgram type, const std::vector<ebpf::RawInstruction>& code,
                               std::string* log = nullptr) {
  std::vector<std::uint8_t> bytes(code.size() * ebpf::kInstructionBytes);
  for (std::size_t at = 0; at < code.size(); ++at) {
    ebpf::write_instruction(bytes.data() + at * ebpf::kInstructionBytes, code[at]);
  }
  std::vector<char> text(log == nullptr ? 0 : 65'536);
  bpf_attr attributes{};
  attributes.prog_type = static_cast<std::uint32_t>(type);
  attributes.insns = user_pointer(bytes.data());
  attributes.insn_cnt = static_cast<std::uint32_t>(code.size());
  attributes.license = user_pointer("GPL");
  if (log != nullptr) {
    attributes.log_level = 1;
    attributes.log_buf = user_pointer(text.data());
    attributes.log_size = static_cast<std::uint32_t>(text.size());
  }
  const int fd = bpf_call(BPF_PROG_LOAD, attributes);
  if (log != nullptr) {
    *log = text.data();
  }
  return Descriptor(fd);
}

// One BPF_PROG_TEST_RUN of a program's descriptor. Nothing when the kernel refuses the data (an XDP
// frame shorter than 14 bytes).
inline std::optional<KernelRun> test_run(int program, std::span<const std::uint8_t> data) {
  KernelRun run;
  run.data.resize(data.size() + 16'384);  // a program may let the frame grow
  bpf_attr attributes{};
  attributes.test.prog_fd = static_cast<std::uint32_t>(program);
  attributes.test.data_in = user_pointer(data.data());
  attributes.test.data_size_in = static_cast<std::uint32_t>(data.size());
  attributes.test.data_out = user_pointer(run.data.data());
  attributes.test.data_size_out = static_cast<std::uint32_t>(run.data.size());
  attributes.test.repeat = 1;
  if (bpf_call(BPF_PROG_TEST_RUN, attributes) < 0) {
    return std::nullopt;
  }
  run.result = attributes.test.retval;
  run.data.resize(attributes.test.data_size_out);
  return run;
}

// "" when the kernel lets us load and run programs, else why not.
inline std::string kernel_refusal() {
  const std::vector<ebpf::RawInstruction> code = {{.opcode = 0xb7, .imm = 2}, {.opcode = 0x95}};
  const Descriptor program = load_program(KernelProgram::xdp, code);
  if (!program.ok()) {
    return std::string("the kernel does not load BPF programs for us (") +
           std::strerror(-program.get()) + "); run as root";
  }
  const std::vector<std::uint8_t> frame(64);
  return test_run(program.get(), frame) ? "" : "the kernel has no BPF_PROG_TEST_RUN for XDP";
}

}  // namespace ringbed::test
