// bench: ebpf
// A classifier (Ethernet, two VLAN tags, IPv4, UDP, a mix of the 5-tuple; 60-byte frame) without a
// map, with an array and with a hash: interpreter, JIT and the kernel's JIT on the same object, in
// interleaved rounds; medians, as CPU time of this thread. `kernelFloorNs` is what
// BPF_PROG_TEST_RUN itself takes, with a program of two instructions, `kernelNs` what the object
// takes beyond it; `jitFloorNs` is the same for Machine::run, and not taken off `jitNs`.
// Then what loading a large object costs. JSON on standard output.
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/bench.hpp"
#include "ebpf/collection.hpp"
#include "support/bpf_assembler.hpp"
#include "support/bpf_object.hpp"
#include "support/kernel_bpf.hpp"

namespace {

using namespace ringbed;
using Bytes = std::vector<std::uint8_t>;

constexpr int kRounds = 31;
constexpr std::uint64_t kCalls = 20'000;
constexpr std::uint32_t kKernelRuns = 50'000;

// Two tags, IPv4, UDP.
Bytes tagged_frame() {
  Bytes frame(60);
  const Bytes head = {0x02, 0, 0,  0, 0,    1, 0x02, 0, 0, 0,  0,    2,    0x88, 0xa8, 0,  1,
                      0x81, 0, 0,  2, 0x08, 0, 0x45, 0, 0, 38, 0,    0,    0,    0,    64, 17,
                      0,    0, 10, 0, 0,    1, 10,   0, 0, 2,  0x1f, 0x90, 0,    80,   0,  18};
  std::copy(head.begin(), head.end(), frame.begin());
  return frame;
}

double ns_per(std::uint64_t calls, const std::function<void()>& work) {
  const double start = bench::cpu_ns();
  work();
  return (bench::cpu_ns() - start) / static_cast<double>(calls);
}

double kernel_ns(int program, const Bytes& frame) {
  bpf_attr attributes{};
  attributes.test.prog_fd = static_cast<std::uint32_t>(program);
  attributes.test.data_in = test::user_pointer(frame.data());
  attributes.test.data_size_in = static_cast<std::uint32_t>(frame.size());
  attributes.test.repeat = kKernelRuns;
  return ns_per(kKernelRuns, [&] { test::bpf_call(BPF_PROG_TEST_RUN, attributes); });
}

// One object in a machine of its own, its frame in place.
class Subject {
 public:
  Subject(const std::string& path, const std::string& name, ebpf::Engine engine) {
    const Bytes file = test::read_file(path);
    const auto object = ebpf::read_object(file);
    ready_ = machine_.set_engine(engine).ok() && object.ok();
    if (!ready_) return;
    auto loaded = ebpf::Collection::load(object.value(), machine_);
    ready_ = loaded.ok();
    if (!ready_) return;
    collection_.emplace(std::move(loaded).value());
    program_ = collection_->program(name);
    instructions_ = machine_.run(*program_, tagged_frame()).instructions;
  }
  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] std::uint64_t instructions() const { return instructions_; }
  double ns() {
    constexpr ebpf::Address kContext = ebpf::address_of(ebpf::kContextRegion, 0);
    return ns_per(kCalls, [&] {
      for (std::uint64_t i = 0; i < kCalls; ++i) bench::keep(machine_.run(*program_, kContext).r0);
    });
  }

 private:
  ebpf::Machine machine_;
  std::optional<ebpf::Collection> collection_;
  const ebpf::Program* program_ = nullptr;
  std::uint64_t instructions_ = 0;
  bool ready_ = false;
};

class Floor {
 public:
  explicit Floor(ebpf::Engine engine) {
    program_ = std::move(ebpf::decode(test::assemble("r0 = 2; exit"))).value();
    program_.type = ebpf::ProgramType::xdp;
    ready_ = machine_.set_engine(engine).ok() && machine_.compile(program_).ok();
    machine_.run(program_, tagged_frame());
  }
  [[nodiscard]] bool ready() const { return ready_; }
  double ns() {
    return ns_per(kCalls, [&] {
      for (std::uint64_t i = 0; i < kCalls; ++i) {
        bench::keep(machine_.run(program_, ebpf::address_of(ebpf::kContextRegion, 0)).r0);
      }
    });
  }

