// `ringbed classifier run`: frames through a program in one or several executors. With several,
// verdict, bytes and map contents are compared after every frame, and the first difference ends
// the run. The C++ differential tests are a loop over this, too.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/bpf_executor.hpp"
#include "engine/run.hpp"

namespace ringbed::engine {

struct ClassifierRunOptions {
  ClassifierPlan plan;       // the object, its entry, what is changed of it
  std::string frames;        // a capture; empty: random ones
  std::uint64_t random = 0;  // how many
  std::uint64_t seed = 1;
  std::vector<ExecutorKind> in;  // at least one
  // What one executor gets to run instead, so that a test sees a difference found; empty: nothing.
  std::function<void(ExecutorKind, ebpf::ObjectSpec&)> tamper;
};

struct Mismatch {
  std::uint64_t frame = 0;  // counted from 0
  std::string field;        // verdict, frame, fault, "map flows[…]", ...
  struct Side {
    std::string executor;
    std::string value;
  };
  Side first;
  Side other;
  std::vector<std::uint8_t> bytes;  // the frame that went in
};

struct ClassifierRunResult {
  std::string program;
  std::uint64_t frames = 0;   // that ran
  std::uint64_t skipped = 0;  // that an executor does not take
  std::vector<NamedCount> verdicts;
  std::uint64_t mismatches = 0;  // 0 or 1: behind the first one states differ
  std::optional<Mismatch> first;
  std::uint64_t faults = 0;  // programs that an executor stopped
  std::string first_fault;
  std::vector<std::string> excepted;  // what could not be compared, and why
};

// Errors: of the object, of the executors, io (the capture).
[[nodiscard]] base::Result<ClassifierRunResult> run_classifier(const ClassifierRunOptions& options,
                                                               const RunControl& control);

}  // namespace ringbed::engine
