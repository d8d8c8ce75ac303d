#include "engine/classifier_run.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/bpf_frames.hpp"
#include "engine/classifier_object.hpp"
#include "engine/map_watch.hpp"
#include "gen/ethernet_form.hpp"

namespace ringbed::engine {

namespace {

// Helpers whose results are the executor's own.
constexpr std::int32_t kClocks[] = {5, 118, 125, 160, 208};
constexpr std::int32_t kRandom = 7;
constexpr std::int32_t kFlowHash = 34;
// Frames between two looks at the stop flag.
constexpr std::uint64_t kFramesPerLook = 4096;

// Whom frames that were not captured on Ethernet go to.
constexpr wire::MacAddress kReceiver{{0x02, 0, 0, 0, 0, 0}};

// Frames from a capture, as they are on Ethernet, or by chance.
class Frames {
 public:
  static base::Result<Frames> open(const ClassifierRunOptions& options, bool jumbo) {
    Frames frames(options, jumbo);
    if (options.frames.empty()) return frames;
    auto reader = gen::PcapReader::open(options.frames);
    if (!reader) return reader.error();
    frames.capture_.emplace(std::move(reader).value());
    return frames;
  }

  // False at the end.
  bool next(base::ByteView& frame) {
    if (!capture_) {
      if (left_ == 0) return false;
      --left_;
      frame = random_.next();
      return true;
    }
    gen::CapturedFrame captured;
    if (foreign_ || capture_->next(captured) != gen::PcapReader::Read::frame) return false;
    const auto form = gen::ethernet_form(captured, kReceiver);
    if (!form) {
      foreign_ = captured.link_type;
      return false;
    }
    buffer_.resize(form->captured());
    form->copy_to(buffer_.data());
    frame = buffer_;
    return true;
  }
  [[nodiscard]] base::Status status() const {
    if (foreign_) {
      return base::Error{
          base::ErrorCode::invalid,
          "frame " + std::to_string(capture_->frames()) + " of the capture (link type " +
              std::to_string(*foreign_) + ") is none that Ethernet carries",
          "leave it out, for example with `tshark -r FILE -Y \"ip or ipv6 or arp\" -w "
          "OTHER`"};
    }
    return capture_ && capture_->failed() ? base::Status(capture_->error()) : base::Status();
  }

 private:
  Frames(const ClassifierRunOptions& options, bool jumbo)
      : random_(options.seed, jumbo), left_(options.random) {}

  BpfFrames random_;
  std::uint64_t left_;
  std::optional<gen::PcapReader> capture_;
  std::optional<std::uint16_t> foreign_;  // the link type that ended it
  std::vector<std::uint8_t> buffer_;
};

class ClassifierRunner {
 public:
  ClassifierRunner(const ClassifierRunOptions& options, const RunControl& control)
      : options_(options), control_(control) {}

  base::Result<ClassifierRunResult> run();

 private:
  base::Status open();
  base::Status make();
  base::Status add(ExecutorKind kind, std::unique_ptr<BpfExecutor>& into, int& program,
                   const ExecutorClock& clock);
  bool step(base::ByteView frame);
  bool compare(base::ByteView frame);
  bool differ(base::ByteView frame, std::string field, const std::string& first, std::size_t other,
              const std::string& value);
  [[nodiscard]] std::string name_of(std::uint32_t verdict) const {
    return verdict_name(type_, verdict);
  }

