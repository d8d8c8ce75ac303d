// Objects of test/data/bpf in the kernel through KernelCollection: overrides, per-CPU values, test
// runs, reused maps, and what it says when it cannot.
#include "ebpf/kernel_collection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/endian.hpp"
#include "ebpf/kernel_link.hpp"
#include "ebpf/kernel_syscall.hpp"
#include "support/bpf_object.hpp"

namespace ringbed::ebpf {

namespace {

using ::testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

Bytes word(std::uint32_t value) {
  Bytes bytes(4);
  base::store_native(bytes.data(), value);
  return bytes;
}

class KernelCollectionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string refusal = kernel_refusal(); !refusal.empty()) GTEST_SKIP() << refusal;
    if (const std::string refusal = libbpf_refusal(); !refusal.empty()) GTEST_SKIP() << refusal;
  }

  // The object's bytes and specification; false where there is no clang for BPF.
  bool read(const std::string& name) {
    const std::string path = test::compile_bpf(name);
    if (path.empty()) return false;
    file_ = test::read_file(path);
    auto object = read_object(file_);
    EXPECT_TRUE(object.ok());
    if (object.ok()) object_ = std::move(object).value();
    return object.ok();
  }

  Bytes file_;
  ObjectSpec object_;
};

TEST_F(KernelCollectionTest, RunsAFrameAndReadsPerCpuValues) {
  if (!read("counters")) GTEST_SKIP() << "clang for BPF is not installed";
  auto loaded = KernelCollection::load(file_, object_);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const KernelProgram& program = loaded.value().programs().front();
  EXPECT_EQ(program.type(), ProgramType::xdp);
  EXPECT_GT(program.verified_instructions(), 0u);
  const Bytes frame(64, 0x11);
  auto run = program.test_run(frame, {.repeat = 3});
  ASSERT_TRUE(run.ok()) << run.error().message;
  EXPECT_EQ(run.value().frame.size(), frame.size());

  const KernelMap* verdicts = loaded.value().map("verdicts");
  ASSERT_NE(verdicts, nullptr);
  EXPECT_EQ(verdicts->user_value_bytes(), 8 * possible_cpus());
  EXPECT_EQ(verdicts->keys().size(), 8u);
  Bytes value(verdicts->user_value_bytes());
  std::uint64_t total = 0;
  for (std::uint32_t key = 0; key < 8; ++key) {
    ASSERT_EQ(verdicts->read(word(key).data(), value.data(), 0), 0);
    for (std::uint32_t cpu = 0; cpu < possible_cpus(); ++cpu) {
      total += base::load_native<std::uint64_t>(value.data() + 8 * cpu);
    }
  }
  EXPECT_EQ(total, 3u);
  EXPECT_GT(loaded.value().memory_bytes(), 0u);
}

TEST_F(KernelCollectionTest, RefusesAFrameShorterThanAnEthernetHeader) {
  if (!read("classify")) GTEST_SKIP() << "clang for BPF is not installed";
  auto loaded = KernelCollection::load(file_, object_);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  auto run = loaded.value().programs().front().test_run(Bytes(13));
  ASSERT_FALSE(run.ok());
  EXPECT_EQ(run.error().code, base::ErrorCode::invalid);
  EXPECT_THAT(run.error().hint, HasSubstr("14 bytes"));
}

TEST_F(KernelCollectionTest, TakesOverridesFromTheSpecification) {
  if (!read("counters")) GTEST_SKIP() << "clang for BPF is not installed";
  object_.map("lengths")->max_entries = 7;
  object_.map("flows")->type = MapType::lru_hash;
  auto loaded = KernelCollection::load(file_, object_);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  auto lengths =
      KernelMap::adopt(base::FileDescriptor(::dup(loaded.value().map("lengths")->descriptor())));
  ASSERT_TRUE(lengths.ok());
  EXPECT_EQ(lengths.value().spec().max_entries, 7u);
  auto flows =
      KernelMap::adopt(base::FileDescriptor(::dup(loaded.value().map("flows")->descriptor())));
  ASSERT_TRUE(flows.ok());
  EXPECT_EQ(flows.value().spec().type, MapType::lru_hash);
}

TEST_F(KernelCollectionTest, SharesAMapWithAnotherLoad) {
  if (!read("counters")) GTEST_SKIP() << "clang for BPF is not installed";
  auto first = KernelCollection::load(file_, object_);
  ASSERT_TRUE(first.ok()) << first.error().message;
  KernelOptions options;
  options.reuse.push_back({"flows", first.value().map("flows")->descriptor()});
  auto second = KernelCollection::load(file_, object_, options);
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_EQ(second.value().map("flows")->id(), first.value().map("flows")->id());
  EXPECT_NE(second.value().map("lengths")->id(), first.value().map("lengths")->id());
}

TEST_F(KernelCollectionTest, NamesAMapThatTheKernelDoesNotMake) {
  if (!read("counters")) GTEST_SKIP() << "clang for BPF is not installed";
  object_.map("flows")->max_entries = 0;
  auto loaded = KernelCollection::load(file_, object_);
  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(loaded.error().message, HasSubstr("map flows"));
  EXPECT_THAT(loaded.error().hint, HasSubstr("max_entries"));
}

TEST_F(KernelCollectionTest, LoadsWhatWasAskedForAlone) {
  if (!read("stages")) GTEST_SKIP() << "clang for BPF is not installed";
  KernelOptions options;
  options.only = {"nothing"};
  auto none = KernelCollection::load(file_, object_, options);
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().message, HasSubstr("no program nothing"));
}

TEST_F(KernelCollectionTest, AProgramOfAMapsEntryGoesOnNoInterface) {
  if (!read("devices")) GTEST_SKIP() << "clang for BPF is not installed";
  const auto loaded = KernelCollection::load(file_, object_);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const auto link = KernelLink::attach(*loaded.value().program("leaving"), 1, AttachMode::generic);
  ASSERT_FALSE(link.ok());
  EXPECT_EQ(link.error().code, base::ErrorCode::invalid);
  EXPECT_NE(link.error().message.find("section xdp/devmap"), std::string::npos);
}

TEST(KernelCollection, AnObjectThatIsNoneIsAnError) {
  if (!libbpf_refusal().empty()) GTEST_SKIP() << libbpf_refusal();
  const Bytes junk(100, 7);
  auto loaded = KernelCollection::load(junk, ObjectSpec{});
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, base::ErrorCode::invalid);
}

}  // namespace

}  // namespace ringbed::ebpf
