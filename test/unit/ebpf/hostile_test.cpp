// Programs that a verifier would refuse, by both engines: each is stopped with a named fault that
// says where, and the machine goes on with the next run as if nothing had been.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ebpf/decode.hpp"
#include "ebpf/machine.hpp"
#include "support/bpf_assembler.hpp"

namespace ringbed::ebpf {

namespace {

class Hostile : public testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    if (const base::Status status = machine_.set_engine(GetParam()); !status) {
      GTEST_SKIP() << status.error().message;
    }
    machine_.set_instruction_limit(100'000);
  }

  Program load(const std::string& source, ProgramType type = ProgramType::xdp) {
    Program program = std::move(decode(test::assemble(source))).value();
    program.type = type;
    EXPECT_TRUE(machine_.compile(program).ok());
    EXPECT_EQ(program.native != nullptr, GetParam() == Engine::jit);
    return program;
  }

  Map& add(MapType type, std::uint32_t value) {
    MapSpec spec;
    spec.name = "m";
    spec.type = type;
    spec.key_size = 4;
    spec.value_size = value;
    spec.max_entries = 1;
    return *machine_.add_map(spec).value();
  }

  // Runs twice: the second run must not see the first.
  Outcome stopped(const std::string& source, FaultKind kind, std::uint32_t instruction) {
    const Program program = load(source);
    const std::vector<std::uint8_t> frame(64);
    Outcome outcome;
    for (int turn = 0; turn < 2; ++turn) {
      outcome = machine_.run(program, frame);
      EXPECT_EQ(outcome.fault.kind, kind) << describe(outcome.fault);
      EXPECT_EQ(outcome.fault.instruction, instruction) << source;
      EXPECT_EQ(outcome.fault.program, &program);
    }
    const Program after = load("r0 = *(u64 *)(r10 - 8); r1 = *(u64 *)(r10 - 512); r0 |= r1; exit");
    EXPECT_EQ(machine_.run(after, frame).r0, 0u);
    return outcome;
  }

