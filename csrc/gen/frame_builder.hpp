// Builds the frames of a stream: template, sizes, field programs, payload. What is left to the
// kinds of streams is which flow a frame belongs to, and TCP's numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "gen/field_program.hpp"
#include "gen/frame_shape.hpp"
#include "gen/frame_template.hpp"
#include "gen/size_program.hpp"
#include "gen/stream_spec.hpp"

namespace ringbed::gen {

class FrameBuilder {
 public:
  // The fields that a kind of stream writes itself, frame by frame.
  struct OwnFields {
    bool tuple = false;  // source address and port
    bool tcp = false;    // sequence and acknowledgement numbers, flags
  };

  // Errors: invalid (unknown payload or field, a value that does not fit, sizes, ...).
  [[nodiscard]] static base::Result<FrameBuilder> create(const StreamSpec& spec, std::uint64_t seed,
                                                         OwnFields own);

  // Bytes of the next data frame.
  [[nodiscard]] std::uint32_t next_length() noexcept { return size_.next(); }

  // A data frame: begin, set the own fields, finish. finish() gives the frame's length, padded to
  // 60 bytes.
  [[nodiscard]] FrameEdit begin(std::uint8_t* to, std::uint32_t length) const noexcept {
    return data_.begin(to, length);
  }
  std::uint32_t finish(FrameEdit& edit, std::uint32_t length, std::uint64_t departure_ps) noexcept {
    if (!header_programs_.empty()) {
      run<FrameEdit::Covered::by_both>(header_programs_, edit);
    }
    if (timestamp_.used()) {
      edit.put<FrameEdit::Covered::by_transport>(timestamp_, departure_ps / kPsPerNs);
    }
    if (!payload_programs_.empty()) {
      run<FrameEdit::Covered::by_transport>(payload_programs_, edit);
    }
    if (order_id_.used()) [[unlikely]] {
      write_order_id(edit);
    }
    if (random_payload_) [[unlikely]] {
      fill_random(edit, length);
    }
    data_.finish(edit);
    if (!late_programs_.empty()) [[unlikely]] {
      run<FrameEdit::Covered::by_both>(late_programs_, edit);
    }
    return std::max(length, FrameTemplate::kMinFrameBytes);
  }

  // A frame without payload (SYN, ACK, FIN, RST).
  [[nodiscard]] FrameEdit begin_control(std::uint8_t* to) const noexcept {
    return control_.begin(to, 0);
  }
  std::uint32_t finish_control(FrameEdit& edit) noexcept {
    if (!header_programs_.empty()) {
      run<FrameEdit::Covered::by_both>(header_programs_, edit);
    }
    control_.finish(edit);
    if (!late_programs_.empty()) [[unlikely]] {
      run<FrameEdit::Covered::by_both>(late_programs_, edit);
    }
    return control_bytes_;
  }

  [[nodiscard]] const Slot& source_port() const noexcept { return source_port_; }
  [[nodiscard]] const Slot& source_address() const noexcept { return source_address_; }
  [[nodiscard]] const Slot& seq() const noexcept { return seq_; }
  [[nodiscard]] const Slot& ack() const noexcept { return ack_; }
  [[nodiscard]] const Slot& flags() const noexcept { return flags_; }
  [[nodiscard]] std::uint32_t header_bytes() const noexcept { return shape_.payload_at; }

  // What the data frames have in common; none where their lengths differ.
  [[nodiscard]] std::optional<FrameImage> image() const;

  // Lengths of frames, padded.
  [[nodiscard]] std::uint32_t min_length() const noexcept;
  [[nodiscard]] std::uint32_t max_length() const noexcept;
  [[nodiscard]] std::uint32_t control_length() const noexcept { return control_bytes_; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  struct Step {
    Slot slot;
    FieldProgram program;
  };
  struct Message {
    const feed::Payload* row = nullptr;  // none for random, zero, hex, text
    std::vector<std::uint8_t> bytes;
  };

  FrameBuilder(const StreamSpec& spec, std::uint64_t seed, SizeProgram size)
      : shape_(spec), size_(std::move(size)), random_(seed, "traffic." + spec.name + ".payload") {}
  [[nodiscard]] static base::Result<Message> message_of(const StreamSpec& spec);
  [[nodiscard]] base::Status add_header_programs(const StreamSpec& spec, std::uint64_t seed);
  [[nodiscard]] base::Status add_payload_programs(const StreamSpec& spec, const Message& message,
                                                  std::uint64_t seed);
  void claim(OwnFields own);
  // Adds a program, or bakes its only value into the templates.
  void add_step(std::vector<Step>& steps, const FieldPlace& place, FieldProgram program,
                bool payload);
  [[nodiscard]] bool programmed(const Slot& slot) const noexcept;

  template <FrameEdit::Covered kCovered>
  static void run(std::vector<Step>& steps, FrameEdit& edit) noexcept {
    edit.set_sums(write<kCovered>(steps, edit.frame(), edit.sums()));
  }
  template <FrameEdit::Covered kCovered>
  [[nodiscard]] static FrameEdit::Sums write(std::vector<Step>& steps, std::uint8_t* frame,
                                             FrameEdit::Sums sums) noexcept;
  void write_order_id(FrameEdit& edit) noexcept;
  void fill_random(FrameEdit& edit, std::uint32_t length) noexcept;

  FrameShape shape_;
  SizeProgram size_;
  FrameTemplate data_;
  FrameTemplate control_;
  std::uint32_t control_bytes_ = 0;
  std::vector<Step> header_programs_;
  std::vector<Step> payload_programs_;
  std::vector<Step> late_programs_;
  std::vector<Slot> set_by_program_;
  Slot timestamp_;  // the message's time, unless a program sets it
  Slot order_id_;   // the order's identifier, likewise
  std::uint64_t orders_ = 0;
  Slot source_port_;
  Slot source_address_;
  Slot seq_;
  Slot ack_;
  Slot flags_;
  bool random_payload_ = false;
  base::Random random_;
};

}  // namespace ringbed::gen