  const ClassifierRunOptions& options_;
  const RunControl& control_;
  std::unique_ptr<ClassifierObject> object_;
  ebpf::ProgramType type_ = ebpf::ProgramType::raw;
  std::vector<std::unique_ptr<ebpf::ObjectSpec>> tampered_;  // outlive the executors
  std::vector<std::unique_ptr<BpfExecutor>> executors_;
  std::vector<int> programs_;
  std::unique_ptr<BpfExecutor> shadow_;  // the VM under another clock
  int shadow_program_ = -1;
  std::optional<MapWatch> watch_;
  std::vector<Execution> runs_;
  Execution shadow_run_;
  bool by_chance_ = false;  // nothing can be compared
  bool verdict_clocked_ = false;
  std::map<std::uint32_t, std::uint64_t> verdicts_;
  ClassifierRunResult result_;
};

base::Status ClassifierRunner::open() {
  auto object = open_classifier(options_.plan);
  if (!object) return object.error();
  object_ = std::move(object).value();
  result_.program = object_->entry;
  type_ = object_->spec.program(object_->entry)->type;
  return {};
}

base::Status ClassifierRunner::add(ExecutorKind kind, std::unique_ptr<BpfExecutor>& into,
                                   int& program, const ExecutorClock& clock) {
  const ebpf::ObjectSpec* spec = &object_->spec;
  if (options_.tamper) {
    tampered_.push_back(std::make_unique<ebpf::ObjectSpec>(object_->spec));
    options_.tamper(kind, *tampered_.back());
    spec = tampered_.back().get();
  }
  auto made = make_executor(kind, object_->file, *spec, used_programs(*object_), clock);
  if (!made) return made.error();
  into = std::move(made).value();
  program = into->program(object_->entry);
  if (program >= 0) return {};
  return base::Error{
      base::ErrorCode::invalid,
      "program " + object_->entry + " is not there in " + std::string(to_string(kind)), ""};
}

base::Status ClassifierRunner::make() {
  // The VM first: its maps are memory, and it says what a frame changed.
  std::vector<ExecutorKind> kinds = options_.in;
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  executors_.resize(kinds.size());
  programs_.resize(kinds.size());
  runs_.resize(kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (auto status = add(kinds[i], executors_[i], programs_[i], {}); !status) return status;
  }
  if (kinds.size() < 2) return {};
  const bool random = calls_helper(*object_, kRandom);
  by_chance_ = random || calls_helper(*object_, kFlowHash);
  const bool clocked =
      std::any_of(std::begin(kClocks), std::end(kClocks),
                  [&](std::int32_t helper) { return calls_helper(*object_, helper); });
  if (by_chance_) {
    result_.excepted.emplace_back(
        random
            ? "everything: bpf_get_prandom_u32 is called, and the kernel's random numbers are its "
              "own"
            : "everything: bpf_get_hash_recalc is called, and the kernel's hash has a random key");
  } else if (clocked) {
    if (auto status = add(ExecutorKind::vm, shadow_, shadow_program_, {.frozen = true}); !status) {
      return status;
    }
    result_.excepted.emplace_back(
        "what depends on the time: a clock helper is called, so verdicts and words of values that "
        "differ under a second clock are not compared");
  }
  std::vector<BpfExecutor*> all;
  for (const auto& executor : executors_) {
    all.push_back(executor.get());
  }
  if (!by_chance_) watch_.emplace(object_->spec, std::move(all), shadow_.get());
  return {};
}

bool ClassifierRunner::differ(base::ByteView frame, std::string field, const std::string& first,
                              std::size_t other, const std::string& value) {
  if (const std::string map = watch_->evicting(); !map.empty()) {
    by_chance_ = true;
    result_.excepted.push_back("everything from frame " + std::to_string(result_.frames) +
                               " on, where the " + field + " differed first: the LRU map " + map +
                               " is full, and which entry goes is the kernel's own approximation");
    return false;
  }
  ++result_.mismatches;
  result_.first = Mismatch{result_.frames,
                           std::move(field),
                           {std::string(to_string(executors_[0]->kind())), first},
                           {std::string(to_string(executors_[other]->kind())), value},
                           {frame.begin(), frame.end()}};
  return true;
}

bool ClassifierRunner::compare(base::ByteView frame) {
  const Execution& first = runs_[0];
  if (shadow_ && (shadow_run_.verdict != first.verdict || shadow_run_.frame != first.frame)) {
    verdict_clocked_ = true;
  }
  for (std::size_t other = 1; other < runs_.size(); ++other) {
    const Execution& run = runs_[other];
    if (run.fault != first.fault) {
      return differ(frame, "fault", first.fault.empty() ? "none" : first.fault, other,
                    run.fault.empty() ? "none" : run.fault);
    }
    if (verdict_clocked_ || !first.fault.empty()) continue;
    if (run.verdict != first.verdict) {
      return differ(frame, "verdict", name_of(first.verdict), other, name_of(run.verdict));
    }
    if (run.frame != first.frame) {
      return differ(frame, "frame", hex_of(first.frame, 2048), other, hex_of(run.frame, 2048));
    }
  }
  MapDifference found;
  if (!watch_->after(result_.frames, found)) return false;
  return differ(frame, found.field, found.first, found.executor, found.other);
}

// True when executors differ.
bool ClassifierRunner::step(base::ByteView frame) {
  // The kernel first: what it does not take must not change the others' maps.
  for (std::size_t i = executors_.size(); i-- > 0;) {
    executors_[i]->run(programs_[i], frame, runs_[i]);
    if (runs_[i].refused) {
      ++result_.skipped;
      return false;
    }
  }
  if (shadow_) shadow_->run(shadow_program_, frame, shadow_run_);
  const bool differs = executors_.size() > 1 && !by_chance_ && compare(frame);
  ++result_.frames;
  if (!runs_[0].fault.empty()) {
    if (result_.faults++ == 0) result_.first_fault = runs_[0].fault;
  } else {
    ++verdicts_[runs_[0].verdict];
  }
  return differs;
}

base::Result<ClassifierRunResult> ClassifierRunner::run() {
  if (auto status = open(); !status) return status.error();
  if (auto status = make(); !status) return status.error();
  auto frames = Frames::open(options_, object_->spec.program(object_->entry)->fragments);
  if (!frames) return frames.error();
  base::ByteView frame;
  bool differs = false;
  for (std::uint64_t number = 0; !differs && frames.value().next(frame); ++number) {
    if (number % kFramesPerLook == 0 && control_.stopped()) break;
    differs = step(frame);
  }
  if (auto status = frames.value().status(); !status) return status.error();
  MapDifference found;
  if (!differs && watch_ && !by_chance_ && watch_->whole(found)) {
    differ({}, found.field, found.first, found.executor, found.other);
  }
  for (const auto& [verdict, count] : verdicts_) {
    result_.verdicts.push_back({name_of(verdict), count});
  }
  if (result_.frames == 0 && result_.skipped > 0) {
    result_.excepted.emplace_back(
        "everything: the kernel's test run takes no frame for a program of section " +
        object_->spec.program(object_->entry)->section);
  }
  if (verdict_clocked_) {
    result_.excepted.emplace_back("verdicts and bytes: they depend on the time");
  }
  if (watch_) {
    result_.excepted.insert(result_.excepted.end(), watch_->excepted().begin(),
                            watch_->excepted().end());
  }
  return std::move(result_);
}

}  // namespace

base::Result<ClassifierRunResult> run_classifier(const ClassifierRunOptions& options,
                                                 const RunControl& control) {
  const CpuPin pin;
  return ClassifierRunner(options, control).run();
}

}  // namespace ringbed::engine
