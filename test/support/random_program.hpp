// Random BPF programs that decode accepts, for comparing engines: arithmetic over values at the
// edges, jumps, loops, calls of local functions and helpers, callbacks, tail calls, memory that is
// sometimes out of bounds, packet parsing with checks that sometimes do not suffice. Each ends by
// storing all its registers at `sink`.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "ebpf/isa.hpp"

namespace ringbed::test {

// What a program may name.
struct ProgramSurroundings {
  std::uint64_t sink = 0;           // VM address of 80 writable bytes
  std::vector<std::uint64_t> maps;  // handles: keys of four and eight bytes
  std::uint64_t stages = 0;         // handle of a prog_array, or 0
  bool xdp = false;                 // else the packet is a socket buffer's
};

class RandomProgram {
 public:
  RandomProgram(base::Random& random, const ProgramSurroundings& around)
      : random_(random), around_(around) {}

  // Call once.
  std::vector<ebpf::RawInstruction> make() {
    for (std::uint8_t reg = 0; reg < 10; ++reg) {
      if (reg != 1) immediate64(reg, interesting());
    }
    emit({0xbf, 8, 1, 0, 0});  // r8: the context, more often than not
    body(10 + random_.below(60));
    finish();
    while (functions_ < wanted_functions_) {
      entries_.push_back(code_.size());
      ++functions_;
      body(3 + random_.below(12));
      emit({0x95, 0, 0, 0, 0});
    }
    link();
    return code_;
  }

 private:
  using Raw = ebpf::RawInstruction;

  void emit(const Raw& in) { code_.push_back(in); }
  // r8 is mostly left alone: it holds the context.
  std::uint8_t any() {
    const auto reg = static_cast<std::uint8_t>(random_.below(10));
    return reg == 8 && random_.below(32) != 0 ? std::uint8_t{7} : reg;
  }
  std::uint8_t opcode(unsigned value) { return static_cast<std::uint8_t>(value); }

