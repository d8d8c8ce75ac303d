// Runs the pool contract over every kind, and checks what create_pool() refuses.
#include <gtest/gtest.h>

#include "conformance/device/pool_contract.hpp"

namespace ringbed::device {
namespace contract {

INSTANTIATE_TEST_SUITE_P(Kinds, PoolContract, ::testing::ValuesIn(pool_kinds()),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace contract

namespace {

TEST(CreatePool, NamesWhatIsWrongAndWhatWouldBeRight) {
  const auto error = [](auto change) {
    PoolConfig config;
    change(config);
    const auto made = create_pool(config);
    EXPECT_FALSE(made.ok());
    return made.error();
  };
  const base::Error kind = error([](auto& c) { c.kind = "lifo"; });
  EXPECT_EQ(kind.code, base::ErrorCode::invalid);
  EXPECT_NE(kind.message.find("lifo"), std::string::npos);
  for (const PoolKind& row : pool_kinds()) {
    EXPECT_NE(kind.hint.find(row.name), std::string::npos);
  }
  EXPECT_EQ(error([](auto& c) { c.size = 0; }).code, base::ErrorCode::invalid);
  EXPECT_EQ(error([](auto& c) { c.buffer_bytes = 0; }).code, base::ErrorCode::invalid);
  EXPECT_EQ(error([](auto& c) { c.buffer_bytes = UINT32_MAX; }).code, base::ErrorCode::invalid);
  EXPECT_EQ(error([](auto& c) { c.cores = 0; }).code, base::ErrorCode::invalid);
  EXPECT_EQ(error([](auto& c) {
              c.size = 1U << 30;
              c.buffer_bytes = 1U << 20;
            }).code,
            base::ErrorCode::resource);
}

TEST(CreatePool, TheStrideIsTheCapacityRoundedUpToCacheLines) {
  PoolConfig config;
  config.buffer_bytes = 1500;
  auto pool = std::move(create_pool(config)).value();
  EXPECT_EQ(pool->capacity(), 1500U);
  EXPECT_EQ(pool->stride(), 1536U);
  EXPECT_EQ(pool->size(), 256U);
}

}  // namespace
}  // namespace ringbed::device
