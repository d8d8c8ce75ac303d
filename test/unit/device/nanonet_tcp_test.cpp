// TCP tracking by the nanonet device, segment by segment, over every table kind.
#include <gtest/gtest.h>

#include "device/devices.hpp"
#include "device/pools.hpp"
#include "device/tables.hpp"
#include "frames.hpp"

namespace ringbed::device {
namespace {

using namespace wire::tcp_flag;
using base::Reason;
using base::Stage;
using testing::Request;
using testing::Response;

class NanonetTcp : public ::testing::TestWithParam<TableKind> {
 protected:
  void SetUp() override { start(testing::tcp_config()); }

  void start(DeviceConfig config) {
    config.connections.kind = GetParam().name;
    pool_ = std::move(create_pool({})).value();
    device_ = std::move(create_device(config, *pool_, 0)).value();
  }

  Verdict send(std::uint8_t flags, std::uint32_t seq, std::uint32_t ack, bool data = false,
               std::uint16_t source_port = 5000) {
    Request request;
    request.protocol = 6;
    request.tcp_flags = flags;
    request.seq = seq;
    request.ack = ack;
    request.source_port = source_port;
    if (!data) {
      request.payload.clear();
    }
    frame_ = request.frame();
    return device_->process(frame_, ++now_ns_);
  }

  void expect_processed(const Verdict& verdict) {
    EXPECT_EQ(verdict.outcome, Outcome::processed);
    EXPECT_EQ(verdict.stage, Stage::track);
    EXPECT_TRUE(verdict.tracked);
  }
  void expect_dropped(const Verdict& verdict, Reason reason) {
    EXPECT_EQ(verdict.outcome, Outcome::dropped);
    EXPECT_EQ(verdict.stage, Stage::track);
    EXPECT_EQ(base::to_string(verdict.reason), base::to_string(reason));
  }
  ConnectionStats table() const { return device_->connections().stats(); }