  std::uint64_t interesting() {
    constexpr std::array<std::uint64_t, 14> kEdges = {0,
                                                      1,
                                                      2,
                                                      31,
                                                      32,
                                                      63,
                                                      64,
                                                      0x7fff'ffff,
                                                      0x8000'0000,
                                                      0xffff'ffff,
                                                      0x1'0000'0000,
                                                      0x7fff'ffff'ffff'ffff,
                                                      0x8000'0000'0000'0000,
                                                      0xffff'ffff'ffff'ffff};
    return random_.below(3) == 0 ? random_.next() : kEdges[random_.below(kEdges.size())];
  }

  void immediate64(std::uint8_t reg, std::uint64_t value, std::uint8_t kind = 0) {
    emit({0x18, reg, kind, 0, static_cast<std::int32_t>(value)});
    emit({0, 0, 0, 0, static_cast<std::int32_t>(value >> 32)});
  }

  void body(std::uint64_t pieces) {
    for (std::uint64_t i = 0; i < pieces; ++i) piece();
    // Jumps from the pieces land at most here.
    emit({0xb7, any(), 0, 0, 7});
  }

  void piece() {
    switch (random_.below(20)) {
      case 0: return jump();
      case 1: return loop();
      case 2: return stack();
      case 3: return stack();
      case 4: return atomic();
      case 5: return packet();
      case 6: return packet();
      case 7: return variable_packet();
      case 8: return helper();
      case 9: return local_call();
      case 10: return map();
      case 11: return rare();
      case 12: return byte_order();
      default: return arithmetic();
    }
  }

  void arithmetic() {
    constexpr std::array<unsigned, 13> kOperations = {0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60,
                                                      0x70, 0x80, 0x90, 0xa0, 0xb0, 0xc0};
    const unsigned op = kOperations[random_.below(kOperations.size())];
    const unsigned cls = random_.below(2) == 0 ? 7 : 4;
    const bool from_register = op != 0x80 && random_.below(2) == 0;
    Raw in{opcode(op | cls | (from_register ? 8 : 0)), any(), 0, 0, 0};
    if (from_register) {
      in.src = random_.below(12) == 0 ? std::uint8_t{10} : any();
      if (op == 0xb0 && random_.below(2) == 0) {
        constexpr std::array<std::int16_t, 3> kBits = {8, 16, 32};
        in.offset = kBits[random_.below(cls == 7 ? 3 : 2)];
      }
    } else if (op != 0x80) {
      in.imm = static_cast<std::int32_t>(interesting());
    }
    if (op == 0x30 || op == 0x90) in.offset = static_cast<std::int16_t>(random_.below(2));
    emit(in);
  }

  void byte_order() {
    constexpr std::array<std::int32_t, 3> kBits = {16, 32, 64};
    constexpr std::array<unsigned, 3> kKinds = {0xd4, 0xdc, 0xd7};
    emit({opcode(kKinds[random_.below(3)]), any(), 0, 0, kBits[random_.below(3)]});
  }

  Raw comparison() {
    constexpr std::array<unsigned, 11> kOperations = {0x10, 0x20, 0x30, 0x40, 0x50, 0x60,
                                                      0x70, 0xa0, 0xb0, 0xc0, 0xd0};
    const bool from_register = random_.below(2) == 0;
    // One draw a statement: the order of operands is the compiler's.
    const unsigned op = kOperations[random_.below(kOperations.size())];
    const unsigned cls = random_.below(2) == 0 ? 5 : 6;
    Raw in{opcode(op | cls | (from_register ? 8 : 0)), any(), 0, 0, 0};
    if (from_register) {
      in.src = any();
    } else {
      in.imm = static_cast<std::int32_t>(interesting());
    }
    return in;
  }

  // Over one or two pieces.
  void jump() {
    const std::size_t at = code_.size();
    constexpr std::array<std::uint8_t, 3> kPlain = {0x05, 0x06, 0xe5};
    emit(random_.below(6) == 0 ? Raw{kPlain[random_.below(kPlain.size())], 0, 0, 0, 0}
                               : comparison());
    arithmetic();
    if (random_.below(2) == 0) stack();
    set_distance(at, code_.size() - at - 1);
  }

  void set_distance(std::size_t at, std::size_t distance) {
    if (code_[at].opcode == 0x06) {
      code_[at].imm = static_cast<std::int32_t>(distance);
    } else {
      code_[at].offset = static_cast<std::int16_t>(distance);
    }
  }

  // A few turns, counted in a register that the turn may spoil: then it is up to the limit.
  void loop() {
    const std::uint8_t counter = 9;
    emit({0xb7, counter, 0, 0, static_cast<std::int32_t>(2 + random_.below(5))});
    const std::size_t top = code_.size();
    arithmetic();
    if (random_.below(3) == 0) packet();
    if (random_.below(3) == 0) variable_packet();
    emit({0x07, counter, 0, 0, -1});
    const auto back = static_cast<std::int16_t>(static_cast<std::int64_t>(top) -
                                                static_cast<std::int64_t>(code_.size()) - 1);
    emit({opcode(random_.below(8) == 0 ? 0x55 : 0x65), counter, 0, back, 0});
  }

  std::uint8_t packet_size() { return static_cast<std::uint8_t>(random_.below(3) * 8); }
  std::uint8_t size_bits() { return static_cast<std::uint8_t>(random_.below(4) * 8); }

  void access(std::uint8_t pointer, std::int16_t offset) {
    const std::uint8_t size = size_bits();
    switch (random_.below(4)) {
      case 0: return emit({opcode(0x61 | size), any(), pointer, offset, 0});
      case 1: return emit({opcode((size == 0x18 ? 0x61 : 0x81) | size), any(), pointer, offset, 0});
      case 2:
        return emit(
            {opcode(0x62 | size), pointer, 0, offset, static_cast<std::int32_t>(random_.next())});
      default: return emit({opcode(0x63 | size), pointer, any(), offset, 0});
    }
  }

  void stack() {
    const auto depth = static_cast<std::int16_t>(
        random_.below(60) == 0 ? -static_cast<int>(random_.below(530)) + 8
                               : -8 * static_cast<int>(1 + random_.below(14)));
    if (random_.below(3) != 0) return access(10, depth);
    const std::uint8_t pointer = any();
    emit({0xbf, pointer, 10, 0, 0});
    emit({0x07, pointer, 0, 0, depth});
    if (random_.below(3) == 0) {
      const std::uint8_t index = other_than(pointer);
      emit({0x57, index, 0, 0, 7});
      emit({0x0f, pointer, index, 0, 0});
    }
    access(pointer, 0);
  }

  std::uint8_t other_than(std::uint8_t reg) {
    const std::uint8_t found = any();
    return found == reg ? static_cast<std::uint8_t>((found + 1) % 6) : found;
  }

  void atomic() {
    constexpr std::array<std::int32_t, 10> kOperations = {0x00, 0x01, 0x40, 0x41, 0x50,
                                                          0x51, 0xa0, 0xa1, 0xe1, 0xf1};
    const auto offset = static_cast<std::int16_t>(-8 * static_cast<int>(1 + random_.below(8)));
    if (random_.below(4) == 0) return ordered(offset);
    emit({opcode(random_.below(2) == 0 ? 0xdb : 0xc3), 10, any(), offset,
          kOperations[random_.below(kOperations.size())]});
  }

  // On the stack or, mostly outside, at a register.
  void ordered(std::int16_t offset) {
    const std::uint8_t size = size_bits();
    const std::uint8_t pointer = random_.below(8) == 0 ? any() : std::uint8_t{10};
    if (random_.below(2) == 0) {
      return emit({opcode(0xc3 | size), any(), pointer, offset, ebpf::atomic_op::load_acquire});
    }
    emit({opcode(0xc3 | size), pointer, any(), offset, ebpf::atomic_op::store_release});
  }

  // Where the context has data and data_end.
  [[nodiscard]] std::pair<std::int16_t, std::int16_t> bounds() const {
    return around_.xdp ? std::pair<std::int16_t, std::int16_t>{0, 4}
                       : std::pair<std::int16_t, std::int16_t>{76, 80};
  }

  // data, data_end, a check of `checked` bytes, an access that is mostly within them.
  void packet() {
    const std::uint8_t data = any();
    const std::uint8_t end = other_than(data);
    std::uint8_t ahead = other_than(data);
    if (ahead == end) ahead = data;
    if (data == 8 || end == 8) return arithmetic();
    emit({0x61, end, 8, bounds().second, 0});
    emit({0x61, data, 8, bounds().first, 0});
    const auto checked = static_cast<std::int32_t>(1 + random_.below(64));
    if (ahead != data) {
      emit({0xbf, ahead, data, 0, 0});
      emit({0x07, ahead, 0, 0, checked});
      constexpr std::array<unsigned, 2> kBeyond = {0x2d, 0x3d};
      emit({opcode(kBeyond[random_.below(2)]), ahead, end, 1, 0});
    } else {
      emit({0x05, 0, 0, 0, 0});
    }
    const bool outside = random_.below(12) == 0;
    access(data, static_cast<std::int16_t>(outside ? static_cast<int>(random_.below(300)) - 20
                                                   : static_cast<int>(random_.below(
                                                         static_cast<std::uint64_t>(checked)))));
  }

  // The same behind an offset that only data knows.
  void variable_packet() {
    const std::uint8_t data = 6;
    const std::uint8_t end = 7;
    const std::uint8_t index = static_cast<std::uint8_t>(random_.below(6));
    emit({0x61, end, 8, bounds().second, 0});
    emit({0x61, data, 8, bounds().first, 0});
    if (random_.below(4) != 0) emit({0x57, index, 0, 0, 63});
    emit({0x0f, data, index, 0, 0});
    emit({0xbf, 9, data, 0, 0});
    emit({0x07, 9, 0, 0, 8});
    emit({0x2d, 9, end, 1, 0});
    access(data, static_cast<std::int16_t>(random_.below(9)));
  }

  void helper() {
    if (random_.below(8) == 0) return move_bounds();
    constexpr std::array<std::int32_t, 4> kHelpers = {5, 7, 8, 188};
    const std::int32_t number = kHelpers[random_.below(kHelpers.size())];
    if (number == 188) emit({0xbf, 1, 8, 0, 0});
    emit({0x85, 0, 0, 0, number});
  }

  // Heads and tails; tags of a socket buffer, and room that its buffer does not have.
  void move_bounds() {
    constexpr std::array<std::int32_t, 2> kXdp = {44, 65};
    constexpr std::array<std::int32_t, 5> kSkb = {18, 19, 38, 43, 50};
    const std::int32_t number = around_.xdp ? kXdp[random_.below(2)] : kSkb[random_.below(5)];
    const auto few = static_cast<std::int32_t>(random_.below(8)) - 4;
    emit({0xbf, 1, 8, 0, 0});
    emit({0xb7, 2, 0, 0,
          number == 38   ? 60 + 16 * few
          : number == 43 ? (few == 3 ? 8'000 : 30 * few)
                         : few});
    emit({0xb7, 3, 0, 0, number == 50 ? 1 : 0});
    emit({0xb7, 4, 0, 0, 0});
    emit({0x85, 0, 0, 0, number});
  }

  void map() {
    if (around_.maps.empty()) return arithmetic();
    const std::size_t which = random_.below(around_.maps.size());
    emit({0x7a, 10, 0, -16, static_cast<std::int32_t>(random_.below(6))});
    emit({0xbf, 2, 10, 0, 0});
    emit({0x07, 2, 0, 0, -16});
    immediate64(1, around_.maps[which]);
    if (random_.below(4) == 0) {
      emit({0xbf, 3, 10, 0, 0});
      emit({0x07, 3, 0, 0, -96});
      emit({0xb7, 4, 0, 0, static_cast<std::int32_t>(random_.below(3))});
      return emit({0x85, 0, 0, 0, random_.below(4) == 0 ? 3 : 2});
    }
    emit({0x85, 0, 0, 0, 1});
    emit({0x15, 0, 0, 1, 0});
    const bool outside = random_.below(12) == 0;
    access(0, static_cast<std::int16_t>(random_.below(outside ? 40 : 9)));
  }

  // Linked when the functions' places are known.
  void local_call() {
    wanted_functions_ = 3;
    if (random_.below(3) != 0) {
      calls_.push_back(code_.size());
      return emit({0x85, 0, 1, 0, 0});
    }
    // bpf_loop(n, &function, r10, 0)
    emit({0xb7, 1, 0, 0, static_cast<std::int32_t>(random_.below(4))});
    calls_.push_back(code_.size());
    immediate64(2, 0, ebpf::pseudo::func);
    emit({0xbf, 3, 10, 0, 0});
    emit({0xb7, 4, 0, 0, 0});
    emit({0x85, 0, 0, 0, 181});
  }

  // Legacy packet loads, calls through a register, tail calls, and pointers from nowhere.
  void rare() {
    switch (random_.below(8)) {
      case 0:
        return emit({opcode(0x20u | packet_size()), 0, 0, 0,
                     static_cast<std::int32_t>(random_.below(70)) - 2});
      case 1: return emit({opcode(0x40u | packet_size()), 0, any(), 0, 4});
      case 2: emit({0xb7, 3, 0, 0, 5}); return emit({0x8d, 3, 0, 0, 0});
      case 3: {
        wanted_functions_ = 3;
        const std::uint8_t reg = any();
        calls_.push_back(code_.size());
        immediate64(reg, 0, ebpf::pseudo::func);
        return emit({0x8d, reg, 0, 0, 0});
      }
      case 4:
      case 5:
        if (around_.stages == 0) return arithmetic();
        emit({0xbf, 1, 8, 0, 0});
        immediate64(2, around_.stages);
        emit({0xb7, 3, 0, 0, static_cast<std::int32_t>(random_.below(5))});
        return emit({0x85, 0, 0, 0, 12});
      case 6: {
        if (random_.below(4) != 0) return arithmetic();
        const std::uint8_t pointer = any();
        immediate64(pointer, random_.below(14) << 32 | (0x1000'0000 + random_.below(600)));
        return access(pointer, static_cast<std::int16_t>(random_.below(16)));
      }
      default:
        if (random_.below(4) != 0) return arithmetic();
        return access(any(), static_cast<std::int16_t>(random_.below(32)));
    }
  }

  void finish() {
    emit({0x7b, 10, 0, -512, 0});
    immediate64(0, around_.sink);
    for (std::uint8_t reg = 1; reg < 10; ++reg) {
      emit({0x7b, 0, reg, static_cast<std::int16_t>(reg * 8), 0});
    }
    emit({0x79, 1, 10, -512, 0});
    emit({0x7b, 0, 1, 0, 0});
    emit({0xbf, 0, 1, 0, 0});
    emit({0x95, 0, 0, 0, 0});
  }

  void link() {
    for (const std::size_t at : calls_) {
      std::vector<std::size_t> later;  // no recursion
      for (const std::size_t entry : entries_) {
        if (entry > at) later.push_back(entry);
      }
      if (later.empty() && code_[at].opcode == 0x85) {
        code_[at] = {0xb7, 0, 0, 0, 1};
        continue;
      }
      const std::size_t entry =
          later.empty() ? entries_.back() : later[random_.below(later.size())];
      code_[at].imm = static_cast<std::int32_t>(static_cast<std::int64_t>(entry) -
                                                static_cast<std::int64_t>(at) - 1);
    }
  }

  base::Random& random_;
  const ProgramSurroundings& around_;
  std::vector<Raw> code_;
  std::vector<std::size_t> calls_;
  std::vector<std::size_t> entries_;
  std::size_t functions_ = 0;
  std::size_t wanted_functions_ = 0;
};

}  // namespace ringbed::test
