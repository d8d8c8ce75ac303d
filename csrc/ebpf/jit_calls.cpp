// Helpers and tail calls (RFC 9669 section 4.3.1). Look-ups in a known map, and tail calls through
// a known prog_array, are native; every other helper is called by way of the State.
#include <bit>

#include "ebpf/helpers.hpp"
#include "ebpf/jit_translator.hpp"

namespace ringbed::ebpf::jit {

namespace {

// Runs one call as the interpreter does: handlers of calls never go on by themselves (state.hpp).
const Instruction* interpret_one(State* state, std::uint64_t at) noexcept {
  const Instruction* instruction = state->program->code.data() + at;
  return instruction->run(instruction, *state);
}

// The same for a helper that writes, which it does where its arguments point to.
const Instruction* interpret_writer(State* state, std::uint64_t at) noexcept {
  for (unsigned argument = 1; argument <= 5; ++argument) {
    const std::uint32_t frame = high_half(state->r[argument]) - kStackRegion;
    if (frame < kAllFrames) state->mark_dirty(frame);
  }
  return interpret_one(state, at);
}

// What no instruction's address is: a helper has returned, native code goes on.
const auto* const kGoOn = reinterpret_cast<const Instruction*>(std::uintptr_t{1});

// The same for a call by register. A function may well lie right behind its call, so that where
// the interpreter goes on does not tell whether it has entered one; the frame does.
const Instruction* call_by_register(State* state, std::uint64_t at) noexcept {
  const std::uint32_t depth = state->depth;
  const Instruction* behind = state->program->code.data() + at + 1;
  const Instruction* next = interpret_writer(state, at);
  return next == behind && state->depth == depth ? kGoOn : next;
}

Address look_up(Map* map, const std::uint8_t* key, std::uint32_t cpu) noexcept {
  return map->find(key, cpu);
}

Memory bpf_slot(unsigned bpf) { return in_state(offsetof(State, r) + bpf * 8); }

}  // namespace

// r1 to r5 are not preserved by a function of the host, but by a helper; r6 to r9 are by both.
// `all`: for code that reads or changes the others too.
void Translator::spill(bool all) {
  for (unsigned bpf = all ? 0 : 1; bpf <= (all ? 9u : 5u); ++bpf) {
    out_.store(8, bpf_slot(bpf), reg(bpf));
  }
  out_.store(8, in_state(offsetof(State, jumped)), kJumped);
}
void Translator::reload(bool all) {
  for (unsigned bpf = all ? 0 : 1; bpf <= (all ? 9u : 5u); ++bpf) {
    out_.load(8, reg(bpf), bpf_slot(bpf));
  }
  out_.load(8, kJumped, in_state(offsetof(State, jumped)));
}

// A buffer that grows may lie elsewhere.
void Translator::reload_packet() {
  out_.load(8, kPacketDelta, in_state(offsetof(State, packet_delta)));
}

// The current stack frame may be left with something in it.
void Translator::mark_dirty() {
  out_.load(4, kScratch, in_state(offsetof(State, depth)));
  mark_dirty(kScratch);
}

// The stack frame whose number is in `frame`, which is no more afterwards.
void Translator::mark_dirty(Reg frame) {
  const Label marked = out_.label();
  out_.alu(Alu::add, Width::w32, frame, 1);
  out_.alu(Alu::cmp, Width::w32, frame, in_state(offsetof(State, dirty_frames)));
  out_.jump_if(Condition::below_equal, marked);
  out_.store(4, in_state(offsetof(State, dirty_frames)), frame);
  out_.bind(marked);
}

// State::frames[depth] to r10.
void Translator::address_frame() {
  out_.load(4, kScratch, in_state(offsetof(State, depth)));
  static_assert(sizeof(State::Frame) == 64);
  out_.shift(Shift::left, Width::w32, kScratch, 6);
  out_.alu(Alu::add, Width::w64, kScratch, Reg::rbp);
}

void Translator::begin_turns() {
  if (!may_goto_) return;
  address_frame();
  out_.store_immediate(4, frame(offsetof(State::Frame, turns_left)), kMayGotoTurns);
}

void Translator::helper_call(std::size_t at) {
  const auto number = static_cast<std::uint32_t>(program_.raw[at].imm);
  if (number == kTailCallHelper) {
    return tail_call(at);
  }
  if (machine_.helper(number) == nullptr) {
    return out_.jump(leave_at(at));
  }
  if (number == kMapLookupHelper && map_lookup(at)) {
    return;
  }
  generic_helper(at, helper_effects(number));
}

void Translator::generic_helper(std::size_t at, const HelperEffects& effects) {
  spill(effects.calls_back);
  out_.move(Width::w64, Reg::rdi, Reg::rbp);
  out_.move_immediate(Reg::rsi, at);
  out_.call(reinterpret_cast<const void*>(effects.writes ? &interpret_writer : &interpret_one));
  out_.test(Width::w64, Reg::rax, Reg::rax);
  out_.jump_if(Condition::equal, leave_with_);  // a fault
  reload(false);
  if (effects.moves_packet || effects.calls_back) reload_packet();
  out_.load(8, reg(0), bpf_slot(0));
}

// False where map or key are not known well enough.
bool Translator::map_lookup(std::size_t at) {
  const Value handle = registers_[1];
  Map* map = handle.is_constant() ? machine_.map_of_handle(handle.low) : nullptr;
  if (map == nullptr || map->value_region() == 0 || registers_[2].kind == Kind::scalar) {
    return false;
  }
  const auto key = proven(2, 0, map->spec().key_size, Access::read);
  if (!key) {
    return false;
  }
  if (map->indexed().direct) {
    indexed_lookup(at, *map, *key);
    return true;
  }
  if (key->base != kScratch || key->index != Reg::rsp || key->displacement != 0) {
    out_.address(kScratch, *key);
  }
  spill(false);
  out_.move_immediate(Reg::rdi, reinterpret_cast<std::uintptr_t>(map));
  out_.move(Width::w64, Reg::rsi, kScratch);
  const auto from = reinterpret_cast<const std::uint8_t*>(&machine_.state());
  const auto cpu = reinterpret_cast<const std::uint8_t*>(&machine_.environment().cpu);
  out_.load(4, Reg::rdx, {Reg::rbp, static_cast<std::int32_t>(cpu - from)});
  out_.call(reinterpret_cast<const void*>(&look_up));
  reload(false);
  return true;
}

void Translator::indexed_lookup(std::size_t at, const Map& map, const Memory& key) {
  const Map::Indexed indexed = map.indexed();
  const Region& region = machine_.memory().data()[map.value_region()];
  const Label done = out_.label();
  const Label none = out_.label();
  const std::uint32_t stride = region.mask == 0xffff'ffff ? 0 : region.mask + 1;
  out_.load(4, Reg::rax, key);
  out_.alu(Alu::cmp, Width::w32, Reg::rax, static_cast<std::int32_t>(map.spec().max_entries));
  out_.jump_if(Condition::above_equal, none);
  if (indexed.cpus > 1) {
    const auto from = reinterpret_cast<const std::uint8_t*>(&machine_.state());
    const auto cpu = reinterpret_cast<const std::uint8_t*>(&machine_.environment().cpu);
    out_.load(4, kScratch, {Reg::rbp, static_cast<std::int32_t>(cpu - from)});
    out_.alu(Alu::cmp, Width::w32, kScratch, static_cast<std::int32_t>(indexed.cpus));
    out_.jump_if(Condition::above_equal, leave_at(at));
    out_.multiply(Width::w64, Reg::rax, Reg::rax, static_cast<std::int32_t>(indexed.cpus));
    out_.alu(Alu::add, Width::w64, Reg::rax, kScratch);
  }
  const std::uint64_t first = address_of(map.value_region(), 0);
  if (stride == 0) {  // one element
    out_.move_immediate(Reg::rax, first);
  } else {
    if (stride > 1) {
      out_.shift(Shift::left, Width::w64, Reg::rax,
                 static_cast<std::uint8_t>(std::countr_zero(stride)));
    }
    out_.move_immediate(kScratch, first);
    out_.alu(Alu::add, Width::w64, Reg::rax, kScratch);
  }
  out_.jump(done);
  out_.bind(none);
  out_.zero(Reg::rax);
  out_.bind(done);
}

// Inside the program's code where the prog_array is known; a target without native code of this
// machine is the interpreter's.
void Translator::tail_call(std::size_t at) {
  const Value handle = registers_[2];
  const Map* map = handle.is_constant() ? machine_.map_of_handle(handle.low) : nullptr;
  if (map == nullptr || map->programs() == nullptr) {
    return out_.jump(leave_at(at));
  }
  const Label miss = out_.label();
  out_.move(Width::w32, kScratch, reg(3));
  out_.alu(Alu::cmp, Width::w32, kScratch, static_cast<std::int32_t>(map->spec().max_entries));
  out_.jump_if(Condition::above_equal, miss);
  out_.alu(Alu::cmp, Width::w32, in_state(offsetof(State, tail_calls)), kMaxTailCalls);
  out_.jump_if(Condition::above_equal, miss);
  out_.shift(Shift::left, Width::w64, kScratch, 3);
  out_.move_immediate(kScratch2, reinterpret_cast<std::uintptr_t>(map->programs()));
  out_.alu(Alu::add, Width::w64, kScratch, kScratch2);
  out_.load(8, kScratch, {kScratch, 0});
  out_.test(Width::w64, kScratch, kScratch);
  out_.jump_if(Condition::equal, miss);
  out_.address(kScratch2, {kJumped, static_cast<std::int32_t>(at) + 1});
  out_.alu(Alu::cmp, Width::w64, kScratch2, in_state(offsetof(State, limit)));
  out_.jump_if(Condition::greater, leave_at(at));
  out_.move_immediate(kScratch2, reinterpret_cast<std::uintptr_t>(&machine_));
  out_.alu(Alu::cmp, Width::w64, Memory{kScratch, offsetof(NativeEntry, machine)}, kScratch2);
  out_.jump_if(Condition::not_equal, leave_at(at));
  out_.load(8, kScratch2, {kScratch, offsetof(NativeEntry, tail)});
  out_.alu(Alu::add, Width::w64, kJumped, static_cast<std::int32_t>(at) + 1);
  out_.increment(in_state(offsetof(State, tail_calls)));
  out_.store(8, in_state(offsetof(State, program)), kScratch);
  if (stack_bytes_ > 0) mark_dirty();
  if (functions_) {  // else it is as deep as it began
    address_frame();
    out_.store_immediate(4, frame(offsetof(State::Frame, calls_left)), kMaxFrames - 1);
  }
  out_.jump(kScratch2);
  out_.bind(miss);
}

// A helper is called here; a function, whose address is data, is the interpreter's.
void Translator::call_register(std::size_t at) {
  spill(true);
  out_.move(Width::w64, Reg::rdi, Reg::rbp);
  out_.move_immediate(Reg::rsi, at);
  out_.call(reinterpret_cast<const void*>(&call_by_register));
  out_.alu(Alu::cmp, Width::w64, Reg::rax, 1);  // kGoOn
  out_.jump_if(Condition::not_equal, leave_with_);
  reload(true);
  reload_packet();
}

}  // namespace ringbed::ebpf::jit
