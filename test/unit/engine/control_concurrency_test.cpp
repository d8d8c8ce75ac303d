// Commands to a running device: the desk and the mailbox of a core, between threads.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "engine/control.hpp"
#include "engine/core_mailbox.hpp"

namespace ringbed::engine {
namespace {

ControlCommand command_of(ControlCommand::Kind kind) {
  ControlCommand command;
  command.kind = kind;
  return command;
}

TEST(ControlConcurrency, EveryAskerGetsItsOwnAnswer) {
  ControlDesk desk;
  std::atomic<bool> done{false};
  std::jthread run([&] {
    while (!done) {
      desk.serve([](const ControlCommand& command) -> base::Result<ControlReply> {
        ControlReply reply;
        reply.cleared = command.port;
        return reply;
      });
      std::this_thread::yield();
    }
  });
  {
    std::vector<std::jthread> askers;
    for (std::uint16_t asker = 0; asker < 4; ++asker) {
      askers.emplace_back([&desk, asker] {
        for (std::uint16_t i = 0; i < 200; ++i) {
          ControlCommand command = command_of(ControlCommand::Kind::config);
          command.port = static_cast<std::uint16_t>(asker * 1000 + i);
          const auto reply = desk.ask(command);
          ASSERT_TRUE(reply.ok());
          EXPECT_EQ(reply.value().cleared, command.port);
        }
      });
    }
  }
  done = true;
}

TEST(ControlConcurrency, AClosedDeskTellsThoseWhoWaitAndThoseWhoComeLater) {
  ControlDesk desk;
  std::jthread asker([&desk] {
    const auto reply = desk.ask(command_of(ControlCommand::Kind::status));
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.error().message, "the run is over");
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  desk.close({base::ErrorCode::unavailable, "the run is over", ""});
  asker.join();
  EXPECT_FALSE(desk.ask(command_of(ControlCommand::Kind::stats)).ok());
}

TEST(CoreMailboxConcurrency, CarriesEachOrderOnceAndTheAnswerBack) {
  CoreMailbox mailbox;
  constexpr std::uint32_t kOrders = 20'000;
  std::jthread core([&mailbox] {
    std::uint32_t obeyed = 0;
    while (obeyed < kOrders) {
      if (const CoreOrder* order = mailbox.order()) {
        CoreAnswer answer;
        answer.cleared = order->target.port;
        answer.groups = order->groups;
        mailbox.answer(std::move(answer));
        ++obeyed;
      }
    }
  });
  for (std::uint32_t i = 0; i < kOrders; ++i) {
    CoreOrder order;
    order.target.port = static_cast<std::uint16_t>(i);
    order.groups.resize(i % 3);
    ASSERT_TRUE(mailbox.post(order));
    EXPECT_FALSE(mailbox.post(order));
    std::optional<CoreAnswer> answer;
    while (!(answer = mailbox.take())) {
      std::this_thread::yield();
    }
    EXPECT_EQ(answer->cleared, i & 0xffff);
    EXPECT_EQ(answer->groups.size(), i % 3);
  }
}

}  // namespace
}  // namespace ringbed::engine
