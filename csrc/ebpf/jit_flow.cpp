#include "ebpf/jit_flow.hpp"

#include <algorithm>

#include "ebpf/helpers.hpp"

namespace ringbed::ebpf::jit {

namespace {

constexpr std::uint8_t kWiden = 4;  // visits of a block before it is widened
constexpr std::uint32_t kDataId = 0;

// Ids of packet pointers: data itself, one an instruction, one a register of a block.
constexpr std::uint32_t instruction_id(std::size_t at) {
  return static_cast<std::uint32_t>(at) + 1;
}
constexpr std::uint32_t block_id(std::size_t size, std::size_t block, unsigned reg) {
  return static_cast<std::uint32_t>(size + 1 + block * kRegisters + reg);
}

// The value of an expression that is used now must not be confused with an older one of the same
// instruction.
void forget_lookup(Registers& r, std::uint32_t id) {
  for (Value& value : r.r) {
    if (value.kind == Kind::map_value_or_null && value.low == id) value = {};
  }
}
void forget_all_packets(Registers& r) {
  for (Value& value : r.r) {
    if (value.kind == Kind::packet || value.kind == Kind::packet_end) value = {};
  }
}

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  return a > kAny - b ? kAny : a + b;
}

// How far a pointer lies beyond the highest packet address, when it has moved by its offset.
std::uint64_t reach_of(const Value& packet) {
  const auto offset = static_cast<std::uint64_t>(packet.offset);
  return offset <= packet.low ? 0 : saturating_add(packet.high, offset);
}

// The highest number that a load can give.
std::uint64_t most(const RawInstruction& load) {
  return kAny >> (64 - access_bytes(load.memory_size()) * 8);
}

std::size_t target_of(const RawInstruction& in, std::size_t at) {
  const bool far = in.opcode == (cls::jmp32 | jmp_op::ja) ||
                   (in.opcode == kCall && in.src == pseudo::local_call);
  return static_cast<std::size_t>(static_cast<std::int64_t>(at) + 1 +
                                  (far ? std::int64_t{in.imm} : in.offset));
}

bool is_jump(const RawInstruction& in) {
  const bool jumps = in.instruction_class() == cls::jmp || in.instruction_class() == cls::jmp32;
  return jumps && in.opcode != kCall && in.opcode != kCallRegister && in.opcode != kExit;
}
bool is_local_call(const RawInstruction& in) {
  return in.opcode == kCall && in.src == pseudo::local_call;
}

}  // namespace

Flow::Flow(const Program& program, const Machine& machine)
    : program_(program),
      machine_(machine),
      size_(program.raw.size()),
      takes_context_(program.type != ProgramType::raw),
      block_(size_ + 1),
      reached_(size_ + 1),
      pending_(size_ + 1),
      visits_(size_ + 1),
      index_(size_ + 1) {
  find_blocks();
  solve();
}

void Flow::find_blocks() {
  block_[0] = true;
  block_[size_] = true;
  for (std::size_t at = 0; at < size_; ++at) {
    const RawInstruction& in = program_.raw[at];
    if (is_jump(in) || is_local_call(in)) {
      block_[target_of(in, at)] = true;
      block_[at + 1] = true;
    } else if (in.opcode == kLoadImm64) {
      if (in.src == pseudo::func) {
        const auto entry = static_cast<std::uint32_t>(program_.code[at].imm);
        block_[entry] = true;
        callbacks_.push_back(entry);
      }
      ++at;
    } else if (in.opcode == kExit) {
      block_[at + 1] = true;
    } else if (in.opcode == kCallRegister || in.opcode == kCall) {
      const HelperEffects effects = in.opcode == kCallRegister
                                        ? HelperEffects{true, true, true}
                                        : helper_effects(static_cast<std::uint32_t>(in.imm));
      packet_moves_in_calls_ |= effects.moves_packet || in.imm == kTailCallHelper;
    }
  }
  std::uint32_t blocks = 0;
  for (std::size_t at = 0; at <= size_; ++at) {
    if (block_[at]) index_[at] = blocks++;
  }
  in_.resize(blocks);
}

void Flow::solve() {
  Registers entry;
  entry[kFramePointer] = {Kind::stack, 0, 0, 0, 0};
  for (const std::uint32_t callback : callbacks_) {
    flow_into(callback, entry);
  }
  if (takes_context_) {
    entry[1] = {Kind::context, 0, 0, 0, 0};
  }
  flow_into(0, entry);
  for (bool more = true; more;) {
    more = false;
    for (std::size_t at = 0; at < size_; ++at) {
      if (pending_[at]) {
        pending_[at] = false;
        visit(at);
        more = true;
      }
    }
  }
}

void Flow::flow_into(std::size_t block, const Registers& registers) {
  if (block >= size_) {
    reached_[size_] = true;
    return;
  }
  Registers& in = in_[index_[block]];
  if (!reached_[block]) {
    reached_[block] = true;
    pending_[block] = true;
    in = registers;
    return;
  }
  bool changed = false;
  for (unsigned reg = 0; reg < kRegisters; ++reg) {
    changed |= join(block, reg, in[reg], registers[reg]);
  }
  if (changed) {
    pending_[block] = true;
    visits_[block] = static_cast<std::uint8_t>(std::min(visits_[block] + 1, 255));
  }
}

