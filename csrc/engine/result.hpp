// What a run comes to, world-neutral: the simulator and the live worlds fill in the same fields
// under the same names (src/run/record.proto). Plain data; written once, at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.hpp"
#include "base/ledger.hpp"

namespace ringbed::engine {

struct StageResult {
  std::string name;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  base::Histogram ns;
};

struct NamedHistogram {
  std::string name;
  base::Histogram ns;
};

struct PoolResult {
  std::string kind;
  std::uint32_t size = 0;
  std::uint32_t in_use_peak = 0;
  std::uint64_t exhausted = 0;
  std::uint64_t bytes = 0;
  std::uint64_t gets = 0;
  std::uint64_t puts = 0;
};

struct ConnectionsResult {
  std::string kind;
  std::uint32_t buckets = 0;
  std::uint32_t active = 0;
  std::uint32_t peak = 0;
  std::uint64_t inserted = 0;
  std::uint64_t expired = 0;
  std::uint64_t rejected = 0;
  std::uint64_t evicted = 0;
  std::uint64_t closed = 0;
  std::uint64_t cleared = 0;
  std::uint32_t max_chain = 0;
  double mean_probes = 0.0;
  std::uint64_t bytes = 0;
  std::uint64_t lookups = 0;
};

struct RingResult {
  std::string name;
  std::uint32_t size = 0;
  std::uint32_t peak = 0;
  std::uint64_t full = 0;
};

struct StreamResult {
  std::string name;
  std::uint32_t flows = 0;
  std::uint64_t offered = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t responses = 0;
  std::uint64_t offered_bytes = 0;
  std::uint64_t unsent = 0;  // due, but not sent when the time was over; live worlds alone
  base::Histogram response;
  base::Histogram gap_intended;
  base::Histogram gap_achieved;  // where frames leave; live worlds alone
};

struct CoreResult {
  std::uint32_t core = 0;
  std::uint64_t busy_ns = 0;
  std::uint64_t paused_ns = 0;
  std::uint64_t polls = 0;
  std::uint64_t interrupts = 0;
  std::uint64_t frames = 0;
  int cpu = -1;  // the processor that its thread was pinned to; -1: none
};

// A kernel counter that moved during the run, by the kernel's own name for it.
struct KernelCounter {
  std::string where;  // the interface, or a file of /proc
  std::string name;
  std::uint64_t count = 0;
};

// A reason that the kernel gave for some of the drops of a stage and reason.
struct KernelReason {
  base::Stage stage{};
  base::Reason reason{};
  std::string name;  // kernel_no_socket
  std::uint64_t count = 0;
};

// What carried the frames at one end of a live world, all its queues together.
struct PortResult {
  std::string end;
  std::string backend;
  std::string mode;
  std::uint32_t queues = 0;
  bool huge_pages = false;
  std::uint64_t rx_frames = 0;
  std::uint64_t tx_frames = 0;
  std::uint64_t system_calls = 0;
};

// The clock that a live run's times are of; no source: virtual time.
struct ClockResult {
  std::string source;
  std::uint64_t resolution_ns = 0;
  std::uint64_t read_ns = 0;  // between two reads
  std::uint64_t bias_ns = 0;  // of a round trip: what the harness itself takes
  std::string stamps;         // who stamps frames that the device receives: software, hardware
  std::string why_stamps;     // ... by which clock, or why not the hardware; responses likewise
};

struct NamedCount {
  std::string name;
  std::uint64_t count = 0;
};

struct ClassifierStage {
  std::uint32_t slot = 0;
  std::string name;
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;  // the slot was empty
  std::vector<NamedCount> verdicts;
  std::uint64_t ns = 0;  // in all
};

struct ClassifierMap {
  std::string name;
  std::string type;
  std::uint32_t max_entries = 0;
  std::uint64_t bytes = 0;
  bool preallocated = false;
};

// Stages as the programs count them (csrc/classifier/stage.h), the entry last.
struct ClassifierResult {
  std::string object;
  std::string program;
  std::string executor;  // interpreter, jit, kernel
  std::uint64_t frames = 0;
  std::uint64_t instructions = 0;  // 0: not counted
  std::vector<NamedCount> verdicts;
  std::vector<ClassifierStage> stages;
  std::vector<ClassifierMap> maps;
  std::uint64_t map_bytes = 0;
  std::string fault;  // the first one; empty: none
  std::uint64_t faults = 0;
  base::Histogram ns;
};

// Of a live run: generations of the classifier that took each other's place.
struct ClassifierSwaps {
  std::uint64_t count = 0;
  std::uint64_t failed = 0;
  std::string error;   // the first one
  base::Histogram ns;  // from the start of loading to the end of the old generation
};

struct RunResult {
  bool interrupted = false;
  std::uint64_t end_ns = 0;
  base::Ledger ledger;
  std::uint64_t offered_bytes = 0;
  std::uint64_t response_bytes = 0;
  std::uint64_t unsent = 0;  // of all streams
  std::string imbalance;     // empty: conserved
  std::vector<StageResult> stages;
  std::vector<NamedHistogram> latency;
  PoolResult pool;
  ConnectionsResult connections;
  std::vector<RingResult> rings;
  std::vector<StreamResult> streams;
  std::vector<CoreResult> cores;
  std::string digest;
  std::uint64_t memory_bytes = 0;
  std::vector<PortResult> ports;
  std::vector<std::string> notes;  // for people: what was left alone, why nothing arrived
  std::vector<KernelCounter> kernel;
  std::vector<KernelReason> kernel_reasons;
  int generator_cpu = -1;
  std::uint64_t verdicts = 0;  // which frame got which verdict (verdict_digest.hpp)
  ClockResult clock;
  std::optional<ClassifierResult> classifier;
  std::optional<ClassifierSwaps> classifier_swaps;
};

// The message RunResult of record.proto.
[[nodiscard]] std::vector<std::uint8_t> encode(const RunResult& result);

}  // namespace ringbed::engine
