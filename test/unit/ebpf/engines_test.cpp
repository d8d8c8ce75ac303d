// The JIT held to the interpreter: random programs on random frames, one after the other in a pair
// of machines, must end alike (r0, instructions, fault, registers, packet, maps). And the
// comparison held to account: with a wrong instruction planted in the native code it must fail.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "ebpf/decode.hpp"
#include "ebpf/jit_translator.hpp"
#include "ebpf/machine.hpp"
#include "support/bpf_assembler.hpp"
#include "support/random_program.hpp"
#include "support/seed.hpp"

namespace ringbed::ebpf {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::int64_t kLimit = 3'000;

MapSpec spec(const char* name, MapType type, std::uint32_t key, std::uint32_t value) {
  MapSpec made;
  made.name = name;
  made.type = type;
  made.key_size = key;
  made.value_size = value;
  made.max_entries = 4;
  return made;
}

// A machine with a few maps; the other engine's is the same.
struct Side {
  explicit Side(Engine engine, ProgramType of) : type(of) {
    machine.environment().cpus = 2;
    machine.environment().cpu = 1;
    EXPECT_TRUE(machine.set_engine(engine).ok());
    machine.set_instruction_limit(kLimit);
    maps.push_back(machine.add_map(spec("sink", MapType::array, 4, 80)).value());
    maps.push_back(machine.add_map(spec("array", MapType::array, 4, 16)).value());
    maps.push_back(machine.add_map(spec("percpu", MapType::percpu_array, 4, 16)).value());
    maps.push_back(machine.add_map(spec("hash", MapType::hash, 8, 16)).value());
    stages = machine.add_map(spec("stages", MapType::prog_array, 4, 4)).value();
  }

  [[nodiscard]] test::ProgramSurroundings surroundings() {
    const std::uint8_t first[4] = {};
    test::ProgramSurroundings around;
    around.sink = maps[0]->find(first, 0);
    for (const Map* map : maps) around.maps.push_back(handle(kMapHandle, map->number()));
    around.stages = handle(kMapHandle, stages->number());
    around.xdp = type == ProgramType::xdp;
    return around;
  }

  std::unique_ptr<Program> load(const std::vector<RawInstruction>& code) {
    auto decoded = decode(code);
    EXPECT_TRUE(decoded.ok()) << decoded.error().message;
    auto program = std::make_unique<Program>(std::move(decoded).value());
    program->type = type;
    EXPECT_TRUE(machine.compile(*program).ok());
    return program;
  }

  // Everything that a run can be told by.
  std::string report(const Program& program, const Bytes& frame) {
    const Outcome outcome = machine.run(program, frame);
    std::string text = outcome.ok() ? "r0 " + std::to_string(outcome.r0) : describe(outcome.fault);
    text += ", instructions " + std::to_string(outcome.instructions) + ", packet";
    for (const std::uint8_t byte : machine.packet().bytes()) text += " " + std::to_string(byte);
    for (Map* map : maps) {
      text += "\n" + map->spec().name;
      Bytes key(map->spec().key_size);
      for (int more = map->next_key(nullptr, key.data()); more == 0;
           more = map->next_key(Bytes(key).data(), key.data())) {
        Bytes value(map->user_value_bytes());
        EXPECT_EQ(map->read(key.data(), value.data(), 0), 0);
        for (const std::uint8_t byte : value) text += " " + std::to_string(byte);
      }
    }
    return text;
  }