// True when `into` knows less than before.
bool Flow::join(std::size_t block, unsigned reg, Value& into, const Value& from) const {
  const Value old = into;
  const bool widen = visits_[block] >= kWiden;
  const std::uint32_t here = block_id(size_, block, reg);
  const auto owned = [&](std::uint32_t id) {
    return id >= block_id(size_, block, 0) && id < block_id(size_, block, kRegisters);
  };
  if (into.kind != from.kind) {
    into = {};
  } else if (into.kind == Kind::scalar) {
    into.low = std::min(into.low, from.low);
    into.high = std::max(into.high, from.high);
    if (widen && !(into == old)) into = {};
  } else if (into.kind == Kind::packet) {
    // An id of this very block in `from` is one of an earlier visit: another value.
    const bool same = into.id == from.id && into.offset == from.offset && !owned(from.id);
    if (same) {
      into.low = std::min(into.low, from.low);
      into.high = std::max(into.high, from.high);
    } else if (into.offset < 0 || from.offset < 0) {
      into = {};
    } else {
      const auto left = [](const Value& value) {
        const auto offset = static_cast<std::uint64_t>(value.offset);
        return value.low > offset ? value.low - offset : 0;
      };
      into = {Kind::packet, here, 0, std::min(left(into), left(from)),
              std::max(reach_of(into), reach_of(from))};
    }
    if ((widen && !(into == old)) || (into.kind == Kind::packet && into.high > kMaxReach))
      into = {};
  } else if (!(into == from)) {
    into = {};
  }
  return !(into == old);
}

void Flow::visit(std::size_t block) {
  Registers r = in_[index_[block]];
  for (std::size_t at = block;;) {
    const RawInstruction& in = program_.raw[at];
    if (in.opcode == kExit) {
      return;
    }
    if (is_jump(in)) {
      if (in.operation() == jmp_op::ja) {
        flow_into(target_of(in, at), r);
        return;
      }
      Registers taken = r;
      Registers next = r;
      branch(at, r, taken, next);
      flow_into(target_of(in, at), taken);
      flow_into(at + 1, next);
      return;
    }
    if (is_local_call(in)) {
      Registers callee = r;
      for (Value& value : callee.r) {
        if (value.kind == Kind::stack) value = {};  // of the caller's frame
      }
      callee[kFramePointer] = {Kind::stack, 0, 0, 0, 0};
      flow_into(target_of(in, at), callee);
    }
    step(at, r);
    at += in.opcode == kLoadImm64 ? 2 : 1;
    if (block_[at]) {
      flow_into(at, r);
      return;
    }
  }
}

void Flow::step(std::size_t at, Registers& r) const {
  const RawInstruction& in = program_.raw[at];
  switch (in.instruction_class()) {
    case cls::alu:
    case cls::alu64: arithmetic(at, r); break;
    case cls::jmp:
    case cls::jmp32:
      if (in.opcode == kCall || in.opcode == kCallRegister) {
        call(at, r);
      } else if (is_jump(in) && in.operation() != jmp_op::ja) {
        const Registers before = r;
        Registers taken = r;
        branch(at, before, taken, r);
      }
      break;
    case cls::ld:
      if (in.opcode == kLoadImm64) {
        r[in.dst] = Value::constant(
            static_cast<std::uint32_t>(program_.code[at].imm) |
            static_cast<std::uint64_t>(static_cast<std::uint32_t>(program_.code[at + 1].imm))
                << 32);
      } else {
        r[0] = Value::scalar(0, kMax32);
        for (unsigned reg = 1; reg <= 5; ++reg) r[reg] = Value::constant(0);
      }
      break;
    case cls::ldx: r[in.dst] = loaded(in, r[in.src]); break;
    case cls::stx:
      if (in.memory_mode() != mode::atomic) break;
      if (in.imm == atomic_op::load_acquire) {
        r[in.dst] = Value::scalar(0, most(in));
      } else if ((in.imm & atomic_op::fetch) != 0) {
        const bool narrow = in.memory_size() == size_of::word;
        r[in.imm == atomic_op::cmpxchg ? 0 : in.src] = Value::scalar(0, narrow ? kMax32 : kAny);
      }
      break;
    default: break;
  }
}

Value Flow::loaded(const RawInstruction& in, const Value& base) const {
  if (in.memory_mode() == mode::memsx) {
    return {};
  }
  if (base.kind == Kind::context && in.memory_size() == size_of::word) {
    const ContextLayout layout = context_layout(program_.type);
    const std::int64_t offset = std::int64_t{base.offset} + in.offset;
    if (offset == layout.data) return {Kind::packet, kDataId, 0, 0, 0};
    if (offset == layout.data_end) return {Kind::packet_end, 0, 0, 0, 0};
  }
  return Value::scalar(0, most(in));
}

void Flow::call(std::size_t at, Registers& r) const {
  const RawInstruction& in = program_.raw[at];
  const bool local = in.opcode == kCallRegister || in.src == pseudo::local_call;
  if (local) {
    for (unsigned reg = 0; reg <= 5; ++reg) r[reg] = {};
    if (in.opcode == kCallRegister || packet_moves_in_calls_) forget_all_packets(r);
    return;
  }
  const auto number = static_cast<std::uint32_t>(in.imm);
  const HelperEffects effects = helper_effects(number);
  if (effects.moves_packet || effects.calls_back) {
    forget_all_packets(r);
  }
  if (number == kTailCallHelper) {
    return;  // on a miss nothing has changed
  }
  const Map* map = r[1].is_constant() ? machine_.map_of_handle(r[1].low) : nullptr;
  r[0] = {};
  if (number == kMapLookupHelper && map != nullptr && map->value_region() != 0) {
    const std::uint32_t id = instruction_id(at);
    forget_lookup(r, id);
    r[0] = {Kind::map_value_or_null, map->number(), 0, id, 0};
  }
}

}  // namespace ringbed::ebpf::jit
