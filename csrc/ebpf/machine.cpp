#include "ebpf/machine.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ebpf/helpers.hpp"
#include "ebpf/jit_code.hpp"

namespace ringbed::ebpf {

namespace {

void interpret(const Instruction* at, State& state) noexcept {
  do {
    at = at->run(at, state);
  } while (at != nullptr);
}

// Frames that native code entered, and has not left, are left as they are.
void finish(const Instruction* at, State& state) noexcept {
  state.mark_dirty(state.depth);
  interpret(at, state);
}

}  // namespace

Machine::Machine(Environment environment)
    : environment_(std::move(environment)), stack_(kAllFrames) {
  for (std::uint32_t frame = 0; frame < kAllFrames; ++frame) {
    memory_[kStackRegion + frame] = Region::of(stack_frame(frame), kStackBytes);
  }
  for (const HelperRow& row : helpers()) {
    helpers_[row.number] = row.function;
  }
  reset();
}

Machine::~Machine() = default;

base::Status Machine::set_engine(Engine engine) {
  if (engine == Engine::jit) {
    if (auto status = jit_available(); !status) return status;
  }
  engine_ = engine;
  return {};
}

// What holds between runs.
void Machine::reset() noexcept {
  state_.limit = limit_;
  state_.machine = this;
  state_.jumped = 0;
  state_.depth = 0;
  state_.base_depth = 0;
  state_.frame = stack_frame(0);
  state_.r = {};
  state_.r[kFramePointer] = State::frame_pointer(0);
  state_.fault = {};
}

Outcome Machine::run(const Program& program, std::uint64_t r1, std::uint64_t r2) noexcept {
  state_.program = &program;
  state_.regions = memory_.data();
  state_.region_count = memory_.count();
  state_.tail_calls = 0;
  const bool in_place = memory_.packet_published();
  const bool as_compiled =
      program.type == ProgramType::raw ||
      (in_place && r1 == address_of(kContextRegion, 0) && packet_.type() == program.type);
  if (engine_ == Engine::jit && program.machine == this && as_compiled) [[likely]] {
    if (state_.dirty_frames != 0) {
      clear_stack();
    }
    state_.context = in_place ? packet_.type() : ProgramType::raw;
    const Instruction* at = program.start(&state_, r1, r2, find_packet());
    if (at == nullptr && state_.fault.kind == FaultKind::none) [[likely]] {
      return {state_.r[0], static_cast<std::uint64_t>(state_.finished), {}};
    }
    return run_on(at);
  }
  state_.context = ProgramType::raw;
  state_.r[1] = r1;
  state_.r[2] = r2;
  state_.frames[0].turns_left = kMayGotoTurns;
  std::memset(stack_frame(0), 0, kStackBytes);  // frame 0; calls clear theirs
  return run_on(program.code.data());
}

std::uint64_t Machine::find_packet() noexcept {
  const Region& packet = memory_.data()[kPacketRegion];
  state_.packet_delta = reinterpret_cast<std::uintptr_t>(packet.base) - packet.start;
  return state_.packet_delta;
}

void Machine::packet_changed() noexcept {
  packet_.publish(memory_);
  find_packet();
}

Outcome Machine::run_on(const Instruction* at) noexcept {
  if (at != nullptr) {
    finish(at, state_);
  }
  Outcome outcome{state_.r[0], static_cast<std::uint64_t>(state_.finished), state_.fault};
  if (!outcome.ok()) {
    outcome.instructions = static_cast<std::uint64_t>(state_.jumped + state_.fault.instruction + 1);
    state_.mark_dirty(state_.depth);
  }
  reset();
  return outcome;
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

void Machine::clear_stack() noexcept {
  std::fill_n(stack_.begin(), state_.dirty_frames, StackFrame{});
  state_.dirty_frames = 0;
}

void Machine::call_function(State& state, std::uint32_t entry) noexcept {
  const Program& program = *state.program;
  const Instruction* at = program.code.data() + entry;
  if (engine_ == Engine::jit && program.machine == this) {
    void* const native_stack = state.native_stack;
    std::uint8_t* const frame = state.frame;
    state.frame = stack_frame(state.depth);
    at = program.native->call_back(state, entry);
    state.native_stack = native_stack;
    state.frame = frame;
  }
  if (at != nullptr) {
    finish(at, state);
  }
}

bool Machine::call_back(State& state, std::uint32_t entry, std::array<std::uint64_t, 4> arguments) {
  if (entry + std::size_t{1} >= state.program->code.size()) {
    state.stop(state.mark, FaultKind::bad_call_target, handle(kFunctionHandle, entry));
    return false;
  }
  if (state.frames[state.depth].calls_left == 0) {
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
  call_function(state, entry);
  if (state.fault.kind != FaultKind::none) {
    return false;
  }
  const std::uint64_t result = state.r[0];
  const std::int64_t executed = state.finished;
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
