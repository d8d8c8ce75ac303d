// The classifier in the simulated world: the real object in the VM, between the rx ring and the
// device. Clock, chance and CPU number are the simulator's, so the verdicts are part of what a
// digest covers. A program that does what no verifier would have let through is stopped at that
// frame (classifier_aborted) and the run goes on.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/random.hpp"
#include "ebpf/collection.hpp"
#include "ebpf/verdict_counter.hpp"
#include "engine/classifier_object.hpp"
#include "sim/distribution.hpp"
#include "sim/frame.hpp"
#include "sim/time.hpp"

namespace ringbed::engine {

class SimClassifier {
 public:
  enum class Way : std::uint8_t { device, kernel, drop, aborted };
  struct Decision {
    Way way = Way::kernel;
    base::ByteView frame;  // as the program left it; valid until the next decide()
    sim::Picoseconds cost = 0;
  };

  // Errors: of open_classifier, of the checks before the first instruction, resource.
  [[nodiscard]] static base::Result<std::unique_ptr<SimClassifier>> create(const Plan& plan);

  Decision decide(std::uint32_t core, const sim::FrameInfo& info, base::ByteView frame,
                  sim::Picoseconds now) noexcept;

  [[nodiscard]] ClassifierResult result() const;
  // Time of a frame, in nanoseconds.
  [[nodiscard]] const base::Histogram& ns() const noexcept { return ns_; }
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }

 private:
  SimClassifier(const Plan& plan, std::unique_ptr<ClassifierObject> object);

  base::Status load();
  base::Status tell(const Plan& plan);
  base::Status open_rings(std::uint32_t queues);
  void count(std::uint32_t verdict) noexcept;
  [[nodiscard]] Way way_of(std::uint32_t verdict, std::uint32_t queue) noexcept;
  void share_time(std::vector<ClassifierStage>& stages) const;

  std::unique_ptr<ClassifierObject> object_;
  ebpf::Machine machine_;
  std::unique_ptr<ebpf::Collection> programs_;
  const ebpf::Program* entry_ = nullptr;
  sim::Distribution cost_;
  std::uint64_t instruction_fs_;
  sim::Picoseconds warmup_;
  base::Random cost_random_;
  std::vector<std::uint8_t> whole_;  // of a frame with fragments

  std::uint64_t frames_ = 0;
  std::uint64_t instructions_ = 0;
  std::uint64_t faults_ = 0;
  std::string first_fault_;
  std::array<std::uint64_t, ebpf::VerdictCounter::kSlots> verdicts_{};  // by slot of the type
  base::Histogram ns_;
};

}  // namespace ringbed::engine