  ProgramType type;
  Machine machine;
  std::vector<Map*> maps;
  Map* stages = nullptr;
};

std::string listing(const std::vector<RawInstruction>& code) {
  std::string text;
  char line[80];
  for (std::size_t at = 0; at < code.size(); ++at) {
    std::snprintf(line, sizeof line, "%zu: %02x r%d r%d %d %d\n", at, code[at].opcode, code[at].dst,
                  code[at].src, code[at].offset, code[at].imm);
    text += line;
  }
  return text;
}

Bytes random_frame(base::Random& random) {
  Bytes frame(random.below(16) == 0 ? random.below(20) : 14 + random.below(100));
  for (auto& byte : frame) byte = static_cast<std::uint8_t>(random.next());
  return frame;
}

// Replaces bytes of the native code, or not; true when it did.
using Plant = bool (*)(Translation& translation, const std::vector<RawInstruction>& code);

int finished = 0;  // of all runs so far, those that did not fault

// The first difference over `programs` programs, or "". With `plant`, every program of the JIT's
// gets it.
std::string first_difference(ProgramType type, std::uint64_t seed, int programs, Plant plant) {
  base::Random random(seed, "engines");
  Side interpreted(Engine::interpreter, type);
  Side native(Engine::jit, type);
  const test::ProgramSurroundings around = interpreted.surroundings();
  std::vector<std::unique_ptr<Program>> kept;
  for (int number = 0; number < programs; ++number) {
    const auto code = test::RandomProgram(random, around).make();
    auto left = interpreted.load(code);
    auto right = native.load(code);
    if (plant != nullptr) {
      Translation translation = jit::Translator(*right, native.machine).run();
      if (plant(translation, code)) {
        right->set_native(NativeCode::publish(translation, native.machine).value());
      }
    }
    for (int run = 0; run < 3; ++run) {
      const Bytes frame = random_frame(random);
      const std::string expected = interpreted.report(*left, frame);
      const std::string got = native.report(*right, frame);
      finished += expected.starts_with("r0") ? 1 : 0;
      if (expected != got) {
        return "program " + std::to_string(number) + ", run " + std::to_string(run) +
               "\ninterpreter: " + expected + "\nJIT: " + got + "\n" + listing(code);
      }
    }
    const auto slot = static_cast<std::uint32_t>(random.below(4));
    interpreted.stages->set_program(slot, left.get());
    native.stages->set_program(slot, right.get());
    kept.push_back(std::move(left));
    kept.push_back(std::move(right));
  }
  return "";
}

// The native code of instructions with `opcode` whose operation is the byte `from` becomes `to`.
bool replace(Translation& translation, const std::vector<RawInstruction>& code, std::uint8_t opcode,
             std::uint8_t from, std::uint8_t to) {
  bool planted = false;
  for (std::size_t at = 0; at < code.size(); ++at) {
    const std::size_t start = translation.instructions[at];
    if (code[at].opcode == opcode && code[at].src != kFramePointer &&
        translation.instructions[at + 1] == start + 3 && translation.bytes[start + 1] == from) {
      translation.bytes[start + 1] = to;
      planted = true;
    }
  }
  return planted;
}

class Engines : public testing::TestWithParam<ProgramType> {
 protected:
  void SetUp() override {
    if (const base::Status status = jit_available(); !status) {
      GTEST_SKIP() << status.error().message;
    }
  }
};

TEST_P(Engines, RandomProgramsEndAlike) {
  const char* wanted = std::getenv("RINGBED_ENGINE_PROGRAMS");
  const int programs = wanted == nullptr ? 1'000 : std::atoi(wanted);
  const int before = finished;
  EXPECT_EQ(first_difference(GetParam(), test::seed(), programs, nullptr), "")
      << test::seed_trace();
  EXPECT_GT(finished - before, programs / 2) << "of " << 3 * programs << " runs: too many faults";
}

// One program in 170 or so shows what is planted, and the first one ends the search.
constexpr int kPlanted = 5'000;

// add becomes adc: the carry of whatever came before is added as well.
TEST_P(Engines, AWrongCarryIsNoticed) {
  const Plant carry = [](Translation& translation, const std::vector<RawInstruction>& code) {
    return replace(translation, code, 0x0f, 0x01, 0x11);
  };
  EXPECT_NE(first_difference(GetParam(), test::seed(), kPlanted, carry), "");
}

TEST_P(Engines, AWrongOperationIsNoticed) {
  const Plant sum = [](Translation& translation, const std::vector<RawInstruction>& code) {
    return replace(translation, code, 0x1f, 0x29, 0x01);  // sub, add
  };
  const Plant either = [](Translation& translation, const std::vector<RawInstruction>& code) {
    return replace(translation, code, 0x4f, 0x09, 0x31);  // or, xor
  };
  EXPECT_NE(first_difference(GetParam(), test::seed(), kPlanted, sum), "");
  EXPECT_NE(first_difference(GetParam(), test::seed(), kPlanted, either), "");
}

INSTANTIATE_TEST_SUITE_P(Types, Engines,
                         testing::Values(ProgramType::xdp, ProgramType::tc, ProgramType::raw),
                         [](const auto& row) {
                           return std::string(row.param == ProgramType::xdp  ? "xdp"
                                              : row.param == ProgramType::tc ? "tc"
                                                                             : "raw");
                         });

}  // namespace
}  // namespace ringbed::ebpf
