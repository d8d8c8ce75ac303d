// The compiled sender against the frames that it was given: every frame must leave as it was
// written, whatever the one before it in the same page was. The kernel runs the program
// (BPF_PROG_TEST_RUN); its verifier is half of the test.
#include "port/frame_writer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "base/random.hpp"
#include "unit/port/rig.hpp"

namespace ringbed::port {
namespace {

using Bytes = std::vector<std::uint8_t>;

// The maps and the program of a writer, run frame by frame.
class Bench {
 public:
  explicit Bench(FrameWriter writer) : writer_(std::move(writer)) {}

  base::Status open() {
    auto control = make_bpf_map(
        {.type = BPF_MAP_TYPE_ARRAY, .value_bytes = FrameWriter::kControlBytes, .name = "control"});
    auto records = make_bpf_map({.type = BPF_MAP_TYPE_ARRAY,
                                 .value_bytes = writer_.slots() * writer_.record_bytes(),
                                 .name = "records"});
    if (!control || !records) {
      return control ? records.error() : control.error();
    }
    control_ = std::move(control).value();
    records_ = std::move(records).value();
    auto program = load_xdp(writer_.compile({control_.get(), records_.get(), -1}, true), "test");
    if (!program) {
      return program.error();
    }
    program_ = std::move(program).value();
    page_.assign(writer_.initial_bytes(), 0xa5);  // what an earlier frame left
    ring_.resize(writer_.slots() * writer_.record_bytes());
    return {};
  }

  // What the program makes of the record of `frame`; empty when it refuses.
  Bytes send(const Bytes& frame, std::uint32_t recipe) {
    writer_.write_record(ring_.data() + (head_ & (writer_.slots() - 1)) * writer_.record_bytes(),
                         frame, recipe);
    set(records_.get(), ring_.data());
    Bytes control = get(control_.get(), FrameWriter::kControlBytes);
    base::store_native(control.data() + FrameWriter::kHeadAt, ++head_);
    set(control_.get(), control.data());
    return run();
  }
  Bytes run() {
    Bytes out(4096);
    bpf_attr attributes{};
    attributes.test.prog_fd = static_cast<std::uint32_t>(program_.get());
    attributes.test.data_in = reinterpret_cast<std::uintptr_t>(page_.data());
    attributes.test.data_size_in = static_cast<std::uint32_t>(page_.size());
    attributes.test.data_out = reinterpret_cast<std::uintptr_t>(out.data());
    attributes.test.data_size_out = static_cast<std::uint32_t>(out.size());
    attributes.test.repeat = 1;
    EXPECT_EQ(bpf(BPF_PROG_TEST_RUN, attributes), 0) << std::strerror(errno);
    out.resize(attributes.test.retval == XDP_PASS ? attributes.test.data_size_out : 0);
    return out;
  }
  std::uint64_t counter(std::uint32_t at) {
    return base::load_native<std::uint64_t>(get(control_.get(), FrameWriter::kControlBytes).data() +
                                            at);
  }
  const FrameWriter& writer() const { return writer_; }

 private:
  static void set(int map, const std::uint8_t* value) {
    bpf_attr attributes{};
    const std::uint32_t key = 0;
    attributes.map_fd = static_cast<std::uint32_t>(map);
    attributes.key = reinterpret_cast<std::uintptr_t>(&key);
    attributes.value = reinterpret_cast<std::uintptr_t>(value);
    ASSERT_EQ(bpf(BPF_MAP_UPDATE_ELEM, attributes), 0);
  }
  static Bytes get(int map, std::size_t bytes) {
    Bytes value(bytes);
    bpf_attr attributes{};
    const std::uint32_t key = 0;
    attributes.map_fd = static_cast<std::uint32_t>(map);
    attributes.key = reinterpret_cast<std::uintptr_t>(&key);
    attributes.value = reinterpret_cast<std::uintptr_t>(value.data());
    EXPECT_EQ(bpf(BPF_MAP_LOOKUP_ELEM, attributes), 0);
    return value;
  }

  FrameWriter writer_;
  FileDescriptor control_;
  FileDescriptor records_;
  FileDescriptor program_;
  Bytes page_;
  Bytes ring_;
  std::uint64_t head_ = 0;
};

Bytes random_bytes(base::Random& random, std::size_t count) {
  Bytes bytes(count);
  for (auto& byte : bytes) {
    byte = static_cast<std::uint8_t>(random.next());
  }
  return bytes;
}

// A recipe of `length` in which some bytes vary; a third of the words is zero, as in templates.
FrameRecipe random_recipe(base::Random& random, std::size_t length, double share) {
  FrameRecipe recipe{random_bytes(random, length), std::vector<bool>(length)};
  for (std::size_t i = 0; i < length; ++i) {
    recipe.varies[i] = random.chance(share);
    if (i / 8 % 3 == 0) {
      recipe.image[i] = 0;
    }
  }
  return recipe;
}

Bytes follow(base::Random& random, const FrameRecipe& recipe) {
  Bytes frame = recipe.image;
  for (std::size_t i = 0; i < frame.size(); ++i) {
    if (recipe.varies[i]) {
      frame[i] = static_cast<std::uint8_t>(random.next());
    }
  }
  return frame;
}

class FrameWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    if (auto map = make_bpf_map({.type = BPF_MAP_TYPE_ARRAY, .name = "probe"}); !map) {
      RINGBED_SKIP_OR_FAIL(map.error().message);
    }
  }
  static std::string words(const base::Status& status) {
    return status ? "" : status.error().message + "; " + status.error().hint;
  }
};

