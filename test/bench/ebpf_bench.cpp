// bench: ebpf
// The interpreter on a classifier without a map (Ethernet, two VLAN tags, IPv4, UDP, a mix of the
// 5-tuple; 60-byte frame) and on straight arithmetic, and the kernel's JIT on the same object where
// we may load it. Median of rounds; `kernelFloor` is what BPF_PROG_TEST_RUN itself takes, measured
// with a program of two instructions. JSON on standard output.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "ebpf/collection.hpp"
#include "support/bpf_assembler.hpp"
#include "support/bpf_object.hpp"
#include "support/kernel_bpf.hpp"

namespace {

using namespace ringbed;
using Clock = std::chrono::steady_clock;
using Bytes = std::vector<std::uint8_t>;

constexpr int kRounds = 21;
constexpr int kCalls = 4'000;

double median_ns(const std::function<void()>& call) {
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = Clock::now();
    for (int i = 0; i < kCalls; ++i) {
      call();
    }
    rounds.push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count() /
                     kCalls);
  }
  std::sort(rounds.begin(), rounds.end());
  return rounds[rounds.size() / 2];
}

// What the kernel itself reports for a run, in ns.
double kernel_ns(int program, const Bytes& frame) {
  bpf_attr attributes{};
  attributes.test.prog_fd = static_cast<std::uint32_t>(program);
  attributes.test.data_in = test::user_pointer(frame.data());
  attributes.test.data_size_in = static_cast<std::uint32_t>(frame.size());
  attributes.test.repeat = 1'000'000;
  return test::bpf_call(BPF_PROG_TEST_RUN, attributes) < 0 ? -1.0 : attributes.test.duration;
}

// Two tags, IPv4, UDP.
Bytes tagged_frame() {
  Bytes frame(60);
  const Bytes head = {0x02, 0, 0,  0, 0,    1, 0x02, 0, 0, 0,  0,    2,    0x88, 0xa8, 0,  1,
                      0x81, 0, 0,  2, 0x08, 0, 0x45, 0, 0, 38, 0,    0,    0,    0,    64, 17,
                      0,    0, 10, 0, 0,    1, 10,   0, 0, 2,  0x1f, 0x90, 0,    80,   0,  18};
  std::copy(head.begin(), head.end(), frame.begin());
  return frame;
}

}  // namespace

int main() {
  std::string rows;
  const auto row = [&](const char* name, double instructions, double ns, const char* unit) {
    char text[200];
    std::snprintf(text, sizeof text, "%s{\"name\":\"%s\",\"instructions\":%.0f,\"%s\":%.2f}",
                  rows.empty() ? "" : ",", name, instructions, unit, ns);
    rows += text;
  };
  const Bytes frame = tagged_frame();
  const std::string path = test::compile_bpf("classify");
  if (!path.empty()) {
    const Bytes file = test::read_file(path);
    const auto object = ebpf::read_object(file);
    ebpf::Machine machine;
    const auto loaded = ebpf::Collection::load(object.value(), machine);
    const ebpf::Program& program = *loaded.value().program("classify");
    const auto count = static_cast<double>(machine.run(program, frame).instructions);
    row("interpreter, frame copied in", count, median_ns([&] { machine.run(program, frame); }),
        "ns");
    const ebpf::Address context = ebpf::address_of(ebpf::kContextRegion, 0);
    row("interpreter", count, median_ns([&] { machine.run(program, context); }), "ns");
    if (test::kernel_refusal().empty()) {
      const test::KernelObject kernel(path);
      const auto floor =
          test::load_program(test::KernelProgram::xdp, test::assemble("r0 = 2; exit"));
      row("kernel, with TEST_RUN", count, kernel_ns(kernel.program("classify"), frame), "ns");
      row("kernelFloor", 2, kernel_ns(floor.get(), frame), "ns");
    }
  }
  auto loop =
      ebpf::decode(test::assemble("r0 = 0; r1 = 1000; again: ; r0 += r1; r0 ^= 5; r0 <<= 1; r1 += "
                                  "-1; if r1 != 0 goto again; exit"));
  ebpf::Machine machine;
  const double executed = static_cast<double>(machine.run(loop.value(), 0).instructions);
  row("arithmetic loop, per instruction", executed,
      median_ns([&] { machine.run(loop.value(), 0); }) / executed, "nsPerInstruction");
  std::printf("{\"bench\":\"ebpf\",\"rows\":[%s]}\n", rows.c_str());
  return 0;
}