 private:
  ebpf::Machine machine_;
  ebpf::Program program_;
  bool ready_ = false;
};

void field(std::string& row, const char* name, double value) {
  char text[80];
  std::snprintf(text, sizeof text, ",\"%s\":%.2f", name, value);
  row += text;
}

std::string classifier_row(const char* title, const std::string& name) {
  const std::string path = test::compile_bpf(name);
  if (path.empty()) return "";
  const Bytes frame = tagged_frame();
  Subject interpreter(path, name, ebpf::Engine::interpreter);
  Subject jit(path, name, ebpf::Engine::jit);
  Floor jit_floor(ebpf::Engine::jit);
  std::unique_ptr<test::KernelObject> kernel;
  test::Descriptor floor;
  if (test::kernel_refusal().empty()) {
    kernel = std::make_unique<test::KernelObject>(path);
    floor = test::load_program(test::KernelProgram::xdp, test::assemble("r0 = 2; exit"));
  }
  std::vector<double> interpreted, native, native_floor, in_kernel, kernel_floor;
  for (int round = 0; round < kRounds; ++round) {
    interpreted.push_back(interpreter.ns());
    if (jit.ready()) {
      native.push_back(jit.ns());
      native_floor.push_back(jit_floor.ns());
    }
    if (kernel != nullptr) {
      in_kernel.push_back(kernel_ns(kernel->program(name), frame));
      kernel_floor.push_back(kernel_ns(floor.get(), frame));
    }
  }
  std::string row = std::string("{\"name\":\"") + title +
                    "\",\"instructions\":" + std::to_string(interpreter.instructions());
  field(row, "interpreterNs", bench::median(interpreted));
  if (jit.ready()) {
    field(row, "jitNs", bench::median(native));
    field(row, "jitFloorNs", bench::median(native_floor));
  }
  if (kernel != nullptr) {
    const double net = bench::median(in_kernel) - bench::median(kernel_floor);
    field(row, "kernelNs", net);
    field(row, "kernelFloorNs", bench::median(kernel_floor));
    field(row, "interpreterToKernel", bench::median(interpreted) / net);
    if (jit.ready()) {
      field(row, "jitToKernel", bench::median(native) / net);
      field(row, "jitNetToKernel", (bench::median(native) - bench::median(native_floor)) / net);
    }
  }
  return row + "}";
}

// Reading, checking and (for the JIT) compiling an object, in milliseconds.
std::string load_row() {
  const std::string path = test::compile_bpf("large");
  if (path.empty()) return "";
  const Bytes file = test::read_file(path);
  std::size_t instructions = 0;
  const auto load = [&](ebpf::Engine engine) {
    std::vector<double> rounds;
    for (int round = 0; round < kRounds; ++round) {
      rounds.push_back(ns_per(1, [&] {
        const auto object = ebpf::read_object(file);
        instructions = object.value().programs[0].code.size();
        ebpf::Machine machine;
        if (!machine.set_engine(engine)) return;
        (void)ebpf::Collection::load(object.value(), machine);
      }));
    }
    return bench::median(rounds) / 1e6;
  };
  std::string row = "{\"name\":\"load\"";
  std::string times;
  field(times, "interpreterMs", load(ebpf::Engine::interpreter));
  if (ebpf::jit_available()) field(times, "jitMs", load(ebpf::Engine::jit));
  return row + ",\"instructions\":" + std::to_string(instructions) + times + "}";
}

}  // namespace

int main() {
  std::string rows;
  for (const std::string& row :
       {classifier_row("no map", "classify"), classifier_row("array map", "classify_array"),
        classifier_row("hash map", "classify_hash"), load_row()}) {
    if (!row.empty()) rows += (rows.empty() ? "" : ",\n") + row;
  }
  std::printf("{\"bench\":\"classifier\",\"rows\":[\n%s\n]}\n", rows.c_str());
  return 0;
}
