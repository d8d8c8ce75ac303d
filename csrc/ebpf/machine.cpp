#include "ebpf/machine.hpp"

#include <cstring>
#include <utility>

#include "ebpf/helpers.hpp"

namespace ringbed::ebpf {

namespace {

void interpret(const Instruction* at, State& state) noexcept {
  do {
    at = at->run(at, state);
  } while (at != nullptr);
}

}  // namespace

Machine::Machine(Environment environment) : environment_(std::move(environment)) {
  for (std::uint32_t frame = 0; frame < kMaxFrames; ++frame) {
    memory_[kStackRegion + frame] = Region::of(stack_.data() + frame * kStackBytes, kStackBytes);
  }
  for (const HelperRow& row : helpers()) {
    helpers_[row.number] = row.function;
  }
}

Machine::~Machine() = default;

base::Status Machine::set_engine(Engine engine) {
  if (engine == Engine::jit) {
    if (auto status = jit_available(); !status) return status;
  }
  engine_ = engine;
  return {};
}

Outcome Machine::run(const Program& program, std::uint64_t r1, std::uint64_t r2) noexcept {
  State state;
  state.r[1] = r1;
  state.r[2] = r2;
  state.r[kFramePointer] = State::frame_pointer(0);
  state.limit = limit_;
  state.regions = memory_.data();
  state.region_count = memory_.count();
  state.machine = this;
  state.program = &program;
  std::memset(stack_.data(), 0, kStackBytes);  // frame 0; calls clear theirs
  interpret(program.code.data(), state);
  const std::int64_t executed = state.fault.kind == FaultKind::none
                                    ? state.executed(state.mark)
                                    : state.jumped + state.fault.instruction + 1;
  return {state.r[0], static_cast<std::uint64_t>(executed), state.fault};
}

Outcome Machine::run(const Program& program, base::ByteView frame,
                     const PacketParameters& parameters) {
  packet_.place(frame, program.type, parameters);
  packet_.publish(memory_);
  const Outcome outcome = run(program, address_of(kContextRegion, 0), 0);
  for (std::uint32_t scratch = 0; scratch < kScratchRegions; ++scratch) {
    memory_[kScratchRegion + scratch] = {};
  }
  return outcome;
}

Address Machine::lend(std::uint8_t* data, std::uint32_t bytes, bool writable) {
  for (std::uint32_t number = kScratchRegion; number < kFixedRegions; ++number) {
    if (memory_[number].base == nullptr) {
      memory_[number] = Region::of(data, bytes, writable);
      return address_of(number, 0);
    }
  }
  return 0;
}

std::uint8_t* Machine::lent(Address address) const noexcept {
  const std::uint32_t number = high_half(address);
  if (number < kScratchRegion || number >= kFixedRegions || low_half(address) != kRegionStart) {
    return nullptr;
  }
  return memory_.data()[number].base;
}

void Machine::unlend(Address address) noexcept { memory_[high_half(address)] = {}; }

const Program* Machine::tail_target(State& state, std::uint64_t value, std::uint64_t index) {
  const Map* map = map_of_handle(value);
  if (map == nullptr || map->spec().type != MapType::prog_array) {
    state.refuse("tail call through something that is no prog_array", value);
    return nullptr;
  }
  if (static_cast<std::uint32_t>(index) >= map->spec().max_entries ||
      state.tail_calls >= kMaxTailCalls) {
    return nullptr;
  }
  const Program* target = map->program(static_cast<std::uint32_t>(index));
  if (target != nullptr) {
    ++state.tail_calls;
  }
  return target;
}

bool Machine::call_back(State& state, std::uint32_t entry, std::array<std::uint64_t, 4> arguments) {
  if (state.depth + 1 >= kMaxFrames) {
    state.stop(state.mark, FaultKind::call_depth, state.depth + 1);
    return false;
  }
  const Program* const program = state.program;
  const Instruction* const mark = state.mark;
  const std::uint32_t base_depth = state.base_depth;
  const auto saved = state.r;
  state.jumped = state.executed(mark + 1) - entry;
  state.open_frame();
  state.base_depth = state.depth;
  for (unsigned i = 0; i < arguments.size(); ++i) {
    state.r[1 + i] = arguments[i];
  }
  interpret(program->code.data() + entry, state);
  if (state.fault.kind != FaultKind::none) {
    return false;
  }
  const std::uint64_t result = state.r[0];
  const std::int64_t executed = state.executed(state.mark);
  --state.depth;
  state.base_depth = base_depth;
  state.program = program;
  state.mark = mark;
  state.r = saved;
  state.r[0] = result;
  state.jumped = executed - (mark + 1 - program->code.data());
  if (state.jumped > state.limit) {
    state.stop(mark, FaultKind::instruction_limit);
    return false;
  }
  return true;
}

}  // namespace ringbed::ebpf