  Machine machine_;
};

TEST_P(Hostile, EndlessLoop) {
  const Outcome outcome =
      stopped("r0 = 0; up: ; r0 += 1; goto up", FaultKind::instruction_limit, 2);
  EXPECT_GE(outcome.instructions, 100'000u);
  EXPECT_LT(outcome.instructions, 100'010u);
  stopped("up: ; if r1 != 0 goto up; exit", FaultKind::instruction_limit, 0);
  stopped("goto -1", FaultKind::instruction_limit, 0);
}

TEST_P(Hostile, EndlessCallbacks) {
  stopped(
      "r1 = 8000000; r2 = &cb ll; r3 = 0; r4 = 0; call 181; exit; cb: ; *(u64 *)(r10 - 8) = 5; r0 "
      "= "
      "0; exit",
      FaultKind::instruction_limit, 5);
  stopped("r1 = 5; r2 = &cb ll; r3 = 0; r4 = 0; call 181; exit; cb: ; goto cb",
          FaultKind::instruction_limit, 7);
}

TEST_P(Hostile, OutOfBounds) {
  stopped("*(u64 *)(r10 - 516) = 1; exit", FaultKind::out_of_bounds_write, 0);
  stopped("*(u64 *)(r10 - 4) = 1; exit", FaultKind::out_of_bounds_write, 0);
  stopped("r2 = *(u32 *)(r1 + 0); *(u64 *)(r2 + 60) = 1; exit", FaultKind::out_of_bounds_write, 1);
  stopped("r2 = *(u32 *)(r1 + 0); r0 = *(u8 *)(r2 - 1); exit", FaultKind::out_of_bounds_read, 1);
  stopped("*(u32 *)(r1 + 0) = 1; exit", FaultKind::out_of_bounds_write, 0);
  stopped("r0 = 0; r0 = *(u64 *)(r0 + 0); exit", FaultKind::out_of_bounds_read, 1);
  stopped("r0 = -1; r0 = *(u64 *)(r0 + 0); exit", FaultKind::out_of_bounds_read, 1);
}

// A check of fewer bytes than are then read, and one of a pointer that wraps.
TEST_P(Hostile, ChecksThatDoNotSuffice) {
  const std::string bounds = "r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); ";
  stopped(bounds + "r4 = r2; r4 += 64; if r4 > r3 goto out; r0 = *(u8 *)(r2 + 64); out: ; exit",
          FaultKind::out_of_bounds_read, 5);
  stopped(bounds +
              "r5 = -32; r4 = r2; r4 += r5; if r4 > r3 goto out; r0 = *(u8 *)(r4 + 0); out: ; exit",
          FaultKind::out_of_bounds_read, 6);
  stopped(bounds +
              "r5 = 1; r5 <<= 63; r2 += r5; r2 += r5; r2 += 63; r4 = r2; r4 += 1; if r4 > r3 goto "
              "out; r0 = *(u16 *)(r2 + 0); out: ; exit",
          FaultKind::out_of_bounds_read, 10);
}

// The packet shrinks under a pointer that was checked.
TEST_P(Hostile, PointersFromBeforeTheBoundsMoved) {
  stopped(
      "r6 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r4 = r6; r4 += 60; if r4 > r3 goto out; r2 = "
      "-20; call 65; r0 = *(u8 *)(r6 + 50); out: ; exit",
      FaultKind::out_of_bounds_read, 7);
}

TEST_P(Hostile, CallDepth) {
  stopped("call f; exit; f: ; *(u64 *)(r10 - 64) = 9; call f; exit", FaultKind::call_depth, 3);
}

// Each turn goes seven functions deep and tail-calls itself from there: a program has its eight
// frames to itself, and 33 tail calls make 239 of them. What all of them keep is there when they
// come back.
TEST_P(Hostile, EveryProgramOfAChainHasItsOwnFrames) {
  Map& stages = add(MapType::prog_array, 4);
  const auto chain = [&](int depth) {
    std::string code =
        "*(u64 *)(r10 - 80) = 5; r6 = 3; call f1; r0 += r6; r1 = *(u64 *)(r10 - 80); "
        "r0 += r1; exit; ";
    for (int at = 1; at < depth; ++at) {
      code += "f" + std::to_string(at) + ": ; *(u64 *)(r10 - 80) = 5; r6 = 3; call f" +
              std::to_string(at + 1) + "; r0 += r6; r1 = *(u64 *)(r10 - 80); r0 += r1; exit; ";
    }
    return code + "f" + std::to_string(depth) +
           ": ; r2 = " + std::to_string(handle(kMapHandle, stages.number())) +
           " ll; r3 = 0; call 12; r0 = " + "*(u64 *)(r10 - 80); exit";
  };
  const Program seven = load(chain(7));
  ASSERT_EQ(stages.set_program(0, &seven), 0);
  for (int run = 0; run < 2; ++run) {  // the second finds clean frames
    const Outcome outcome = machine_.run(seven, 0);
    ASSERT_TRUE(outcome.ok()) << describe(outcome.fault);
    EXPECT_EQ(outcome.r0, 34u * 7 * 8);
  }
  const Program eight = load(chain(8));
  ASSERT_EQ(stages.set_program(0, &eight), 0);
  EXPECT_EQ(machine_.run(eight, 0).fault.kind, FaultKind::call_depth);
  const Outcome outcome = machine_.run(seven, 0);  // its first tail call enters `eight`
  EXPECT_EQ(outcome.fault.kind, FaultKind::call_depth);
  EXPECT_EQ(outcome.fault.program, &eight);
  ASSERT_EQ(stages.set_program(0, &seven), 0);
  EXPECT_EQ(machine_.run(seven, 0).r0, 34u * 7 * 8);
}

// A call back from a tail call is one into the program that made it: its frames count again.
TEST_P(Hostile, FramesOfTheCallerCountAgainBehindATailCall) {
  Map& stages = add(MapType::prog_array, 4);
  const Program leaf = load("r0 = 1; exit");
  ASSERT_EQ(stages.set_program(0, &leaf), 0);
  stopped("call t; call f; exit; t: ; r2 = " + std::to_string(handle(kMapHandle, stages.number())) +
              " ll; r3 = 0; call 12; exit; f: ; call f; exit",
          FaultKind::call_depth, 8);
}

// Turns are a function's own, each time that it is entered.
TEST_P(Hostile, MayGotoEndsALoop) {
  machine_.set_instruction_limit(200'000'000);
  const std::string loop = "up: ; may_goto out; r0 += 1; goto up; out: ; ";
  EXPECT_EQ(machine_.run(load("r0 = 0; " + loop + "exit"), 0).r0, kMayGotoTurns);
  EXPECT_EQ(machine_.run(load("r0 = 0; up: ; r0 += 1; may_goto +1; exit; goto up"), 0).r0, 1u);
  const Program program = load(
      "call f; r6 = r0; r0 = 0; may_goto +0; may_goto +1; call f; r0 += r6; exit; f: ; r0 = 0; " +
      loop + "exit");
  for (int run = 0; run < 2; ++run) EXPECT_EQ(machine_.run(program, 0).r0, 2u * kMayGotoTurns);
  Map& stages = add(MapType::prog_array, 4);
  const Program stage = load("r0 = 0; " + loop + "exit");
  ASSERT_EQ(stages.set_program(0, &stage), 0);
  const Program entry =
      load("r0 = 0; up: ; may_goto out; goto up; out: ; r2 = " +
           std::to_string(handle(kMapHandle, stages.number())) + " ll; r3 = 0; call 12; exit");
  EXPECT_EQ(machine_.run(entry, 0).r0, kMayGotoTurns);
}

// From the network header on, by an index in the register that the result comes to.
TEST_P(Hostile, PacketLoadsFromAHeaderByR0) {
  std::vector<std::uint8_t> frame(64);
  frame[14] = 0x45;
  const Program program = load("r0 = 5; .raw 50000000fbffefff; exit", ProgramType::tc);
  EXPECT_EQ(machine_.run(program, frame).r0, 0x45u);
}

TEST_P(Hostile, MadeUpFunctions) {
  stopped("r1 = 0x7fff000200000003 ll; r2 = 5 ll; callx r1; exit", FaultKind::bad_call_target, 3);
  stopped("r1 = 0x7fff0002000000ff ll; callx r1; exit", FaultKind::bad_call_target, 2);
  stopped("r1 = 1; r2 = 0x7fff0002000000ff ll; r3 = 0; r4 = 0; call 181; exit",
          FaultKind::bad_call_target, 5);
}

// What a program leaves on its stack by way of a made-up address is gone in the next run.
TEST_P(Hostile, MadeUpStackAddresses) {
  const Program writer = load(
      "r1 = 0x210000008 ll; *(u64 *)(r1 + 0) = 7; r1 = 0x310000008 ll; *(u64 *)(r1 + 0) = 7; "
      "call f; exit; f: ; r0 = *(u64 *)(r10 - 504); exit");
  const Program reader = load(
      "call f; r1 = *(u64 *)(r10 - 504); r0 |= r1; exit; f: ; r0 = *(u64 "
      "*)(r10 - 504); exit");
  EXPECT_EQ(machine_.run(writer, 0).r0, 0u);
  EXPECT_EQ(machine_.run(reader, 0).r0, 0u);
}

TEST_P(Hostile, ThirtyFourTailCalls) {
  Map& stages = add(MapType::prog_array, 4);
  Map& counts = add(MapType::array, 8);
  const auto load_map = [](unsigned reg, const Map& map) {
    return "r" + std::to_string(reg) + " = " + std::to_string(handle(kMapHandle, map.number())) +
           " ll; ";
  };
  const Program self =
      load("r6 = r1; *(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; " + load_map(1, counts) +
           "call 1; if r0 == 0 goto out; r1 = 1; lock *(u64 *)(r0 + 0) += r1; r1 = r6; " +
           load_map(2, stages) + "r3 = 0; call 12; r0 = 7; out: ; exit");
  ASSERT_EQ(stages.set_program(0, &self), 0);
  const Outcome outcome = machine_.run(self, std::vector<std::uint8_t>(64));
  ASSERT_TRUE(outcome.ok()) << describe(outcome.fault);
  EXPECT_EQ(outcome.r0, 7u);
  EXPECT_EQ(outcome.instructions, 34u * 15 + 2);
  const std::uint8_t key[4] = {};
  std::uint8_t value[8];
  ASSERT_EQ(counts.read(key, value, 0), 0);
  EXPECT_EQ(base::load_native<std::uint64_t>(value), 34u);
}

INSTANTIATE_TEST_SUITE_P(Engines, Hostile, testing::Values(Engine::interpreter, Engine::jit),
                         [](const auto& row) {
                           return row.param == Engine::jit ? "jit" : "interpreter";
                         });

}  // namespace
}  // namespace ringbed::ebpf
