// The same object, the same frames, in the VM, as native code and in the kernel: verdict, bytes and
// map contents after every frame must be equal. Every program of test/data/bpf/ that a verifier
// takes, and the bundled classifier's chain. RINGBED_DIFFERENTIAL_FRAMES sets how many frames.
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "ebpf/engine.hpp"
#include "engine/classifier_run.hpp"
#include "support/bpf_object.hpp"
#include "support/kernel_bpf.hpp"
#include "support/seed.hpp"

namespace ringbed::engine {

namespace {

struct Case {
  const char* object;
  const char* program;
  // What cannot be compared, by the begin of the sentence that says so; nullptr: nothing.
  const char* excepted = nullptr;
  std::string_view stages{};  // separated by commas; empty: as the object has them
  const char* type = "";      // of a section whose name does not say
  int since = 0;              // a kernel that is older does something else; 612: 6.12
};

std::uint64_t frames_wanted() {
  const char* wanted = std::getenv("RINGBED_DIFFERENTIAL_FRAMES");
  return wanted == nullptr ? 100'000 : std::stoull(wanted);
}

int kernel_version() {
  utsname name{};
  int major = 0;
  int minor = 0;
  if (uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return 0;
  return major * 100 + minor;
}

// A chain of bundled stages, told about targets and limits by bundled.bpf.c's own settings.
Case bundled(std::string_view stages) {
  return {"bundled", "classifier", "what depends on the time", stages};
}

class ClassifierDifferential : public testing::TestWithParam<Case> {};

TEST_P(ClassifierDifferential, VmJitAndKernelAreOne) {
  if (const std::string why = test::kernel_refusal(); !why.empty()) {
    GTEST_SKIP() << why;
  }
  if (kernel_version() < GetParam().since) {
    GTEST_SKIP() << "the kernel is too old";
  }
  ClassifierRunOptions options;
  options.plan.object = test::compile_bpf(GetParam().object);
  for (std::string_view left = GetParam().stages; !left.empty();) {
    const std::size_t comma = std::min(left.find(','), left.size());
    options.plan.stages.emplace_back(left.substr(0, comma));
    left.remove_prefix(std::min(comma + 1, left.size()));
  }
  if (options.plan.object.empty()) {
    GTEST_SKIP() << "clang for BPF is not installed";
  }
  options.plan.program = GetParam().program;
  options.plan.type = GetParam().type;
  options.random = frames_wanted();
  options.seed = test::seed();
  options.in = {ExecutorKind::vm, ExecutorKind::kernel};
  if (ebpf::jit_available().ok()) options.in.push_back(ExecutorKind::jit);
  const auto result = run_classifier(options, {});
  ASSERT_TRUE(result.ok()) << result.error().message << "\n" << result.error().hint;
  const ClassifierRunResult& run = result.value();
  if (run.first) {
    std::string bytes;
    for (const std::uint8_t byte : run.first->bytes) {
      constexpr char kDigits[] = "0123456789abcdef";
      bytes += kDigits[byte >> 4];
      bytes += kDigits[byte & 0xf];
    }
    FAIL() << "seed " << options.seed << ", frame " << run.first->frame << ", " << run.first->field
           << ": " << run.first->first.executor << " " << run.first->first.value << ", "
           << run.first->other.executor << " " << run.first->other.value << "\n"
           << bytes;
  }
  EXPECT_EQ(run.faults, 0U) << run.first_fault;
  EXPECT_GE(run.frames + run.skipped, options.random);
  EXPECT_GE(run.frames, options.random * 8 / 10);
  EXPECT_GE(run.verdicts.size(), GetParam().stages == "sample" ? 1U : 2U)
      << "frames that all come to the same thing show little";
  if (GetParam().excepted == nullptr) {
    EXPECT_TRUE(run.excepted.empty()) << run.excepted.front();
  } else {
    ASSERT_FALSE(run.excepted.empty());
    EXPECT_EQ(run.excepted.front().rfind(GetParam().excepted, 0), 0U) << run.excepted.front();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Programs, ClassifierDifferential,
    testing::Values(
        Case{"classify", "classify"}, Case{"counters", "counters"}, Case{"bounds", "bounds"},
        Case{"stages", "entry"}, Case{"calls", "calls"},
        Case{"depths", "depths", nullptr, {}, "", 612},
        Case{"orders", "orders", nullptr, {}, "", 615},
        Case{"kinds", "kinds", "map known: a bloom_filter"}, Case{"redirects", "redirects"},
        Case{"checksums", "checksums"}, Case{"sums", "sums"}, Case{"names", "names"},
        Case{"arrays", "arrays"}, Case{"percpu", "percpu"}, Case{"hashes", "hashes"},
        Case{"lru", "lru"}, Case{"evicts", "evicts", "everything from frame"},
        Case{"shares", "shares", "map flows: a nearly full LRU"}, Case{"tries", "tries"},
        Case{"lines", "lines"}, Case{"bloom", "bloom", "map known: a bloom_filter"},
        Case{"nested", "nested"}, Case{"rings", "rings"}, Case{"perf", "perf"}, Case{"nat", "nat"},
        Case{"tunnel", "tunnel"}, Case{"tailroom", "tailroom"}, Case{"meta", "meta"},
        Case{"routes", "routes"}, Case{"locks", "locks"}, Case{"atomics_v3", "atomics"},
        Case{"arithmetic", "arithmetic"}, Case{"arithmetic_v3", "arithmetic"},
        Case{"walks", "walks"}, Case{"editor", "editor"}, Case{"filter", "filter"},
        Case{"anchors", "anchors"}, Case{"absent", "absent"},
        Case{"clocks", "clocks", "what depends on the time"},
        Case{"chance", "chance", "everything: bpf_get_prandom_u32"},
        Case{"legacy", "legacy", nullptr, {}, "xdp"}, Case{"mixed", "mixed"},
        Case{"beside", "beside"}, Case{"core", "core"}, Case{"elsewhere", "elsewhere"},
        Case{"pieces", "pieces"}, Case{"devices", "devices"}, Case{"lengths", "lengths"},
        Case{"pulls", "pulls"}, Case{"fragments", "fragments"}, Case{"tags", "tags"},
        Case{"room", "room"}, Case{"marks", "marks"}, Case{"relative", "relative"},
        Case{"numbers", "numbers"}, Case{"numbers", "numbers_tc"}, Case{"texts", "texts"},
        Case{"dynptrs", "dynptrs"}, Case{"dynptrs", "dynptrs_tc"},
        Case{"flow_hash", "flow_hash", "everything: bpf_get_hash_recalc"}, bundled("parse"),
        bundled("parse,multicast"), bundled("parse,port"), bundled("parse,connection"),
        bundled("parse,limit"), bundled("parse,nanonet"), bundled("sample"),
        bundled("parse,multicast,port,connection,limit,nanonet,sample")),
    [](const auto& row) {
      std::string name = std::string(row.param.object) + "_" + row.param.program + "_" +
                         std::string(row.param.stages);
      std::replace_if(
          name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

// The comparison itself: one instruction of the VM's program does something else.
class PlantedFault : public testing::Test {
 protected:
  // Runs `object` in VM and kernel after `plant` has changed instructions of the VM's.
  static ClassifierRunResult run(const char* object, const char* program,
                                 const std::function<bool(ebpf::RawInstruction&)>& plant) {
    ClassifierRunOptions options;
    options.plan.object = test::compile_bpf(object);
    options.plan.program = program;
    options.random = 20'000;
    options.seed = test::seed();
    options.in = {ExecutorKind::vm, ExecutorKind::kernel};
    options.tamper = [&](ExecutorKind kind, ebpf::ObjectSpec& spec) {
      if (kind != ExecutorKind::vm) return;
      for (ebpf::RawInstruction& in : spec.program(program)->code) {
        if (plant(in)) return;
      }
      ADD_FAILURE() << "no such instruction";
    };
    auto result = run_classifier(options, {});
    EXPECT_TRUE(result.ok()) << result.error().message;
    return result.ok() ? std::move(result).value() : ClassifierRunResult{};
  }
  void SetUp() override {
    if (const std::string why = test::kernel_refusal(); !why.empty()) GTEST_SKIP() << why;
    if (test::compile_bpf("counters").empty()) GTEST_SKIP() << "clang for BPF is not installed";
  }
};

TEST_F(PlantedFault, AWrongCarryIsSeen) {
  // mul64 by an immediate becomes mul32: the upper half, and what is carried into it, is lost.
  const auto result = run("arithmetic", "arithmetic", [](ebpf::RawInstruction& in) {
    if (in.opcode != 0x27) return false;
    in.opcode = 0x24;
    return true;
  });
  ASSERT_TRUE(result.first);
  EXPECT_EQ(result.mismatches, 1U);
  EXPECT_EQ(result.first->first.executor, "vm");
  EXPECT_EQ(result.first->other.executor, "kernel");
}

TEST_F(PlantedFault, AWrongVerdictIsSeen) {
  const auto result = run("classify", "classify", [](ebpf::RawInstruction& in) {
    if (in.opcode != 0xb7 || in.imm != 2) return false;
    in.imm = 1;
    return true;
  });
  ASSERT_TRUE(result.first);
  EXPECT_EQ(result.first->field, "verdict");
  EXPECT_EQ(result.first->first.value, "XDP_DROP");
  EXPECT_EQ(result.first->other.value, "XDP_PASS");
}

TEST_F(PlantedFault, AWrongMapEntryIsSeenAfterTheFrameThatWroteIt) {
  // The values that are written with r3 = 1 are not: a store of the constant one stores two.
  const auto result = run("counters", "counters", [](ebpf::RawInstruction& in) {
    if (in.opcode != 0xb7 || in.imm != 1 || in.dst == 0) return false;
    in.imm = 2;
    return true;
  });
  ASSERT_TRUE(result.first);
  EXPECT_EQ(result.first->field.rfind("map ", 0), 0U) << result.first->field;
  EXPECT_LT(result.first->frame, 1'000U);
}

}  // namespace
}  // namespace ringbed::engine
