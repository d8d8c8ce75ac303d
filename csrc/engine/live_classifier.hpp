// The classifier of a live run: the same object as in the simulator, loaded into the kernel and
// attached as XDP to the device's interface, its map of sockets served by the device's ports. What
// it did is read from the counters that the programs keep (csrc/classifier/stage.h).
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "engine/kernel_layout.hpp"
#include "engine/live_world.hpp"
#include "port/registry.hpp"

namespace ringbed::engine {

class LiveClassifier {
 public:
  // Loads and attaches. Errors: invalid (the object, the verifier's refusal), unavailable.
  [[nodiscard]] static base::Result<std::unique_ptr<LiveClassifier>> open(const Plan& plan,
                                                                          LiveWorld& world);

  // For the device's ports.
  [[nodiscard]] port::ForeignProgram sockets() const;

  // What was counted before does not belong to the run.
  void start();

  // Loads the classifier anew and swaps, as often as the plan says, until one of the flags is set.
  void keep_swapping(const std::atomic<bool>& stop_sending, const std::atomic<bool>& stop);

  // Frames by verdict since start(), counted by the object or, where it does not, by the
  // instructions that were put behind its exits.
  struct Counts {
    std::uint64_t frames = 0;
    std::uint64_t pass = 0;
    std::uint64_t drop = 0;
    std::uint64_t redirect = 0;
    std::uint64_t aborted = 0;
    std::uint64_t tx = 0;
  };
  [[nodiscard]] std::optional<Counts> counts() const;
  // The object can redirect to other interfaces or CPUs, too.
  // What becomes of redirected frames that come to no socket: they are at another interface or
  // processor, or the kernel refuses them, because no program has said whereto; unknown: neither is
  // certain.
  enum class OtherRedirects : std::uint8_t { unknown, elsewhere, refused };
  [[nodiscard]] OtherRedirects other_redirects() const;

  [[nodiscard]] ClassifierResult result() const;
  // Nothing when the plan asks for no swap.
  [[nodiscard]] std::optional<ClassifierSwaps> swaps() const;
  [[nodiscard]] std::uint64_t memory_bytes() const { return classifier_.memory_bytes(); }

 private:
  LiveClassifier(const Plan& plan, std::unique_ptr<ClassifierObject> object,
                 ebpf::KernelClassifier classifier)
      : plan_(plan), object_(std::move(object)), classifier_(std::move(classifier)) {}

  // Since start().
  [[nodiscard]] std::vector<ClassifierStage> stages() const;
  [[nodiscard]] base::Status swap();

  const Plan& plan_;
  std::unique_ptr<ClassifierObject> object_;
  ebpf::KernelClassifier classifier_;
  std::vector<ClassifierStage> before_;
  ClassifierSwaps swaps_;
};

}  // namespace ringbed::engine