TEST_F(FrameWriterTest, FramesOfEveryRecipeAndWholeOnesInAnyOrder) {
  base::Random random(7, "frame_writer");
  std::vector<FrameRecipe> recipes;
  for (const std::size_t length : {60UL, 61UL, 62UL, 63UL, 64UL, 67UL, 128UL, 1514UL}) {
    recipes.push_back(random_recipe(random, length, 0.1));
  }
  Bench bench(FrameWriter(recipes, 1514, 8));
  const base::Status opened = bench.open();
  ASSERT_TRUE(opened) << words(opened);
  for (std::uint32_t i = 0; i < recipes.size(); ++i) {
    EXPECT_TRUE(bench.writer().compiled(i));
  }
  for (int round = 0; round < 400; ++round) {
    const auto pick = static_cast<std::uint32_t>(random.below(recipes.size() + 1));
    const Bytes frame = pick == 0 ? random_bytes(random, 14 + random.below(1501))
                                  : follow(random, recipes[pick - 1]);
    ASSERT_EQ(bench.send(frame, pick), frame) << "round " << round << " recipe " << pick;
  }
  EXPECT_EQ(bench.counter(FrameWriter::kCursorAt), 400U);
  EXPECT_EQ(bench.counter(FrameWriter::kRefusedAt), 0U);
}

TEST_F(FrameWriterTest, OneLengthNeedsNoResizingAndAnEmptyRingSendsNothing) {
  base::Random random(8, "frame_writer");
  const std::vector<FrameRecipe> recipes{random_recipe(random, 60, 0.2),
                                         random_recipe(random, 60, 1.0)};
  Bench bench(FrameWriter(recipes, 60, 4));
  const base::Status opened = bench.open();
  ASSERT_TRUE(opened) << words(opened);
  EXPECT_EQ(bench.writer().initial_bytes(), 60U);
  EXPECT_EQ(bench.run(), Bytes());
  for (std::uint32_t i = 0; i < 10; ++i) {
    const Bytes frame = follow(random, recipes[i % 2]);
    ASSERT_EQ(bench.send(frame, 1 + i % 2), frame);
  }
  EXPECT_EQ(bench.run(), Bytes());
  EXPECT_EQ(bench.counter(FrameWriter::kCursorAt), 10U);
}

TEST_F(FrameWriterTest, ARecordThatCannotBeIsRefusedAndCounted) {
  const std::vector<FrameRecipe> none(1);  // of a stream whose frames have nothing in common
  Bench bench(FrameWriter(none, 100, 4));
  EXPECT_EQ(bench.writer().initial_bytes(), 100U);
  const base::Status opened = bench.open();
  ASSERT_TRUE(opened) << words(opened);
  EXPECT_EQ(bench.send(Bytes(13, 1), 0), Bytes());         // the kernel's least is 14
  EXPECT_EQ(bench.send(Bytes(101, 1), 0), Bytes());        // longer than this program sends
  EXPECT_EQ(bench.send(Bytes(100, 1), 3), Bytes(100, 1));  // no such recipe: it comes whole
  EXPECT_EQ(bench.counter(FrameWriter::kRefusedAt), 2U);
}

TEST_F(FrameWriterTest, TheLongestFrameAndMoreRecipesThanFit) {
  base::Random random(9, "frame_writer");
  std::vector<FrameRecipe> recipes;
  for (int i = 0; i < 60; ++i) {
    recipes.push_back(random_recipe(random, FrameWriter::kMaxFrameBytes, 0.5));
  }
  Bench bench(FrameWriter(recipes, FrameWriter::kMaxFrameBytes, 4));
  const base::Status opened = bench.open();
  ASSERT_TRUE(opened) << words(opened);
  EXPECT_TRUE(bench.writer().compiled(0));
  EXPECT_FALSE(bench.writer().compiled(59));
  for (std::uint32_t i = 0; i < recipes.size(); ++i) {
    const Bytes frame = follow(random, recipes[i]);
    ASSERT_EQ(bench.send(frame, i + 1), frame) << "recipe " << i;
  }
}

}  // namespace
}  // namespace ringbed::port