  std::unique_ptr<ResponsePool> pool_;
  std::unique_ptr<Device> device_;
  testing::Bytes frame_;
  std::uint64_t now_ns_ = 0;
};

TEST_P(NanonetTcp, TheWholeLifeOfAConnection) {
  expect_processed(send(kSyn, 100, 0));
  expect_processed(send(kSyn | kAck, 100, 701));  // as the tap sees it
  expect_processed(send(kAck, 101, 701));
  EXPECT_EQ(table().active, 1U);

  const Verdict verdict = send(kPsh | kAck, 101, 701, true);
  ASSERT_EQ(verdict.outcome, Outcome::responded);
  EXPECT_GE(verdict.probes, 1);
  const Response response = Response::parse(device_->response(verdict));
  EXPECT_EQ(response.protocol, 6);
  EXPECT_EQ(response.seq, 701U);
  EXPECT_EQ(response.ack, 101U + 24);
  EXPECT_EQ(response.tcp_flags, kPsh | kAck);
  EXPECT_EQ(response.destination_port, 5000);
  EXPECT_EQ(response.source_port, 8080);

  // The second response follows the first in the stream, also before the client acknowledges.
  const Response second = Response::parse(device_->response(send(kPsh | kAck, 125, 701, true)));
  EXPECT_EQ(second.seq, 701U + 41);
  EXPECT_EQ(second.ack, 149U);
  expect_processed(send(kAck, 149, 783));

  expect_processed(send(kFin | kAck, 149, 783));
  EXPECT_EQ(table().active, 0U);
  EXPECT_EQ(table().closed, 1U);
  expect_processed(send(kAck, 150, 784));  // the last ACK is no stranger
  expect_dropped(send(kAck, 150, 784), Reason::connection_unknown);
}

TEST_P(NanonetTcp, SequenceNumbersWrap) {
  expect_processed(send(kSyn, UINT32_MAX - 3, 0));
  expect_processed(send(kAck, UINT32_MAX - 2, UINT32_MAX - 9));
  const Response response =
      Response::parse(device_->response(send(kPsh | kAck, UINT32_MAX - 2, UINT32_MAX - 9, true)));
  EXPECT_EQ(response.seq, UINT32_MAX - 9);
  EXPECT_EQ(response.ack, 21U);
  const Response second = Response::parse(device_->response(send(kPsh | kAck, 21, 31, true)));
  EXPECT_EQ(second.seq, 31U);
  EXPECT_EQ(second.ack, 45U);
}

TEST_P(NanonetTcp, StrangersAreDropped) {
  for (const std::uint8_t flags : {kAck, kRst, static_cast<std::uint8_t>(kSyn | kAck),
                                   static_cast<std::uint8_t>(kFin | kAck)}) {
    expect_dropped(send(flags, 1, 1), Reason::connection_unknown);
  }
  expect_dropped(send(kPsh | kAck, 1, 1, true), Reason::connection_unknown);
  EXPECT_EQ(table().active, 0U);
  EXPECT_EQ(device_->stats().dropped(Stage::track, Reason::connection_unknown), 5U);
}

TEST_P(NanonetTcp, ARstEndsAConnectionAtOnce) {
  expect_processed(send(kSyn, 1, 0));
  expect_processed(send(kRst, 2, 0));
  EXPECT_EQ(table().closed, 1U);
  expect_dropped(send(kAck, 2, 1), Reason::connection_unknown);
}

TEST_P(NanonetTcp, DataMayCompleteTheHandshake) {
  expect_processed(send(kSyn, 1, 0));
  EXPECT_EQ(send(kPsh | kAck, 2, 500, true).outcome, Outcome::responded);
}

TEST_P(NanonetTcp, DataInTheFinIsAnsweredDataBehindItIsNot) {
  expect_processed(send(kSyn, 1, 0));
  const Verdict verdict = send(kFin | kPsh | kAck, 2, 500, true);
  ASSERT_EQ(verdict.outcome, Outcome::responded);
  EXPECT_EQ(Response::parse(device_->response(verdict)).ack, 2U + 24 + 1);
  expect_dropped(send(kPsh | kAck, 27, 500, true), Reason::connection_unknown);
}

TEST_P(NanonetTcp, ASynOpensAClosingConnectionAnew) {
  expect_processed(send(kSyn, 1, 0));
  expect_processed(send(kAck, 2, 9));
  expect_processed(send(kFin | kAck, 2, 9));
  expect_processed(send(kSyn, 5000, 0));
  EXPECT_EQ(table().active, 1U);
  const Response response = Response::parse(device_->response(send(kPsh | kAck, 5001, 77, true)));
  EXPECT_EQ(response.seq, 77U);
  EXPECT_EQ(response.ack, 5025U);
}

TEST_P(NanonetTcp, ASynSentAgainChangesNothing) {
  expect_processed(send(kSyn, 1, 0));
  expect_processed(send(kAck, 2, 9));
  expect_processed(send(kSyn, 999, 0));
  const Response response = Response::parse(device_->response(send(kPsh | kAck, 2, 9, true)));
  EXPECT_EQ(response.ack, 26U);
  EXPECT_EQ(table().inserted, 1U);
}

TEST_P(NanonetTcp, AFullTableRefusesByName) {
  DeviceConfig config = testing::tcp_config();
  config.connections.capacity = 2;
  start(config);
  expect_processed(send(kSyn, 1, 0, false, 1));
  expect_processed(send(kSyn, 1, 0, false, 2));
  expect_dropped(send(kSyn, 1, 0, false, 3), Reason::table_full);
  EXPECT_EQ(table().rejected, 1U);
}

TEST_P(NanonetTcp, IdleConnectionsExpireByTrafficAlone) {
  DeviceConfig config = testing::tcp_config();
  config.connections.idle_timeout_ns = 1000;
  start(config);
  for (std::uint16_t port = 1; port <= 6; ++port) {
    expect_processed(send(kSyn, 1, 0, false, port));
  }
  now_ns_ += 1000;
  for (std::uint16_t port = 11; port <= 13; ++port) {
    expect_processed(send(kSyn, 1, 0, false, port));
  }
  EXPECT_EQ(table().expired, 6U);
  EXPECT_EQ(table().active, 3U);
}

TEST_P(NanonetTcp, ClearForgetsEveryConnection) {
  expect_processed(send(kSyn, 1, 0));
  device_->clear_connections();
  EXPECT_EQ(table().cleared, 1U);
  expect_dropped(send(kAck, 2, 1), Reason::connection_unknown);
}

TEST_P(NanonetTcp, StagesCountWhatPassedThem) {
  static_cast<void>(send(kSyn, 1, 0));
  static_cast<void>(send(kAck, 2, 9));
  const Verdict verdict = send(kPsh | kAck, 2, 9, true);
  device_->complete(verdict.response);
  static_cast<void>(send(kAck, 2, 9, false, 77));
  const DeviceStats stats = device_->stats();
  const auto in = [&](Stage stage) { return stats.stage_in[static_cast<std::size_t>(stage)]; };
  const auto out = [&](Stage stage) { return stats.stage_out[static_cast<std::size_t>(stage)]; };
  EXPECT_EQ(in(Stage::track), 4U);
  EXPECT_EQ(out(Stage::track), 3U);
  EXPECT_EQ(in(Stage::decide), 1U);
  EXPECT_EQ(out(Stage::respond), 1U);
  EXPECT_EQ(stats.in, stats.processed + stats.bypassed + stats.dropped());
}

INSTANTIATE_TEST_SUITE_P(Kinds, NanonetTcp, ::testing::ValuesIn(table_kinds()),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace ringbed::device
