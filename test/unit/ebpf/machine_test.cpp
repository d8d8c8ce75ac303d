// The machine: limits that stop a program, helpers without a kernel to compare with, determinism,
// and the kernel-strict mode.
#include "ebpf/machine.hpp"

#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "ebpf/decode.hpp"
#include "ebpf/event_map.hpp"
#include "ebpf/helpers.hpp"
#include "support/bpf_assembler.hpp"
#include "support/kernel_bpf.hpp"

namespace ringbed::ebpf {

namespace {

using Bytes = std::vector<std::uint8_t>;

Program program(const std::string& source, ProgramType type = ProgramType::xdp,
                Mode mode = Mode::isa) {
  auto decoded = decode(test::assemble(source), {CpuVersion::v4, mode});
  EXPECT_TRUE(decoded.ok()) << source << ": " << decoded.error().message;
  Program made = std::move(decoded).value();
  made.type = type;
  return made;
}

MapSpec spec(MapType type, std::uint32_t key, std::uint32_t value, std::uint32_t entries) {
  MapSpec made;
  made.name = "m";
  made.type = type;
  made.key_size = key;
  made.value_size = value;
  made.max_entries = entries;
  return made;
}

// "r1 = <the map's handle> ll; "
std::string load_map(unsigned reg, const Map& map) {
  return "r" + std::to_string(reg) + " = " + std::to_string(handle(kMapHandle, map.number())) +
         " ll; ";
}

TEST(Machine, ThirtyThreeTailCallsAndNoMore) {
  Machine machine;
  Map& stages = *machine.add_map(spec(MapType::prog_array, 4, 4, 1)).value();
  Map& counts = *machine.add_map(spec(MapType::array, 4, 8, 1)).value();
  const Program self =
      program("r6 = r1; *(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; " + load_map(1, counts) +
              "call 1; r1 = 1; lock *(u64 *)(r0 + 0) += r1; r1 = r6; " + load_map(2, stages) +
              "r3 = 0; call 12; r0 = 7; exit");
  ASSERT_EQ(stages.set_program(0, &self), 0);
  const Outcome outcome = machine.run(self, Bytes(64));
  ASSERT_TRUE(outcome.ok()) << describe(outcome.fault);
  EXPECT_EQ(outcome.r0, 7u);
  const std::uint8_t key[4] = {};
  std::uint8_t value[8];
  ASSERT_EQ(counts.read(key, value, 0), 0);
  EXPECT_EQ(base::load_native<std::uint64_t>(value), 34u);  // the entry and 33 calls
}

TEST(Machine, CountsInstructionsAcrossJumpsAndCalls) {
  Machine machine;
  EXPECT_EQ(machine.run(program("r0 = 1; exit"), 0).instructions, 2u);
  EXPECT_EQ(machine.run(program("r0 = 1; goto +1; r0 = 2; exit"), 0).instructions, 3u);
  // 1 + 3 turns of 2 + exit
  EXPECT_EQ(
      machine.run(program("r1 = 3; up: ; r1 += -1; if r1 != 0 goto up; exit"), 0).instructions, 8u);
  EXPECT_EQ(machine.run(program("call f; exit; f: ; r0 = 0; exit"), 0).instructions, 4u);
  // bpf_loop: call and exit around, four callbacks of two
  EXPECT_EQ(
      machine
          .run(program("r1 = 4; r2 = &cb ll; r3 = 0; r4 = 0; call 181; exit; cb: ; r0 = 0; exit"),
               0)
          .instructions,
      15u);
}

// What kernel 6.18 returned: the verifier's loop in place of the call, and the helper's -EINVAL.
TEST(Machine, LoopsThatAreTooLong) {
  Machine machine;
  const auto loop = [&](const std::string& count, const std::string& flags) {
    return machine
        .run(program("r1 = " + count + " ll; r2 = &cb ll; r3 = 0; r4 = " + flags +
                     "; call 181; exit; cb: ; r0 = 1; exit"),
             0)
        .r0;
  };
  EXPECT_EQ(loop("0x800000", "0"), 1u);
  EXPECT_EQ(loop("0x800001", "0"), 0xffff'fff9u);
  EXPECT_EQ(loop("0x100000003", "0"), 0xffff'fff9u);
  EXPECT_EQ(loop("0x800001", "1"), 0xffff'ffff'ffff'ffeau);
}

TEST(Machine, TheLimitHoldsInCallbacksToo) {
  Machine machine;
  machine.set_instruction_limit(1'000);
  const Outcome outcome = machine.run(
      program("r1 = 8000000; r2 = &cb ll; r3 = 0; r4 = 0; call 181; exit; cb: ; r0 = 0; exit"), 0);
  EXPECT_EQ(outcome.fault.kind, FaultKind::instruction_limit);
  EXPECT_LT(outcome.instructions, 1'100u);
  EXPECT_TRUE(machine.run(program("r0 = 0; exit"), 0).ok());
}

TEST(Machine, NothingIsLeftFromRunToRun) {
  Machine machine;
  ASSERT_TRUE(machine
                  .run(program("*(u64 *)(r10 - 8) = 99; call f; r0 = 0; exit; f: ; *(u64 *)(r10 - "
                               "8) = 98; exit"),
                       0)
                  .ok());
  EXPECT_EQ(machine.run(program("r0 = *(u64 *)(r10 - 8); exit"), 0).r0, 0u);
  EXPECT_EQ(machine.run(program("call f; exit; f: ; r0 = *(u64 *)(r10 - 8); exit"), 0).r0, 0u);
}

TEST(Machine, TimeChanceAndCpuComeFromTheEnvironment) {
  Environment environment;
  environment.now_ns = 1'234'567'890'123;
  environment.cpu = 3;
  environment.cpus = 4;
  Machine one(environment);
  Machine two(environment);
  EXPECT_EQ(one.run(program("call 5; exit"), 0).r0, 1'234'567'890'123u);
  EXPECT_EQ(one.run(program("call 8; exit"), 0).r0, 3u);
  (void)two.run(program("call 8; exit"), 0);
  for (int i = 0; i < 10; ++i) {
    const Outcome a = one.run(program("call 7; exit"), 0);
    EXPECT_EQ(a.r0, two.run(program("call 7; exit"), 0).r0);
    EXPECT_LE(a.r0, 0xffff'ffffu);
  }
}

TEST(Machine, PrintsAndEmits) {
  Machine machine;
  // "n=%d\0" on the stack
  ASSERT_TRUE(machine
                  .run(program("r1 = 0x64253d6e ll; *(u64 *)(r10 - 8) = r1; r1 = r10; r1 += -8; "
                               "r2 = 5; r3 = -42; call 6; exit"),
                       0)
                  .ok());
  ASSERT_EQ(machine.environment().trace.size(), 1u);
  EXPECT_EQ(machine.environment().trace[0], "n=-42");

  Map& events = *machine.add_map(spec(MapType::perf_event_array, 4, 4, 1)).value();
  const Program emit = program("*(u64 *)(r10 - 8) = 0x1122; " + load_map(2, events) +
                               "r3 = 0x4ffffffff ll; r4 = r10; r4 += -8; r5 = 8; call 25; exit");
  const Bytes frame(64, 0xab);
  EXPECT_EQ(static_cast<std::int64_t>(machine.run(emit, frame).r0), -ENOENT);  // not open yet
  const std::uint8_t zero[4] = {};
  ASSERT_EQ(events.write(zero, zero, 0), 0);
  EXPECT_EQ(machine.run(emit, frame).r0, 0u);
  const auto drained = static_cast<EventMap&>(events).drain();
  ASSERT_EQ(drained.size(), 1u);
  EXPECT_EQ(drained[0].bytes, (Bytes{0x22, 0x11, 0, 0, 0, 0, 0, 0, 0xab, 0xab, 0xab, 0xab}));
}

TEST(Machine, LooksUpRoutes) {
  Machine machine;
  const std::string look =
      "*(u64 *)(r10 - 64) = 2; *(u64 *)(r10 - 56) = 1; *(u64 *)(r10 - 32) = 0x0201000a; "
      "r2 = r10; r2 += -64; r3 = 64; r4 = 0; call 69; ";
  EXPECT_EQ(machine.run(program(look + "exit"), Bytes(64)).r0, 5u);  // no router
  machine.environment().routes = {{.prefix = {11}, .prefix_bits = 8, .ifindex = 5}};
  EXPECT_EQ(machine.run(program(look + "exit"), Bytes(64)).r0, 4u);  // no route
  FibRoute wide{.prefix = {10}, .prefix_bits = 8, .ifindex = 5};
  FibRoute narrow{.prefix = {10, 0, 1}, .prefix_bits = 24, .ifindex = 9};
  machine.environment().routes = {wide, narrow};
  EXPECT_EQ(machine.run(program(look + "exit"), Bytes(64)).r0, 0u);
  EXPECT_EQ(machine.run(program(look + "r0 = *(u32 *)(r10 - 56); exit"), Bytes(64)).r0, 9u);
}

TEST(Machine, RefusesWhatAVerifierWould) {
  Machine machine;
  Map& map = *machine.add_map(spec(MapType::hash, 8, 8, 4)).value();
  const auto fault = [&](const std::string& source) {
    return describe(machine.run(program(source), Bytes(64)).fault);
  };
  EXPECT_NE(fault("r1 = 5; r2 = r10; call 1; exit").find("no map"), std::string::npos);
  EXPECT_NE(fault(load_map(1, map) + "r2 = r10; r2 += -4; call 1; exit").find("key lies outside"),
            std::string::npos);
  EXPECT_NE(fault(load_map(1, map) + "r0 = *(u64 *)(r1 + 0); exit").find("the map itself"),
            std::string::npos);
  EXPECT_NE(fault("*(u32 *)(r1 + 0) = 1; exit").find("context"), std::string::npos);
  EXPECT_NE(fault("r1 = 0; r2 = 8; call 44; exit").find("context"), std::string::npos);
  EXPECT_NE(fault(load_map(2, map) + "r3 = 0; call 12; exit").find("no prog_array"),
            std::string::npos);
}

// What differential tests must go around: the kernel's answer is chance, or its verifier's.
TEST(Machine, ASocketBufferHasItsOwnFaults) {
  Machine machine;
  Bytes frame(30);
  frame[12] = 0x86;  // IPv6, but no whole header
  frame[13] = 0xdd;
  const auto fault = [&](const std::string& source, ProgramType type) {
    return describe(machine.run(program(source, type), frame).fault);
  };
  const std::string push = "r2 = 129; r3 = 7; call 18; r0 = 0; exit";
  EXPECT_NE(fault(push, ProgramType::xdp).find("no socket buffer"), std::string::npos);
  EXPECT_EQ(fault(push, ProgramType::tc), "instruction 0: no fault");
  EXPECT_NE(fault("r2 = 0; call 44; exit", ProgramType::tc).find("socket buffer"),
            std::string::npos);
  EXPECT_NE(fault("r2 = 20; r3 = 0; r4 = 0; call 50; exit", ProgramType::tc)
                .find("behind the frame's end"),
            std::string::npos);
  EXPECT_EQ(fault("r2 = 20; r3 = 1; r4 = 0; call 50; exit", ProgramType::tc),
            "instruction 0: no fault");
  EXPECT_EQ(machine.packet().length(), 50u);
  // "%p" into a buffer
  EXPECT_NE(fault("*(u32 *)(r10 - 8) = 28709; *(u64 *)(r10 - 16) = 1; r1 = r10; r1 += -40; "
                  "r2 = 16; r3 = r10; r3 += -8; r4 = r10; r4 += -16; r5 = 8; call 165; exit",
                  ProgramType::tc)
                .find("text of a pointer"),
            std::string::npos);
  // A dynptr that no helper made reaches nothing.
  EXPECT_NE(fault("*(u64 *)(r10 - 16) = 77; *(u64 *)(r10 - 8) = 64; r1 = r10; r1 += -16; r2 = 0; "
                  "r3 = r10; r3 += -32; r4 = 8; r5 = 0; call 202; exit",
                  ProgramType::tc)
                .find("dynptr helper writes outside"),
            std::string::npos);
}

TEST(Machine, AFlowHasOneHashInBothDirections) {
  Machine machine;
  Bytes frame(60);
  frame[12] = 0x08;
  frame[14] = 0x45;
  frame[23] = 17;
  frame[29] = 1;  // from 0.0.0.1, port 5
  frame[35] = 5;
  Bytes back = frame;
  std::swap_ranges(back.begin() + 26, back.begin() + 30, back.begin() + 30);
  std::swap_ranges(back.begin() + 34, back.begin() + 36, back.begin() + 36);
  Bytes other = frame;
  other[35] = 6;
  const Program hash = program("call 34; exit", ProgramType::tc);
  const std::uint64_t there = machine.run(hash, frame).r0;
  EXPECT_NE(there, 0u);
  EXPECT_EQ(machine.run(hash, back).r0, there);
  EXPECT_NE(machine.run(hash, other).r0, there);
  // Until it is set, even to 0.
  const Program set = program("r6 = r1; r2 = 0; call 48; r1 = r6; call 34; exit", ProgramType::tc);
  EXPECT_EQ(machine.run(set, frame).r0, 0u);
}

TEST(Machine, LargeFramesHaveALinearPart) {
  Machine machine;
  const Bytes frame(9'000, 7);
  EXPECT_EQ(
      machine
          .run(program("r2 = *(u32 *)(r1 + 4); r0 = *(u32 *)(r1 + 0); r2 -= r0; r0 = r2; exit"),
               frame)
          .r0,
      3'520u);
  EXPECT_EQ(machine.run(program("call 188; exit"), frame).r0, 9'000u);
  EXPECT_EQ(
      machine
          .run(program(
                   "r2 = 8990; r3 = r10; r3 += -8; r4 = 8; call 189; r0 = *(u64 *)(r10 - 8); exit"),
               frame)
          .r0,
      0x0707070707070707u);
  EXPECT_EQ(machine.packet().bytes(), frame);
}

TEST(KernelStrict, RefusesBeforeRunning) {
  // Where the kernel is at hand, it says the same.
  const auto message = [](const std::string& source) {
    const auto code = test::assemble(source);
    const auto decoded = decode(code, {CpuVersion::v4, Mode::kernel_strict});
    if (test::kernel_refusal().empty()) {
      std::string log;
      EXPECT_EQ(test::load_program(test::KernelProgram::xdp, code, &log).ok(), decoded.ok())
          << source << "\n"
          << log;
    }
    return decoded.ok() ? std::string("accepted") : decoded.error().message;
  };
  EXPECT_EQ(message("r0 = 1; r0 <<= 63; exit"), "accepted");
  EXPECT_NE(message("r0 = 1; r0 <<= 64; exit").find("a shift by 64"), std::string::npos);
  EXPECT_NE(message("w0 = 1; w0 >>= 32; exit").find("a shift by 32"), std::string::npos);
  EXPECT_NE(message("r0 = 1; r0 /= 0; exit").find("division by 0"), std::string::npos);
  EXPECT_NE(message("r0 = 1; exit; r0 = 2; exit").find("never reached"), std::string::npos);
  EXPECT_NE(message("r0 = 1").find("no exit"), std::string::npos);
  EXPECT_NE(message("r2 = 5; callx r2; r0 = 0; exit").find("by register"), std::string::npos);
  EXPECT_EQ(message("call f; exit; f: ; goto out; back: ; r0 = 2; exit; out: ; goto back"),
            "accepted");
  EXPECT_NE(message("r0 = 1; call next; next: ; exit").find("function is no exit"),
            std::string::npos);
  EXPECT_NE(message("call f; exit; f: ; r0 = 1; exit; if r0 != 0 goto f").find("no exit"),
            std::string::npos);
  EXPECT_NE(message("call f; out: ; exit; f: ; r0 = 1; goto out").find("in another function"),
            std::string::npos);
}

TEST(Helpers, TheTableIsSorted) {
  std::uint32_t last = 0;
  for (const HelperRow& row : helpers()) {
    EXPECT_GT(row.number, last);
    EXPECT_LT(row.number, 256u);
    EXPECT_EQ(find_helper(row.number), &row);
    last = row.number;
  }
  EXPECT_EQ(find_helper(last + 1), nullptr);
}

TEST(Helpers, TheirNamesAreThoseOfTheKernelsHeader) {
#define NAMED(name) \
  { BPF_FUNC_##name, #name }
  const std::vector<std::pair<std::uint32_t, std::string>> all = {__BPF_FUNC_MAPPER(NAMED)};
#undef NAMED
  ASSERT_GT(all.size(), 200U);
  for (const auto& [number, name] : all) {
    const std::string text = "helper " + std::to_string(number);
    EXPECT_EQ(helper_text(number), number == 0 ? text : text + " (bpf_" + name + ")");
  }
}

}  // namespace
}  // namespace ringbed::ebpf
