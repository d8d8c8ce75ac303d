// A program in the kernel, and BPF_PROG_TEST_RUN: one frame through it, without an interface.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/descriptor.hpp"
#include "base/result.hpp"
#include "ebpf/program.hpp"

namespace ringbed::ebpf {

// Bounds of BPF_PROG_TEST_RUN, measured: it takes no frame shorter than an Ethernet header, and of
// one longer than kTestRunLinearBytes an XDP program without fragments sees that much (bytes that
// come out are all there).
inline constexpr std::size_t kTestRunMinBytes = 14;
inline constexpr std::size_t kTestRunLinearBytes = 3520;

struct TestRunOptions {
  std::uint32_t repeat = 1;    // runs; the frame is put back between them, maps are not
  std::uint32_t ifindex = 0;   // XDP: the interface that it seems to come in on; 0: the loopback
  std::uint32_t rx_queue = 0;  // XDP
};

struct TestRun {
  std::uint32_t verdict = 0;  // XDP_* or TC_ACT_*
  std::vector<std::uint8_t> frame;
  std::uint32_t duration_ns = 0;  // mean of a run
};

class KernelProgram {
 public:
  KernelProgram(std::string name, std::string section, ProgramType type,
                base::FileDescriptor descriptor, std::string log)
      : name_(std::move(name)),
        section_(std::move(section)),
        log_(std::move(log)),
        type_(type),
        descriptor_(std::move(descriptor)) {}

  // Errors: invalid (a frame that the kernel does not take), unavailable.
  [[nodiscard]] base::Result<TestRun> test_run(base::ByteView frame,
                                               const TestRunOptions& options = {}) const;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& section() const noexcept { return section_; }
  [[nodiscard]] ProgramType type() const noexcept { return type_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }
  // What the verifier said, its statistics included.
  [[nodiscard]] const std::string& log() const noexcept { return log_; }
  // Instructions that the verifier went through; 0 when it did not say.
  [[nodiscard]] std::uint64_t verified_instructions() const;
  [[nodiscard]] std::uint32_t id() const;

 private:
  std::string name_;
  std::string section_;
  std::string log_;
  ProgramType type_;
  base::FileDescriptor descriptor_;
};

// The kernel's number of a program type; 0 (unspecified) for raw.
[[nodiscard]] std::uint32_t kernel_program_type(ProgramType type) noexcept;

}  // namespace ringbed::ebpf
