#include "engine/pinned_choices.hpp"

#include "ebpf/kernel_pins.hpp"
#include "engine/proto_wire.hpp"

namespace ringbed::engine {

namespace {

std::vector<std::uint8_t> encode(const PinnedChoice& choice) {
  ProtoWriter out;
  out.text(1, choice.plan.object);
  out.text(2, choice.plan.program);
  out.text(3, choice.plan.type);
  out.text(4, choice.plan.prog_array);
  for (const std::string& stage : choice.plan.stages) {
    ProtoWriter row;
    row.text(1, stage);
    out.message(5, row);
  }
  for (const ClassifierPlan::MapSize& map : choice.plan.maps) {
    ProtoWriter row;
    row.text(1, map.name);
    row.u64(2, map.max_entries);
    out.message(6, row);
  }
  if (choice.slot) out.u64(7, std::uint64_t{*choice.slot} + 1);
  out.bytes(8, choice.file);
  return out.take();
}

bool decode(base::ByteView bytes, PinnedChoice& into) {
  ProtoReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: into.plan.object = in.text(); break;
      case 2: into.plan.program = in.text(); break;
      case 3: into.plan.type = in.text(); break;
      case 4: into.plan.prog_array = in.text(); break;
      case 5:
        nested(in, into.plan.stages.emplace_back(), [](ProtoReader& row, std::string& stage) {
          while (row.next()) {
            if (row.field() == 1) stage = row.text();
          }
        });
        break;
      case 6:
        nested(in, into.plan.maps.emplace_back(),
               [](ProtoReader& row, ClassifierPlan::MapSize& map) {
                 while (row.next()) {
                   if (row.field() == 1) map.name = row.text();
                   if (row.field() == 2) map.max_entries = row.u32();
                 }
               });
        break;
      case 7: into.slot = in.u32() - 1; break;
      case 8: {
        const base::ByteView file = in.bytes();
        into.file.assign(file.begin(), file.end());
        break;
      }
      default: break;
    }
  }
  return in.ok();
}

}  // namespace

base::Status pin_choices(const std::string& folder, const std::vector<PinnedChoice>& choices) {
  std::vector<std::vector<std::uint8_t>> notes;
  for (const PinnedChoice& choice : choices) {
    notes.push_back(encode(choice));
  }
  return ebpf::pin_notes(folder, notes);
}

base::Result<std::vector<PinnedChoice>> pinned_choices(const std::string& folder) {
  std::vector<PinnedChoice> choices;
  for (const auto& note : ebpf::pinned_notes(folder)) {
    if (!decode(note, choices.emplace_back())) choices.clear();
  }
  if (!choices.empty()) return choices;
  return base::Error{base::ErrorCode::invalid,
                     "what is pinned in " + folder + " does not say what it was made of",
                     "swap the whole classifier: ringbed classifier swap OBJECT --pin " + folder};
}

}  // namespace ringbed::engine
