// Generations of a classifier in the kernel, driven by test runs: slots, what a swap shares, and
// that a swap that fails changes nothing. Links are tried on the loopback of a namespace of its
// own.
#include "ebpf/kernel_classifier.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>

#include <thread>

#include "base/endian.hpp"
#include "ebpf/kernel_syscall.hpp"
#include "support/bpf_object.hpp"

namespace ringbed::ebpf {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

base::Status nothing(const FindMap&) { return {}; }

class KernelClassifierTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string refusal = kernel_refusal(); !refusal.empty()) GTEST_SKIP() << refusal;
    if (const std::string refusal = libbpf_refusal(); !refusal.empty()) GTEST_SKIP() << refusal;
    const std::string path = test::compile_bpf("generations");
    if (path.empty()) GTEST_SKIP() << "clang for BPF is not installed";
    auto object = std::make_shared<LoadableObject>();
    object->file = test::read_file(path);
    auto spec = read_object(object->file);
    ASSERT_TRUE(spec.ok()) << spec.error().message;
    object->spec = std::move(spec).value();
    object_ = std::move(object);
  }

  ClassifierLayout layout(std::vector<std::string> stages) {
    ClassifierLayout made;
    made.objects = {object_};
    made.entry = "entry";
    made.prog_array = "slots";
    for (std::string& stage : stages) made.stages.push_back({0, std::move(stage)});
    return made;
  }
  static std::uint32_t verdict(const KernelClassifier& classifier) {
    auto run = classifier.entry().test_run(Bytes(64));
    EXPECT_TRUE(run.ok());
    return run.ok() ? run.value().verdict : ~0u;
  }
  static std::uint64_t frames(const KernelClassifier& classifier) {
    const std::uint8_t key[4] = {};
    std::uint8_t value[8] = {};
    EXPECT_EQ(classifier.map("frames")->read(key, value, 0), 0);
    return base::load_native<std::uint64_t>(value);
  }

  std::shared_ptr<const LoadableObject> object_;
};

TEST_F(KernelClassifierTest, FillsTheSlotsThatTheLayoutNamesAndNoOther) {
  auto drop = KernelClassifier::load(layout({"drops"}), nothing);
  ASSERT_TRUE(drop.ok()) << drop.error().message;
  EXPECT_EQ(verdict(drop.value()), 1u);
  auto send = KernelClassifier::load(layout({"sends"}), nothing);
  ASSERT_TRUE(send.ok()) << send.error().message;
  EXPECT_EQ(verdict(send.value()), 3u);
  // The object itself fills slot 0; an empty one falls through to the entry's own verdict.
  auto empty = KernelClassifier::load(layout({""}), nothing);
  ASSERT_TRUE(empty.ok()) << empty.error().message;
  EXPECT_EQ(verdict(empty.value()), 2u);
}

TEST_F(KernelClassifierTest, ASwapSharesTheStateAndReplacesTheStages) {
  auto loaded = KernelClassifier::load(layout({"drops"}), nothing);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  KernelClassifier& classifier = loaded.value();
  EXPECT_EQ(verdict(classifier), 1u);
  auto swapped = classifier.swap(layout({"sends"}), nothing);
  ASSERT_TRUE(swapped.ok()) << swapped.error().message;
  EXPECT_THAT(swapped.value(), ElementsAre());
  EXPECT_EQ(verdict(classifier), 3u);
  EXPECT_EQ(frames(classifier), 2u);
  EXPECT_EQ(classifier.swaps(), 1u);
}

TEST_F(KernelClassifierTest, AMapOfAnotherSizeStartsEmptyAndIsNamed) {
  auto loaded = KernelClassifier::load(layout({"drops"}), nothing);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(verdict(loaded.value()), 1u);
  auto bigger = std::make_shared<LoadableObject>();
  bigger->file = object_->file;
  bigger->spec = read_object(bigger->file).value();
  bigger->spec.map("frames")->max_entries = 2;
  ClassifierLayout next = layout({"drops"});
  next.objects = {bigger};
  auto swapped = loaded.value().swap(next, nothing);
  ASSERT_TRUE(swapped.ok()) << swapped.error().message;
  EXPECT_THAT(swapped.value(), ElementsAre("frames"));
  EXPECT_EQ(frames(loaded.value()), 0u);
}

TEST_F(KernelClassifierTest, ASwapThatFailsChangesNothing) {
  const test::ScratchFolder folder;
  auto loaded = KernelClassifier::load(layout({"drops"}), nothing, {}, folder.path);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  KernelClassifier& classifier = loaded.value();
  const std::uint32_t before = classifier.entry().id();
  auto unknown = classifier.swap(layout({"nonsense"}), nothing);
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.error().message, HasSubstr("no program nonsense"));
  auto refused = classifier.swap(layout({"refused"}), nothing);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("the verifier refuses it"));
  auto unprepared = classifier.swap(layout({"sends"}), [](const FindMap&) -> base::Status {
    return base::Error{base::ErrorCode::invalid, "not today", ""};
  });
  EXPECT_FALSE(unprepared.ok());
  EXPECT_EQ(classifier.entry().id(), before);
  EXPECT_EQ(verdict(classifier), 1u);
  EXPECT_EQ(classifier.swaps(), 0u);
}

TEST_F(KernelClassifierTest, ChecksTheTailCallBudgetAhead) {
  EXPECT_TRUE(check_layout(layout(std::vector<std::string>(33, "drops"))).ok());
  const base::Status status = check_layout(layout(std::vector<std::string>(34, "drops")));
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("34 stages"));
  EXPECT_THAT(status.error().message, HasSubstr("33"));
}

TEST_F(KernelClassifierTest, AttachesAndIsSwappedOnEveryKindOfLink) {
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "no network namespace";
    const std::uint32_t loopback = ::if_nametoindex("lo");
    auto loaded = KernelClassifier::load(layout({"drops"}), nothing);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const base::Status native = loaded.value().attach(loopback, AttachMode::native);
    EXPECT_FALSE(native.ok()) << "the loopback has native XDP?";
    const base::Status generic = loaded.value().attach(loopback, AttachMode::xdp);
    ASSERT_TRUE(generic.ok()) << generic.error().message;
    EXPECT_EQ(loaded.value().link()->mode(), AttachMode::generic);
    auto busy = KernelLink::attach(loaded.value().entry(), loopback, AttachMode::generic);
    ASSERT_FALSE(busy.ok());
    EXPECT_THAT(busy.error().hint, HasSubstr("another XDP program"));
    auto swapped = loaded.value().swap(layout({"sends"}), nothing);
    EXPECT_TRUE(swapped.ok());
    auto wrong = KernelLink::attach(loaded.value().entry(), loopback, AttachMode::tcx);
    ASSERT_FALSE(wrong.ok());
    EXPECT_THAT(wrong.error().message, HasSubstr("is an XDP program"));
    for (const AttachMode mode : {AttachMode::tcx, AttachMode::tc}) {
      ClassifierLayout tc;
      tc.objects = {object_};
      tc.entry = "tc_entry";
      auto filter = KernelClassifier::load(tc, nothing);
      ASSERT_TRUE(filter.ok()) << filter.error().message;
      const base::Status attached = filter.value().attach(loopback, mode);
      ASSERT_TRUE(attached.ok()) << attached.error().message << attached.error().hint;
      EXPECT_TRUE(filter.value().swap(tc, nothing).ok());
    }
  }).join();
}

}  // namespace

}  // namespace ringbed::ebpf
