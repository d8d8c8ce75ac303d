// The XDP program that turns an empty frame into the next frame of a stream and sends it off: what
// the field programs of the streams compile to. Driven by BPF_PROG_RUN in live-frame mode (Linux
// 5.18, Documentation/bpf/bpf_prog_run.rst), it runs once a frame in the kernel.
//
// Where a stream's frames all have one length, its template is in the program: every word that no
// field program and no checksum touches is an immediate, and only the words that vary come from the
// record of the frame. The pages behind the frames are used again as the last frame left them, so
// every word is written every time. The draws themselves stay with the generator in user space:
// its arithmetic (128-bit products, Gaussian walks) is not eBPF's, and the frames must be those
// that `ringbed gen` writes, byte for byte. Other frames (of varying length, replayed, damaged by a
// faulty link) come whole.
//
//   record   | length : 4 | recipe : 4 |  words that vary, or the whole frame  |  one a slot
//            recipe 0: whole; n: recipes[n - 1]
//   control  | head : 8 (user space writes) | ...64 bytes... | cursor : 8 | refused : 8 | (the
//   program)
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "port/bpf.hpp"
#include "port/frame_recipe.hpp"

namespace ringbed::port {

class FrameWriter {
 public:
  static constexpr std::uint32_t kHeaderBytes = 8;
  static constexpr std::uint32_t kMinFrameBytes = 14;    // the kernel's limit
  static constexpr std::uint32_t kMaxFrameBytes = 3200;  // of a live frame: a page less its heads
  static constexpr std::uint32_t kHeadAt = 0;
  static constexpr std::uint32_t kCursorAt = 64;
  static constexpr std::uint32_t kRefusedAt = 72;
  static constexpr std::uint32_t kControlBytes = 128;

  struct Maps {
    int control = -1;
    int records = -1;
    int interface = -1;  // a devmap whose element 0 is where frames go
  };

  // `slots`: records in the ring, a power of two. `max_frame_bytes` at most kMaxFrameBytes. Recipes
  // for which there is no room in the program, or that no frame could follow, are left out:
  // compiled() says so.
  FrameWriter(std::span<const FrameRecipe> recipes, std::uint32_t max_frame_bytes,
              std::uint32_t slots);

  // A power of two.
  [[nodiscard]] std::uint32_t record_bytes() const noexcept { return record_bytes_; }
  [[nodiscard]] std::uint32_t slots() const noexcept { return slots_; }
  // The length of the frames that the program must be given.
  [[nodiscard]] std::uint32_t initial_bytes() const noexcept { return initial_bytes_; }
  [[nodiscard]] bool compiled(std::uint32_t recipe) const noexcept {
    return recipe < layouts_.size() && !layouts_[recipe].pieces.empty();
  }

  // The program, to be loaded. It sends a frame a record until the cursor reaches the head, and
  // then drops what it is given. `test`: it passes the frame on instead, for comparisons.
  [[nodiscard]] std::vector<bpf_insn> compile(const Maps& maps, bool test = false) const;

  // Writes the record of a frame. `recipe`: index + 1 of one that is compiled and that the frame
  // follows; 0 for none. `record` has record_bytes().
  void write_record(std::uint8_t* record, base::ByteView frame,
                    std::uint32_t recipe) const noexcept {
    base::store_native(record, static_cast<std::uint32_t>(frame.size()));
    if (recipe == 0 || !compiled(recipe - 1)) {
      base::store_native(record + 4, std::uint32_t{0});
      std::copy(frame.begin(), frame.end(), record + kHeaderBytes);
      return;
    }
    base::store_native(record + 4, recipe);
    const Layout& layout = layouts_[recipe - 1];
    std::uint8_t* to = record + kHeaderBytes;
    for (std::size_t i = 0; i < layout.words; ++i, to += 8) {
      base::store_native(to, base::load_native<std::uint64_t>(frame.data() + layout.pieces[i].at));
    }
    for (std::size_t i = layout.words; i < layout.varying; ++i) {
      to = std::copy_n(frame.data() + layout.pieces[i].at, layout.pieces[i].bytes, to);
    }
  }

 private:
  // 8, 4, 2 or 1 bytes of a frame.
  struct Piece {
    std::uint16_t at = 0;
    std::uint16_t bytes = 0;
  };
  // The pieces of a recipe: first those that vary, the 8-byte words of them in front; then the
  // rest.
  struct Layout {
    std::vector<Piece> pieces;
    std::size_t words = 0;
    std::size_t varying = 0;
    std::vector<std::uint8_t> image;
  };

  static Layout lay_out(const FrameRecipe& recipe);
  void emit_recipe(BpfAssembler& code, const Layout& layout, BpfAssembler::Label& fail) const;
  void emit_whole(BpfAssembler& code, BpfAssembler::Label& fail) const;

  std::vector<Layout> layouts_;
  std::uint32_t max_frame_bytes_;
  std::uint32_t slots_;
  std::uint32_t record_bytes_ = 0;
  std::uint32_t initial_bytes_ = 0;
};

}  // namespace ringbed::port
