// A classifier in the kernel: an entry program and the stages that it tail-calls, replaceable while
// frames flow. What is loaded together is a generation:
//
//   interface ── link ──▶ entry ──▶ prog_array ──▶ stage, stage, …     generation n
//                  │                                   │
//                  └ update ▶ entry' ─▶ prog_array' ─▶ stage', …      generation n + 1
//                                                      │
//                      every other map ◀───────────────┘ is shared: counters and state survive
//
// A live prog_array is never written: slots that change one by one pass through mixtures that
// nobody asked for. A frame sees one whole generation. The old one is let go only after a grace
// period, because the kernel empties a prog_array when its last user descriptor closes, and a frame
// that is still on its way through would then fall out of the old entry.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ebpf/kernel_collection.hpp"
#include "ebpf/kernel_link.hpp"
#include "ebpf/verdict_counter.hpp"

namespace ringbed::ebpf {

// An object as it is to be loaded; `spec` points into `file`.
struct LoadableObject {
  std::vector<std::uint8_t> file;
  ObjectSpec spec;
  ProgramType fallback_type = ProgramType::raw;
};

struct StageChoice {
  std::size_t object = 0;  // index in ClassifierLayout::objects
  std::string program;     // empty: an empty slot
};

struct ClassifierLayout {
  std::vector<std::shared_ptr<const LoadableObject>> objects;  // [0] has the entry
  std::string entry;
  std::string prog_array;             // name of the map; empty: no stages
  std::vector<StageChoice> stages;    // by slot
  std::vector<std::string> own_maps;  // never shared with another generation: settings of this one
  bool count_verdicts = false;        // of programs that do not count themselves
  // A stage comes back to the entry, which tail-calls from functions of its own only: it alone
  // counts, or a frame would be counted once a stage.
  bool count_entry_only = false;
};

// A map of the generation that is being made; nullptr when there is none of that name.
using FindMap = std::function<const KernelMap*(std::string_view)>;
// What is to be done to its maps before the first frame sees it.
using Prepare = std::function<base::Status(const FindMap&)>;

// Ahead of loading: the kernel's budget of tail calls (33), slots, names. Error: invalid.
[[nodiscard]] base::Status check_layout(const ClassifierLayout& layout);

class KernelClassifier {
 public:
  // Not yet on an interface. `shared`: maps of an earlier life, by name (pins). Errors: those of
  // check_layout() and KernelCollection::load().
  [[nodiscard]] static base::Result<KernelClassifier> load(ClassifierLayout layout,
                                                           const Prepare& prepare,
                                                           const std::vector<MapReuse>& shared = {},
                                                           std::string log_folder = "");

  [[nodiscard]] base::Status attach(std::uint32_t interface, AttachMode mode);
  // Takes a link that is there already; its program is replaced by this classifier's.
  [[nodiscard]] base::Status take_over(KernelLink link);

  // Off the interface, unless the link is pinned; maps and programs stay, to be read.
  void detach();

  // All or nothing: on an error everything is as before. The value: names of the maps that could
  // not be shared, because the new generation wants them otherwise, and so start empty.
  [[nodiscard]] base::Result<std::vector<std::string>> swap(ClassifierLayout layout,
                                                            const Prepare& prepare);

  // By verdict, of all generations; nothing when the layout does not want them counted.
  using Verdicts = std::array<std::uint64_t, VerdictCounter::kSlots>;
  [[nodiscard]] std::optional<Verdicts> verdicts() const;

  [[nodiscard]] const KernelProgram& entry() const { return *generation_->entry; }
  [[nodiscard]] const KernelMap* map(std::string_view name) const;
  // Of the entry's object, and what other objects add.
  [[nodiscard]] std::vector<const KernelMap*> maps() const;
  // Of this kind, by name where it is not empty; nullptr when there is none.
  [[nodiscard]] const KernelMap* map_of_type(MapType type, std::string_view name = {}) const;
  [[nodiscard]] const ClassifierLayout& layout() const { return generation_->layout; }
  // nullptr while it is on no interface.
  [[nodiscard]] const KernelLink* link() const { return link_ ? &*link_ : nullptr; }
  [[nodiscard]] KernelLink* link() { return link_ ? &*link_ : nullptr; }
  [[nodiscard]] std::uint64_t swaps() const noexcept { return swaps_; }
  [[nodiscard]] std::uint64_t memory_bytes() const;

 private:
  struct Generation {
    ClassifierLayout layout;
    std::vector<KernelCollection> collections;  // one an object
    const KernelProgram* entry = nullptr;

    [[nodiscard]] const KernelMap* map(std::string_view name) const;
  };

  // Makes the counter when the first layout wants one.
  [[nodiscard]] base::Result<std::unique_ptr<Generation>> load_generation(
      ClassifierLayout layout, const Prepare& prepare, const std::vector<MapReuse>& shared);

  std::unique_ptr<Generation> generation_;
  std::string log_folder_;
  std::optional<KernelLink> link_;
  std::optional<VerdictCounter> counter_;
  std::uint64_t swaps_ = 0;
};

}  // namespace ringbed::ebpf
