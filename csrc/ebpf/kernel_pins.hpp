// A classifier that outlives the process that loaded it, only when that is asked for:
//
//   DIR/link          the bpf_link: keeps the entry on the interface
//   DIR/notes/0, 1 …  bytes of whoever loaded it, each the value of an array map of one entry
//   DIR/maps/NAME     every map that is shared by generations, and the prog_array, which the kernel
//                     empties when nobody in user space holds it (a pin counts as user space)
//
// DIR lies in a BPF file system. A dot, which such names must not have, becomes an underscore.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "base/result.hpp"
#include "ebpf/kernel_classifier.hpp"

namespace ringbed::ebpf {

// Pins the attached classifier in a new folder; takes back what it did when something fails.
[[nodiscard]] base::Status pin_classifier(const KernelClassifier& classifier,
                                          const std::string& folder);

// The link that is pinned in `folder`. Error: invalid.
[[nodiscard]] base::Result<KernelLink> open_pinned_link(const std::string& folder);

struct PinnedMaps {
  std::vector<base::FileDescriptor> descriptors;
  std::vector<MapReuse> maps;  // into `descriptors`
};

// The maps that are pinned there, by the names that `object` gives them.
[[nodiscard]] PinnedMaps open_pinned_maps(const std::string& folder, const ObjectSpec& object);

// After another generation took over: its maps in the place of those that it does not share.
[[nodiscard]] base::Status renew_pins(const KernelClassifier& classifier,
                                      const std::string& folder);

// Bytes that are kept with the classifier, in the place of those before.
[[nodiscard]] base::Status pin_notes(const std::string& folder,
                                     const std::vector<std::vector<std::uint8_t>>& notes);
[[nodiscard]] std::vector<std::vector<std::uint8_t>> pinned_notes(const std::string& folder);

// Takes the classifier off its interface, and the folder away.
[[nodiscard]] base::Status remove_pins(const std::string& folder);

}  // namespace ringbed::ebpf
