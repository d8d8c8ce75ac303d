#include "port/frame_writer.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>

namespace ringbed::port {

namespace {

using enum BpfAssembler::Register;

// Conditional jumps reach 32,767 instructions; recipes beyond are not compiled.
constexpr std::size_t kMostInstructions = 28'000;
constexpr std::size_t kInstructionsAround = 40;  // entry, dispatch of a recipe, exits

// Where the program keeps things.
constexpr auto kContext = r6;
constexpr auto kControl = r7;
constexpr auto kLength = r8;
constexpr auto kRecord = r9;

// 4, 2 or 1 bytes of an image as an immediate.
std::int32_t immediate(const std::vector<std::uint8_t>& image, std::size_t at, std::size_t bytes) {
  const std::uint8_t* const from = image.data() + at;
  return static_cast<std::int32_t>(bytes == 4   ? base::load_native<std::uint32_t>(from)
                                   : bytes == 2 ? base::load_native<std::uint16_t>(from)
                                                : *from);
}

// Loads the frame's address into r2 once it is known to hold `bytes`.
void check_room(BpfAssembler& code, std::uint32_t bytes, BpfAssembler::Label& fail) {
  code.load(r2, kContext, offsetof(xdp_md, data), 4);
  code.load(r3, kContext, offsetof(xdp_md, data_end), 4);
  code.alu(BPF_MOV, r4, r2);
  code.alu(BPF_ADD, r4, static_cast<std::int32_t>(bytes));
  code.jump(BPF_JGT, r4, r3, fail);
}

// The frame gets another length than it came with: r2 = difference.
void resize(BpfAssembler& code, BpfAssembler::Label& fail) {
  code.alu(BPF_MOV, r1, kContext);
  code.call(BPF_FUNC_xdp_adjust_tail);
  code.jump(BPF_JNE, r0, 0, fail);
}

}  // namespace

FrameWriter::FrameWriter(std::span<const FrameRecipe> recipes, std::uint32_t max_frame_bytes,
                         std::uint32_t slots)
    : max_frame_bytes_(max_frame_bytes), slots_(slots) {
  assert(std::has_single_bit(slots) && max_frame_bytes <= kMaxFrameBytes);
  std::size_t instructions = kInstructionsAround;
  for (const FrameRecipe& recipe : recipes) {
    Layout layout;
    const std::size_t length = recipe.image.size();
    if (length >= kMinFrameBytes && length <= max_frame_bytes) {
      layout = lay_out(recipe);
    }
    instructions += kInstructionsAround + 2 * layout.pieces.size();
    if (instructions > kMostInstructions) {
      layout = {};
    }
    layouts_.push_back(std::move(layout));
    initial_bytes_ = std::max(initial_bytes_, static_cast<std::uint32_t>(length));
  }
  // Frames that all have one length need no resizing.
  const bool all = std::ranges::all_of(layouts_, [&](const Layout& layout) {
    return !layout.image.empty() && layout.image.size() == initial_bytes_;
  });
  initial_bytes_ = !layouts_.empty() && all ? initial_bytes_ : max_frame_bytes;
  record_bytes_ = std::bit_ceil(kHeaderBytes + max_frame_bytes);
}

FrameWriter::Layout FrameWriter::lay_out(const FrameRecipe& recipe) {
  Layout layout;
  layout.image = recipe.image;
  std::vector<Piece> fixed;
  const std::size_t length = recipe.image.size();
  for (std::size_t at = 0; at < length;) {
    const auto bytes =
        static_cast<std::uint16_t>(std::bit_floor(std::min<std::size_t>(length - at, 8)));
    const Piece piece{static_cast<std::uint16_t>(at), bytes};
    const auto from = recipe.varies.begin() + static_cast<std::ptrdiff_t>(at);
    const bool varies = std::find(from, from + bytes, true) != from + bytes;
    (varies ? layout.pieces : fixed).push_back(piece);
    layout.words += varies && bytes == 8 ? 1 : 0;
    at += bytes;
  }
  layout.varying = layout.pieces.size();
  layout.pieces.insert(layout.pieces.end(), fixed.begin(), fixed.end());
  return layout;
}

std::vector<bpf_insn> FrameWriter::compile(const Maps& maps, bool test) const {
  BpfAssembler code;
  BpfAssembler::Label nothing;
  BpfAssembler::Label fail;
  BpfAssembler::Label send;
  // The next record, or nothing to do.
  code.alu(BPF_MOV, kContext, r1);
  code.load_map_value(kControl, maps.control);
  code.load(r1, kControl, kCursorAt, 8);
  code.load(r2, kControl, kHeadAt, 8);
  code.jump(BPF_JEQ, r1, r2, nothing);
  code.load_map_value(kRecord, maps.records);
  code.alu(BPF_MOV, r2, r1);
  code.alu(BPF_AND, r2, static_cast<std::int32_t>(slots_ - 1));
  code.alu(BPF_LSH, r2, std::countr_zero(record_bytes_));
  code.alu(BPF_ADD, kRecord, r2);
  code.alu(BPF_ADD, r1, 1);
  code.store(kControl, kCursorAt, r1, 8);
  code.load(kLength, kRecord, 0, 4);
  code.load(r1, kRecord, 4, 4);
  for (std::size_t i = 0; i < layouts_.size(); ++i) {
    if (!compiled(static_cast<std::uint32_t>(i))) {
      continue;
    }
    BpfAssembler::Label other;
    code.jump(BPF_JNE, r1, static_cast<std::int32_t>(i + 1), other);
    emit_recipe(code, layouts_[i], fail);
    code.jump(send);
    code.place(other);
  }
  emit_whole(code, fail);
  code.place(send);
  if (test) {
    code.alu(BPF_MOV, r0, XDP_PASS);
  } else {
    code.load_map(r1, maps.interface);
    code.alu(BPF_MOV, r2, 0);
    code.alu(BPF_MOV, r3, XDP_DROP);  // the answer when the interface is gone
    code.call(BPF_FUNC_redirect_map);
    code.jump(BPF_JNE, r0, XDP_REDIRECT, fail);
  }
  code.exit();
  code.place(fail);
  code.load(r1, kControl, kRefusedAt, 8);
  code.alu(BPF_ADD, r1, 1);
  code.store(kControl, kRefusedAt, r1, 8);
  code.place(nothing);
  code.alu(BPF_MOV, r0, XDP_DROP);
  code.exit();
  return {code.code().begin(), code.code().end()};
}

void FrameWriter::emit_recipe(BpfAssembler& code, const Layout& layout,
                              BpfAssembler::Label& fail) const {
  const auto length = static_cast<std::uint32_t>(layout.image.size());
  if (length != initial_bytes_) {
    code.alu(BPF_MOV, r2,
             static_cast<std::int32_t>(length) - static_cast<std::int32_t>(initial_bytes_));
    resize(code, fail);
  }
  check_room(code, length, fail);
  std::uint32_t from = kHeaderBytes;
  for (std::size_t i = 0; i < layout.pieces.size(); ++i) {
    const Piece piece = layout.pieces[i];
    const auto at = static_cast<std::int16_t>(piece.at);
    if (i < layout.varying) {
      code.load(r1, kRecord, static_cast<std::int16_t>(from), piece.bytes);
      code.store(r2, at, r1, piece.bytes);
      from += piece.bytes;
    } else if (piece.bytes == 8) {
      const std::int32_t low = immediate(layout.image, piece.at, 4);
      const std::int32_t high = immediate(layout.image, piece.at + 4U, 4);
      if (low == high && (low == 0 || low == -1)) {
        code.store(r2, at, low, 8);
      } else {
        code.store(r2, at, low, 4);
        code.store(r2, static_cast<std::int16_t>(at + 4), high, 4);
      }
    } else {
      code.store(r2, at, immediate(layout.image, piece.at, piece.bytes), piece.bytes);
    }
  }
}

void FrameWriter::emit_whole(BpfAssembler& code, BpfAssembler::Label& fail) const {
  code.jump(BPF_JLT, kLength, kMinFrameBytes, fail);
  code.jump(BPF_JGT, kLength, static_cast<std::int32_t>(max_frame_bytes_), fail);
  BpfAssembler::Label same;
  code.jump(BPF_JEQ, kLength, static_cast<std::int32_t>(initial_bytes_), same);
  code.alu(BPF_MOV, r2, kLength);
  code.alu(BPF_SUB, r2, static_cast<std::int32_t>(initial_bytes_));
  resize(code, fail);
  code.place(same);
  code.alu(BPF_MOV, r1, kContext);
  code.alu(BPF_MOV, r2, 0);
  code.alu(BPF_MOV, r3, kRecord);
  code.alu(BPF_ADD, r3, static_cast<std::int32_t>(kHeaderBytes));
  code.alu(BPF_MOV, r4, kLength);
  code.call(BPF_FUNC_xdp_store_bytes);
  code.jump(BPF_JNE, r0, 0, fail);
}

}  // namespace ringbed::port
