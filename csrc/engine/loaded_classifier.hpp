// `ringbed classifier load`: a classifier on an interface of the machine, without a run. It stays
// as long as the object lives, or as it is pinned.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/kernel_layout.hpp"

namespace ringbed::engine {

struct LoadRequest {
  Plan plan;              // its classifier, and what the stages are told
  std::string interface;  // name
  std::string space;      // network namespace, by name or path; empty: the caller's
  ebpf::AttachMode mode = ebpf::AttachMode::xdp;
  bool allowed = false;  // also where it carries a default route
  std::string pin;       // a folder in a BPF file system; empty: nothing is pinned
};

// Replaces slot `slot` alone, by the plan's `program`; the others stay as they are.
using OneStage = std::optional<std::uint32_t>;

class LoadedClassifier {
 public:
  // Loads, attaches and pins. Errors: invalid (object, verifier, interface), unavailable.
  [[nodiscard]] static base::Result<std::unique_ptr<LoadedClassifier>> load(
      const LoadRequest& request);

  // In one step while frames flow; on an error the old one goes on. The value: names of maps that
  // start empty because the new classifier wants them otherwise.
  [[nodiscard]] base::Result<std::vector<std::string>> swap(const Plan& plan, OneStage slot);

  // Off the interface, unless it is pinned; what it counted can still be read.
  void detach() { classifier_.detach(); }

  [[nodiscard]] std::vector<ClassifierStage> stages() const {
    return kernel_stages(*object_, classifier_);
  }
  [[nodiscard]] const char* mode() const;
  [[nodiscard]] const std::string& entry() const { return object_->entry; }
  [[nodiscard]] std::uint64_t swaps() const { return classifier_.swaps(); }

 private:
  LoadedClassifier(const Plan& plan, std::unique_ptr<ClassifierObject> object,
                   ebpf::KernelClassifier classifier)
      : plan_(plan), object_(std::move(object)), classifier_(std::move(classifier)) {}

  Plan plan_;
  std::unique_ptr<ClassifierObject> object_;  // what the entry is of
  ebpf::KernelClassifier classifier_;
};

// For a classifier that is pinned in `folder`, whoever loaded it.
[[nodiscard]] base::Status swap_pinned(const std::string& folder, const Plan& plan, OneStage slot);
[[nodiscard]] base::Status unload_pinned(const std::string& folder);

// "native", "generic", "tc", "tcx"; "" is native, else generic. Error: invalid.
[[nodiscard]] base::Result<ebpf::AttachMode> attach_mode(const std::string& name);

}  // namespace ringbed::engine
