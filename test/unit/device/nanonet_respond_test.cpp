// What the nanonet device sends back, and its control interface.
#include <gtest/gtest.h>

#include <set>

#include "base/random.hpp"
#include "device/devices.hpp"
#include "device/pools.hpp"
#include "frames.hpp"

namespace ringbed::device {
namespace {

using base::Reason;
using base::Stage;
using testing::Bytes;
using testing::ip;
using testing::Request;
using testing::Response;

struct World {
  explicit World(const DeviceConfig& config, PoolConfig pool_config = {})
      : pool(std::move(create_pool(pool_config)).value()),
        device(std::move(create_device(config, *pool, 0)).value()) {}

  Response answer(const Request& request, std::uint64_t now_ns = 1,
                  feed::ByteOrder order = feed::ByteOrder::big) {
    const Bytes frame = request.frame();
    const Verdict verdict = device->process(frame, now_ns);
    EXPECT_EQ(verdict.outcome, Outcome::responded);
    EXPECT_EQ(verdict.stage, Stage::respond);
    const Response response = Response::parse(device->response(verdict), order);
    EXPECT_EQ(device->complete(verdict.response), PutResult::ok);
    return response;
  }

  std::unique_ptr<ResponsePool> pool;
  std::unique_ptr<Device> device;
};

TEST(NanonetRespond, TheOrderIsThePublishedOne) {
  World world(testing::unicast_config());
  Request request;
  request.payload = Request::quote(9998, "MSFT");
  const Response response = world.answer(request, 4711);
  EXPECT_EQ(response.order.symbol, feed::Symbol::of("MSFT"));
  EXPECT_EQ(response.order.price_cents, 9999U);
  EXPECT_EQ(response.order.quantity, 100U);
  EXPECT_EQ(response.order.side, feed::Side::buy);
  EXPECT_EQ(response.order.timestamp_ns, 4711U);
}

TEST(NanonetRespond, PricesFromTheThresholdUpAreLeftAlone) {
  World world(testing::unicast_config());
  Request request;
  request.payload = Request::quote(10'000);
  const Bytes frame = request.frame();
  const Verdict verdict = world.device->process(frame, 1);
  EXPECT_EQ(verdict.outcome, Outcome::processed);
  EXPECT_EQ(verdict.stage, Stage::decide);
  EXPECT_EQ(world.device->stats().processed, 1U);
  EXPECT_EQ(world.device->stats().responded, 0U);
}

TEST(NanonetRespond, UnicastHeaders) {
  World world(testing::unicast_config());
  const Response response = world.answer({});
  EXPECT_EQ(response.mac_source, testing::kDeviceMac);
  EXPECT_EQ(response.mac_destination, testing::kClientMac);
  EXPECT_EQ(response.source, ip("10.0.0.2"));
  EXPECT_EQ(response.destination, ip("10.0.0.9"));
  EXPECT_EQ(response.source_port, 8080);
  EXPECT_EQ(response.destination_port, 9999);
  EXPECT_EQ(response.ttl, 64);
  EXPECT_TRUE(response.df);
  const Response second = world.answer({});
  EXPECT_EQ(second.identification, static_cast<std::uint16_t>(response.identification + 1));
}

TEST(NanonetRespond, WithoutAnAddressToRespondToTheSourceIsAnswered) {
  DeviceConfig config = testing::unicast_config();
  config.respond_to = {};
  World world(config);
  const Response response = world.answer({});
  EXPECT_EQ(response.destination, ip("10.0.0.1"));
  EXPECT_EQ(response.destination_port, 5000);

  config.respond_to.ip = ip("10.0.0.7");  // port 0: the request's
  config.respond_to.mac = {{2, 9, 9, 9, 9, 9}};
  World other(config);
  const Response redirected = other.answer({});
  EXPECT_EQ(redirected.destination, ip("10.0.0.7"));
  EXPECT_EQ(redirected.destination_port, 5000);
  EXPECT_EQ(redirected.mac_destination, config.respond_to.mac);
}

TEST(NanonetRespond, MulticastIsAnsweredFromTheDevicesOwnAddresses) {
  DeviceConfig config = testing::unicast_config();
  config.target.ip = ip("239.1.1.1");
  config.join = {ip("239.1.1.1"), ip("239.1.1.5")};
  World world(config);
  for (const char* group : {"239.1.1.1", "239.1.1.5"}) {
    Request request;
    request.destination = ip(group);
    request.mac_destination = wire::multicast_mac(testing::v4(ip(group)));
    const Response response = world.answer(request);
    EXPECT_EQ(response.mac_source, testing::kDeviceMac);
    EXPECT_EQ(response.mac_destination, testing::kClientMac);
    EXPECT_EQ(response.source, ip("10.0.0.2"));
    EXPECT_EQ(response.source_port, 8080);
  }
}

TEST(NanonetRespond, AGroupTargetThatWasNotJoinedIsBypassed) {
  DeviceConfig config = testing::unicast_config();
  config.target.ip = ip("239.1.1.1");
  World world(config);
  Request request;
  request.destination = ip("239.1.1.1");
  EXPECT_EQ(world.device->process(request.frame(), 1).outcome, Outcome::bypassed);
}

TEST(NanonetRespond, VlanTagsComeBack) {
  World world(testing::unicast_config());
  for (const std::vector<std::uint16_t>& tags : {std::vector<std::uint16_t>{}, {42}, {100, 4095}}) {
    Request request;
    request.vlans = tags;
    EXPECT_EQ(world.answer(request).vlans, tags);
  }
}

TEST(NanonetRespond, Ipv6) {
  DeviceConfig config = testing::unicast_config();
  config.target.ip = ip("2001:db8::2");
  config.respond_to = {};
  World world(config);
  Request request;
  request.source = ip("2001:db8::1");
  request.destination = ip("2001:db8::2");
  request.vlans = {9};
  const Response response = world.answer(request);
  EXPECT_EQ(response.source, ip("2001:db8::2"));
  EXPECT_EQ(response.destination, ip("2001:db8::1"));
  EXPECT_EQ(response.ttl, 64);
  EXPECT_EQ(response.protocol, 17);
}

TEST(NanonetRespond, LittleEndianPayloads) {
  DeviceConfig config = testing::unicast_config();
  config.little_endian = true;
  World world(config);
  Request request;
  request.payload = Request::quote(5000, "NVDA", feed::ByteOrder::little);
  const Response response = world.answer(request, 77, feed::ByteOrder::little);
  EXPECT_EQ(response.order.price_cents, 5001U);
  EXPECT_EQ(response.order.quantity, 100U);
  EXPECT_EQ(response.order.timestamp_ns, 77U);
}

// Sums of every carry pattern: many responses, each verified by Response::parse().
TEST(NanonetRespond, ChecksumsHoldForManyRandomRequests) {
  base::Random random(20261121, "device.test.checksums");
  for (const bool v6 : {false, true}) {
    DeviceConfig config = testing::unicast_config();
    config.respond_to = {};
    config.target.ip = ip(v6 ? "2001:db8::2" : "10.0.0.2");
    config.logic.price_below_cents = UINT32_MAX;
    World world(config);
    for (int i = 0; i < 2000; ++i) {
      Request request;
      request.destination = config.target.ip;
      request.source = v6 ? ip("2001:db8::1") : ip("10.0.0.1");
      for (std::size_t byte = v6 ? 2 : 1; byte < request.source.length; ++byte) {
        request.source.bytes[byte] = static_cast<std::uint8_t>(random.next());
      }
      request.source_port = static_cast<std::uint16_t>(random.next());
      request.payload = Request::quote(static_cast<std::uint32_t>(random.below(UINT32_MAX)));
      ASSERT_EQ(world.answer(request, random.next() >> 1).source_port, 8080);
      ASSERT_FALSE(::testing::Test::HasFailure()) << "request " << i;
    }
  }
}

// The same order to every port gives every sum: also the one whose checksum comes out as zero,
// which would mean "none" and is sent as 0xffff instead (RFC 768).
TEST(NanonetRespond, AUdpChecksumOfZeroIsSentAsAllOnes) {
  DeviceConfig config = testing::unicast_config();
  config.respond_to = {};
  World world(config);
  bool seen = false;
  for (std::uint32_t port = 1; port < 65536; ++port) {
    Request request;
    request.source_port = static_cast<std::uint16_t>(port);
    const Bytes frame = request.frame();
    world.device = std::move(create_device(config, *world.pool, 0)).value();
    const Verdict verdict = world.device->process(frame, 1);
    ASSERT_EQ(verdict.outcome, Outcome::responded);
    const base::ByteView response = world.device->response(verdict);
    const auto checksum = base::load_be<std::uint16_t>(response.data() + 40);
    ASSERT_NE(checksum, 0);
    seen = seen || checksum == 0xffff;
    world.device->complete(verdict.response);
    if (seen) {
      Response::parse(response);
      break;
    }
  }
  EXPECT_TRUE(seen);
}

TEST(NanonetRespond, OrderIdsAreUniqueAcrossOrdersAndCores) {
  PoolConfig pool_config;
  pool_config.cores = 2;
  auto pool = std::move(create_pool(pool_config)).value();
  std::set<std::array<std::uint8_t, 16>> ids;
  for (const std::uint32_t core : {0U, 1U}) {
    auto device = std::move(create_device(testing::unicast_config(), *pool, core)).value();
    for (int i = 0; i < 300; ++i) {
      const Bytes frame = Request{}.frame();
      const Verdict verdict = device->process(frame, 1);
      const Response response = Response::parse(device->response(verdict));
      for (const std::uint8_t c : response.order.cl_ord_id) {
        EXPECT_TRUE(c > ' ' && c <= '~');
      }
      EXPECT_TRUE(ids.insert(response.order.cl_ord_id).second);
      device->complete(verdict.response);
    }
  }
}

TEST(NanonetRespond, AnEmptyPoolDropsUntilABufferComesHome) {
  PoolConfig pool_config;
  pool_config.size = 2;
  World world(testing::unicast_config(), pool_config);
  const Bytes frame = Request{}.frame();
  const Verdict first = world.device->process(frame, 1);
  const Verdict second = world.device->process(frame, 1);
  EXPECT_NE(first.response, second.response);
  const Verdict third = world.device->process(frame, 1);
  EXPECT_EQ(third.outcome, Outcome::dropped);
  EXPECT_EQ(third.stage, Stage::respond);
  EXPECT_EQ(third.reason, Reason::pool_empty);
  EXPECT_EQ(world.device->complete(first.response), PutResult::ok);
  EXPECT_EQ(world.device->complete(first.response), PutResult::doubled);
  EXPECT_EQ(world.device->process(frame, 1).outcome, Outcome::responded);
  EXPECT_EQ(world.pool->stats().in_use_peak, 2U);
}

TEST(NanonetRespond, AResponseThatDoesNotFitItsBufferIsDropped) {
  PoolConfig pool_config;
  pool_config.buffer_bytes = 83;  // an untagged IPv4 UDP response, to the byte
  World world(testing::unicast_config(), pool_config);
  EXPECT_EQ(world.device->process(Request{}.frame(), 1).response_length, 83U);
  Request tagged;
  tagged.vlans = {1};
  const Verdict verdict = world.device->process(tagged.frame(), 1);
  EXPECT_EQ(verdict.reason, Reason::response_too_long);
  EXPECT_EQ(world.pool->stats().in_use, 1U);
}

TEST(NanonetRespond, TheOtherLogicIsAPlug) {
  DeviceConfig config = testing::unicast_config();
  config.logic.kind = "sample";
  config.logic.every = 3;
  World world(config);
  int orders = 0;
  for (int i = 0; i < 12; ++i) {
    const Bytes frame = Request{}.frame();
    const Verdict verdict = world.device->process(frame, 1);
    if (verdict.outcome == Outcome::responded) {
      EXPECT_EQ(i % 3, 2);
      const Response response = Response::parse(world.device->response(verdict));
      EXPECT_EQ(response.order.side, orders % 2 == 0 ? feed::Side::buy : feed::Side::sell);
      EXPECT_EQ(response.order.price_cents, 9999U);
      ++orders;
    }
  }
  EXPECT_EQ(orders, 4);
}

TEST(NanonetRespond, ALogicThatRefusesIsANamedDrop) {
  DeviceConfig config = testing::unicast_config();
  config.logic.kind = "sample";
  World world(config);
  Request request;
  base::store_be(request.payload.data() + feed::MarketData::kQuantity, std::uint32_t{0});
  const Verdict verdict = world.device->process(request.frame(), 1);
  EXPECT_EQ(verdict.stage, Stage::decide);
  EXPECT_EQ(verdict.reason, Reason::logic_error);
}

TEST(NanonetControl, DisabledBypassesEverything) {
  DeviceConfig config = testing::unicast_config();
  config.enabled = false;
  World world(config);
  EXPECT_EQ(world.device->process(Request{}.frame(), 1).outcome, Outcome::bypassed);
  EXPECT_EQ(world.device->process(Bytes(3), 1).outcome, Outcome::bypassed);
  world.device->set_enabled(true);
  EXPECT_EQ(world.device->process(Request{}.frame(), 1).outcome, Outcome::responded);
  EXPECT_EQ(world.device->stats().bypassed, 2U);
}

TEST(NanonetControl, TheTargetCanBeChanged) {
  World world(testing::unicast_config());
  ASSERT_TRUE(world.device->set_target({{}, ip("10.0.0.8"), 9000}, 17).ok());
  EXPECT_EQ(world.device->process(Request{}.frame(), 1).outcome, Outcome::bypassed);
  Request request;
  request.destination = ip("10.0.0.8");
  request.destination_port = 9000;
  EXPECT_EQ(world.answer(request).source_port, 9000);
  // A group is joined on the way.
  ASSERT_TRUE(world.device->set_target({{}, ip("239.9.9.9"), 9000}, 17).ok());
  request.destination = ip("239.9.9.9");
  EXPECT_EQ(world.answer(request).source, ip("10.0.0.2"));
  // What cannot be is refused and changes nothing.
  EXPECT_FALSE(world.device->set_target({{}, ip("2001:db8::1"), 9000}, 17).ok());
  EXPECT_FALSE(world.device->set_target({{}, ip("10.0.0.8"), 0}, 17).ok());
  EXPECT_FALSE(world.device->set_target({{}, ip("10.0.0.8"), 9000}, 1).ok());
  EXPECT_EQ(world.answer(request).source_port, 9000);
}

TEST(NanonetControl, GroupsCanBeChangedWithTheTarget) {
  World world(testing::unicast_config());
  const std::vector<IpAddress> groups{ip("239.9.9.9")};
  ASSERT_TRUE(world.device->set_target({{}, ip("10.0.0.8"), 9000}, 17, &groups).ok());
  Request request;
  request.destination_port = 9000;
  for (const char* address : {"10.0.0.8", "239.9.9.9"}) {
    request.destination = ip(address);
    EXPECT_EQ(world.answer(request).source_port, 9000) << address;
  }
  // None: it leaves them all, and may take TCP then.
  const std::vector<IpAddress> none;
  EXPECT_FALSE(world.device->set_target({{}, ip("10.0.0.8"), 9000}, 6).ok());
  ASSERT_TRUE(world.device->set_target({{}, ip("10.0.0.8"), 9000}, 17, &none).ok());
  EXPECT_EQ(world.device->process(request.frame(), 1).outcome, Outcome::bypassed);
  EXPECT_TRUE(world.device->set_target({{}, ip("10.0.0.8"), 9000}, 6).ok());
}

TEST(NanonetControl, CountsBalanceAndReset) {
  World world(testing::unicast_config());
  Request dear;
  dear.payload = Request::quote(20'000);
  Request other;
  other.destination_port = 1;
  const Bytes frames[] = {Request{}.frame(), dear.frame(), other.frame(), Bytes(5)};
  for (const Bytes& frame : frames) {
    static_cast<void>(world.device->process(frame, 1));
  }
  world.device->record_time(30);
  world.device->record_time(10);
  const DeviceStats stats = world.device->stats();
  EXPECT_EQ(stats.in, 4U);
  EXPECT_EQ(stats.processed, 2U);
  EXPECT_EQ(stats.responded, 1U);
  EXPECT_EQ(stats.bypassed, 1U);
  EXPECT_EQ(stats.dropped(), 1U);
  const auto in = [&](Stage stage) { return stats.stage_in[static_cast<std::size_t>(stage)]; };
  const auto out = [&](Stage stage) { return stats.stage_out[static_cast<std::size_t>(stage)]; };
  EXPECT_EQ(in(Stage::parse), 4U);
  EXPECT_EQ(out(Stage::parse), 3U);
  EXPECT_EQ(in(Stage::match), 3U);
  EXPECT_EQ(out(Stage::match), 2U);
  EXPECT_EQ(in(Stage::track), 0U);
  EXPECT_EQ(in(Stage::decide), 2U);
  EXPECT_EQ(out(Stage::decide), 2U);
  EXPECT_EQ(in(Stage::respond), 1U);
  EXPECT_EQ(out(Stage::respond), 1U);
  EXPECT_EQ(stats.time.count, 2U);
  EXPECT_EQ(stats.time.last_ns, 10U);
  EXPECT_EQ(stats.time.min_ns, 10U);
  EXPECT_EQ(stats.time.max_ns, 30U);
  EXPECT_EQ(stats.time.mean_ns(), 20.0);
  world.device->reset_stats();
  EXPECT_EQ(world.device->stats().in, 0U);
  EXPECT_EQ(world.device->stats().time.count, 0U);
}

// A burst is exactly its frames one after the other.
TEST(NanonetBurst, GivesTheVerdictsOfSingleFrames) {
  base::Random random(7, "device.test.burst");
  std::vector<Bytes> frames;
  for (int i = 0; i < 100; ++i) {
    Request request;
    request.protocol = 6;
    request.source_port = static_cast<std::uint16_t>(6000 + random.below(9));
    request.payload = Request::quote(static_cast<std::uint32_t>(9990 + random.below(20)));
    switch (random.below(5)) {
      case 0:
        request.tcp_flags = wire::tcp_flag::kSyn;
        request.payload.clear();
        break;
      case 1: request.tcp_flags = wire::tcp_flag::kAck | wire::tcp_flag::kFin; break;
      case 2: request.destination_port = 1; break;
      default: break;
    }
    frames.push_back(request.frame());
  }
  World single(testing::tcp_config());
  World burst(testing::tcp_config());
  std::vector<base::ByteView> views(frames.begin(), frames.end());
  std::vector<Verdict> verdicts(views.size());
  burst.device->process_burst(views, 5, verdicts);
  int responses = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Verdict expected = single.device->process(frames[i], 5);
    EXPECT_EQ(verdicts[i].outcome, expected.outcome) << i;
    EXPECT_EQ(verdicts[i].stage, expected.stage) << i;
    EXPECT_EQ(verdicts[i].reason, expected.reason) << i;
    EXPECT_EQ(verdicts[i].probes, expected.probes) << i;
    const base::ByteView a = single.device->response(expected);
    const base::ByteView b = burst.device->response(verdicts[i]);
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end())) << i;
    responses += a.empty() ? 0 : 1;
  }
  EXPECT_GT(responses, 5);
}

TEST(DeviceConfigRules, EachFaultIsNamed) {
  auto pool = std::move(create_pool({})).value();
  const auto fault = [&](auto change) {
    DeviceConfig config = testing::unicast_config();
    change(config);
    const auto made = create_device(config, *pool, 0);
    EXPECT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, base::ErrorCode::invalid);
    EXPECT_FALSE(made.error().hint.empty());
    return made.error().message;
  };
  const auto has = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  has(fault([](auto& c) { c.kind = "nanonett"; }), "nanonett");
  has(fault([](auto& c) { c.target.ip = {}; }), "target");
  has(fault([](auto& c) { c.target.port = 0; }), "port");
  has(fault([](auto& c) { c.protocol = 47; }), "protocol");
  has(fault([](auto& c) { c.respond_to.ip = ip("::1"); }), "respondTo");
  has(fault([](auto& c) { c.join = {ip("10.0.0.1")}; }), "join");
  has(fault([](auto& c) { c.join = {ip("ff02::1")}; }), "join");
  has(fault([](auto& c) { c.join = {ip("239.1.1.1")}, c.address.ip = {}; }), "address");
  has(fault([](auto& c) { c.join = {ip("239.1.1.1")}, c.protocol = 6; }), "tcp");
  has(fault([](auto& c) { c.connections.kind = "cuckoo"; }), "cuckoo");
  has(fault([](auto& c) { c.connections.capacity = 0; }), "capacity");
  has(fault([](auto& c) { c.logic.kind = "alpha"; }), "alpha");
  has(fault([](auto& c) { c.logic.every = 0; }), "every");
  EXPECT_FALSE(create_device(testing::unicast_config(), *pool, 1).ok());
}

}  // namespace
}  // namespace ringbed::device
