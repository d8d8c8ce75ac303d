// The contract of a connection table, for every row of table_kinds(): a new kind is held to it by
// being in the table.
#pragma once

#include <gtest/gtest.h>

#include <list>
#include <map>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "device/basic_table.hpp"
#include "device/tables.hpp"

namespace ringbed::device::contract {

inline ConnectionKey key_number(std::uint32_t n) {
  return ConnectionKey::v4(0x0a000000 | n >> 8, 0x0a000002, static_cast<std::uint16_t>(n), 8080, 6);
}

inline ConnectionKey v6_key_number(std::uint32_t n) {
  std::uint8_t source[16] = {0x20, 0x01};
  std::uint8_t destination[16] = {0x20, 0x01, 0xdb};
  base::store_be(source + 4, n);  // differs in the upper words only
  return ConnectionKey::v6(source, destination, 5000, 8080, 6);
}

class TableContract : public ::testing::TestWithParam<TableKind> {
 protected:
  static ConnectionsConfig config(std::uint32_t capacity,
                                  FullPolicy policy = FullPolicy::reject_new,
                                  std::uint64_t idle_timeout_ns = 0) {
    ConnectionsConfig config;
    config.kind = GetParam().name;
    config.capacity = capacity;
    config.buckets = 64;
    config.policy = policy;
    config.idle_timeout_ns = idle_timeout_ns;
    config.seed = 99;
    return config;
  }
  static std::unique_ptr<ConnectionTable> make(const ConnectionsConfig& config) {
    auto made = create_table(config);
    EXPECT_TRUE(made.ok());
    return std::move(made).value();
  }
};

TEST_P(TableContract, FindsWhatWasInsertedAndNothingElse) {
  for (const auto make_key : {key_number, v6_key_number}) {
    auto table = make(config(1000));
    for (std::uint32_t n = 0; n < 1000; ++n) {
      ASSERT_EQ(table->find(make_key(n), 1).connection, nullptr);
      Connection* const connection = table->insert(make_key(n), 1);
      ASSERT_NE(connection, nullptr);
      EXPECT_EQ(connection->state, TcpState::syn_sent);
      connection->next_seq = n;
    }
    for (std::uint32_t n = 0; n < 1000; ++n) {
      const Found found = table->find(make_key(n), 2);
      ASSERT_NE(found.connection, nullptr);
      EXPECT_EQ(found.connection->next_seq, n);
      EXPECT_GE(found.probes, 1U);
    }
    EXPECT_EQ(table->find(make_key(1000), 2).connection, nullptr);
    EXPECT_EQ(table->stats().active, 1000U);
    EXPECT_EQ(table->stats().peak, 1000U);
    EXPECT_EQ(table->stats().lookups, 2001U);
  }
}

// One bit of difference anywhere in the key is another connection.
TEST_P(TableContract, EveryPartOfTheKeyCounts) {
  auto table = make(config(400));
  std::uint8_t source[16] = {0x20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  std::uint8_t destination[16] = {0x20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16};
  std::vector<ConnectionKey> keys{ConnectionKey::v6(source, destination, 1, 2, 6),
                                  ConnectionKey::v6(source, destination, 2, 1, 6),
                                  ConnectionKey::v6(source, destination, 1, 2, 17),
                                  ConnectionKey::v6(destination, source, 1, 2, 6),
                                  ConnectionKey::v4(1, 2, 1, 2, 6),
                                  ConnectionKey::v4(2, 1, 1, 2, 6),
                                  ConnectionKey::v4(1, 2, 2, 1, 6),
                                  ConnectionKey::v4(1, 2, 1, 2, 17)};
  for (int bit = 0; bit < 128; ++bit) {
    source[bit / 8] = static_cast<std::uint8_t>(source[bit / 8] ^ 1 << bit % 8);
    keys.push_back(ConnectionKey::v6(source, destination, 1, 2, 6));
    keys.push_back(ConnectionKey::v6(destination, source, 1, 2, 6));
    source[bit / 8] = static_cast<std::uint8_t>(source[bit / 8] ^ 1 << bit % 8);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    ASSERT_EQ(table->find(keys[i], 1).connection, nullptr) << i;
    table->insert(keys[i], 1)->next_ack = static_cast<std::uint32_t>(i);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(table->find(keys[i], 1).connection->next_ack, i);
  }
}

TEST_P(TableContract, InsertingAgainGivesTheSameConnection) {
  auto table = make(config(4));
  Connection* const connection = table->insert(key_number(1), 1);
  connection->next_seq = 5;
  EXPECT_EQ(table->insert(key_number(1), 2), connection);
  EXPECT_EQ(connection->next_seq, 5U);
  EXPECT_EQ(table->stats().inserted, 1U);
}

TEST_P(TableContract, RejectsWhenFull) {
  auto table = make(config(3));
  for (std::uint32_t n = 0; n < 3; ++n) {
    ASSERT_NE(table->insert(key_number(n), n), nullptr);
  }
  EXPECT_EQ(table->insert(key_number(3), 9), nullptr);
  EXPECT_EQ(table->stats().rejected, 1U);
  table->close(*table->find(key_number(1), 9).connection);
  EXPECT_NE(table->insert(key_number(3), 9), nullptr);
  EXPECT_EQ(table->stats().closed, 1U);
}

TEST_P(TableContract, EvictsTheOldestEmbryonicThenTheOldestEstablished) {
  auto table = make(config(4, FullPolicy::evict_oldest));
  for (std::uint32_t n = 0; n < 4; ++n) {
    ASSERT_NE(table->insert(key_number(n), 10 + n), nullptr);
  }
  table->set_state(*table->find(key_number(0), 20).connection, TcpState::established, 20);
  table->set_state(*table->find(key_number(3), 21).connection, TcpState::established, 21);
  table->touch(*table->find(key_number(1), 22).connection, 22);
  // Embryonic: 2 (seen at 12), then 1 (at 22); established: 0 (at 20), then 3 (at 21).
  std::uint32_t next = 100;
  for (const std::uint32_t victim : {2U, 1U}) {
    Connection* const fresh = table->insert(key_number(next++), 30);
    ASSERT_NE(fresh, nullptr);
    EXPECT_EQ(table->find(key_number(victim), 30).connection, nullptr) << victim;
    table->set_state(*fresh, TcpState::established, 30);
  }
  for (const std::uint32_t victim : {0U, 3U}) {
    ASSERT_NE(table->find(key_number(victim), 31).connection, nullptr);
    Connection* const fresh = table->insert(key_number(next++), 31);
    EXPECT_EQ(table->find(key_number(victim), 31).connection, nullptr) << victim;
    table->set_state(*fresh, TcpState::established, 31);
  }
  EXPECT_EQ(table->stats().evicted, 4U);
  EXPECT_EQ(table->stats().active, 4U);
}

TEST_P(TableContract, ClosingConnectionsGiveWayWhateverThePolicy) {
  auto table = make(config(2));
  ASSERT_NE(table->insert(key_number(0), 1), nullptr);
  table->set_state(*table->insert(key_number(1), 1), TcpState::closing, 2);
  EXPECT_EQ(table->stats().closed, 1U);
  EXPECT_EQ(table->stats().active, 1U);
  ASSERT_NE(table->find(key_number(1), 3).connection, nullptr);  // for the last ACK
  EXPECT_NE(table->insert(key_number(2), 3), nullptr);
  EXPECT_EQ(table->find(key_number(1), 3).connection, nullptr);
  EXPECT_EQ(table->stats().evicted, 0U);
  EXPECT_EQ(table->stats().rejected, 0U);
  EXPECT_EQ(table->stats().closed, 1U);
}

TEST_P(TableContract, ClosingConnectionsDoNotLinger) {
  auto table = make(config(2));
  table->set_state(*table->insert(key_number(1), 1), TcpState::closing, 2);
  EXPECT_EQ(table->expire(1 + kClosingTimeoutNs, 9), 0U);
  EXPECT_EQ(table->expire(2 + kClosingTimeoutNs, 9), 1U);
  EXPECT_EQ(table->stats().expired, 0U);  // it was counted as closed
  EXPECT_EQ(table->find(key_number(1), 2 + kClosingTimeoutNs).connection, nullptr);
}

TEST_P(TableContract, ExpiryIsExactAndBounded) {
  auto table = make(config(100, FullPolicy::reject_new, 1000));
  for (std::uint32_t n = 0; n < 100; ++n) {
    Connection* const connection = table->insert(key_number(n), n);
    if (n % 2 == 0) {
      table->set_state(*connection, TcpState::established, n);
    }
  }
  EXPECT_NE(table->find(key_number(0), 999).connection, nullptr);
  EXPECT_EQ(table->find(key_number(0), 1000).connection, nullptr);  // at once, without expire()
  EXPECT_EQ(table->expire(1000, 50), 0U);
  EXPECT_EQ(table->expire(1010, 4), 4U);
  EXPECT_EQ(table->expire(1010, 50), 6U);
  EXPECT_EQ(table->stats().expired, 11U);
  table->touch(*table->find(key_number(50), 1040).connection, 1040);
  EXPECT_EQ(table->expire(1099, 1000), 88U);
  EXPECT_NE(table->find(key_number(50), 2039).connection, nullptr);
  EXPECT_EQ(table->stats().active, 1U);
  // Full of what has expired is not full.
  auto small = make(config(1, FullPolicy::reject_new, 1000));
  ASSERT_NE(small->insert(key_number(1), 0), nullptr);
  EXPECT_EQ(small->insert(key_number(2), 999), nullptr);
  EXPECT_NE(small->insert(key_number(2), 1000), nullptr);
  EXPECT_EQ(small->stats().expired, 1U);
}

TEST_P(TableContract, ClearRemovesAllAndTheTableGoesOn) {
  auto table = make(config(50));
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t n = 0; n < 50; ++n) {
      ASSERT_NE(table->insert(key_number(n), 1), nullptr);
    }
    table->set_state(*table->find(key_number(0), 1).connection, TcpState::closing, 1);
    EXPECT_EQ(table->clear(), 49U);
    EXPECT_EQ(table->stats().active, 0U);
    for (std::uint32_t n = 0; n < 50; ++n) {
      EXPECT_EQ(table->find(key_number(n), 1).connection, nullptr);
    }
  }
  EXPECT_EQ(table->stats().cleared, 147U);
}

TEST_P(TableContract, AReopenedConnectionIsANewOne) {
  auto table = make(config(2));
  Connection* const connection = table->insert(key_number(1), 1);
  EXPECT_EQ(table->created_ns(*connection), 1U);
  table->set_state(*connection, TcpState::closing, 2);
  table->set_state(*connection, TcpState::syn_sent, 3);
  EXPECT_EQ(table->created_ns(*connection), 3U);
  EXPECT_EQ(table->stats().inserted, 2U);
  EXPECT_EQ(table->stats().closed, 1U);
  EXPECT_EQ(table->stats().active, 1U);
}

TEST_P(TableContract, BurstsFindWhatSingleLookupsFind) {
  auto table = make(config(500));
  std::vector<ConnectionKey> keys;
  for (std::uint32_t n = 0; n < 1000; ++n) {
    keys.push_back(n % 5 == 0 ? v6_key_number(n) : key_number(n));
    if (n % 2 == 0) {
      ASSERT_NE(table->insert(keys.back(), 1), nullptr);
    }
  }
  std::vector<Connection*> found(keys.size());
  const ConnectionStats before = table->stats();
  EXPECT_EQ(table->find_burst(keys, found), 500U);
  const ConnectionStats after = table->stats();
  EXPECT_EQ(after.lookups - before.lookups, 1000U);
  std::uint64_t probes = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Found single = table->find(keys[i], 1);
    probes += single.probes;
    EXPECT_EQ(found[i], single.connection);
  }
  EXPECT_EQ(after.probes - before.probes, probes);
}

TEST_P(TableContract, LengthsAddUp) {
  auto table = make(config(300));
  for (std::uint32_t n = 0; n < 300; ++n) {
    ASSERT_NE(table->insert(key_number(n), 1), nullptr);
  }
  const std::vector<std::uint64_t> lengths = table->chain_lengths();
  std::uint64_t buckets = 0;
  std::uint64_t connections = 0;
  for (std::size_t length = 0; length < lengths.size(); ++length) {
    buckets += lengths[length];
    connections += length * lengths[length];
  }
  EXPECT_EQ(buckets, table->buckets());
  EXPECT_EQ(connections, 300U);
  EXPECT_GE(table->stats().max_chain, 1U);
  EXPECT_GE(table->bytes(), 300 * sizeof(Connection));
}

// A SYN flood a hundred times the capacity: memory stays, each packet does bounded work, an
// established connection survives, and afterwards lookups are as short as before.
TEST_P(TableContract, ASynFloodLeavesNothingBehind) {
  constexpr std::uint32_t kCapacity = 2000;
  auto shape = config(kCapacity, FullPolicy::evict_oldest, 1'000'000);
  shape.buckets = 1024;
  auto table = make(shape);
  const std::size_t bytes = table->bytes();
  table->set_state(*table->insert(key_number(0), 0), TcpState::established, 0);
  base::Random random(3, "table.flood");
  std::uint64_t now = 0;
  std::uint32_t worst = 0;
  for (std::uint32_t n = 0; n < 100 * kCapacity; ++n) {
    now += 100;
    const ConnectionKey key = ConnectionKey::v4(static_cast<std::uint32_t>(random.next()), 1,
                                                static_cast<std::uint16_t>(random.next()), 80, 6);
    table->expire(now, 2);
    worst = std::max(worst, table->find(key, now).probes);
    ASSERT_NE(table->insert(key, now), nullptr);
    if (n % 1000 == 0) {
      table->touch(*table->find(key_number(0), now).connection, now);
    }
  }
  EXPECT_NE(table->find(key_number(0), now).connection, nullptr);
  EXPECT_LE(worst, 16U);
  EXPECT_EQ(table->bytes(), bytes);
  EXPECT_LE(table->stats().peak, kCapacity);
  table->expire(now + 2'000'000, UINT32_MAX);
  EXPECT_EQ(table->stats().active, 0U);
  for (std::uint32_t n = 0; n < 100; ++n) {
    EXPECT_EQ(table->find(key_number(n), now + 2'000'000).probes, 0U);  // no tombstones
  }
}

// Random operations against a std::map and a list in order of age.
class Model {
 public:
  struct Entry {
    TcpState state;
    std::uint64_t last_seen;
    std::uint64_t order;  // of the last change: breaks ties of last_seen
    std::uint32_t mark;
  };

  Model(const ConnectionsConfig& config) : config_(config) {}

  bool expired(const Entry& entry, std::uint64_t now) const {
    std::uint64_t limit = config_.idle_timeout_ns;
    if (entry.state == TcpState::closing) {
      limit = std::min(limit, kClosingTimeoutNs);
    }
    return now - entry.last_seen >= limit;
  }

  void remove(std::map<ConnectionKey, Entry>::iterator at, std::uint64_t& fate) {
    fate += at->second.state != TcpState::closing ? 1 : 0;
    entries.erase(at);
  }

  // The oldest of a state, or end().
  std::map<ConnectionKey, Entry>::iterator oldest(TcpState state) {
    auto best = entries.end();
    for (auto at = entries.begin(); at != entries.end(); ++at) {
      if (at->second.state == state &&
          (best == entries.end() || at->second.order < best->second.order)) {
        best = at;
      }
    }
    return best;
  }

  void expire(std::uint64_t now, std::uint32_t budget) {
    for (const TcpState state : {TcpState::closing, TcpState::syn_sent, TcpState::established}) {
      for (auto at = oldest(state); budget > 0 && at != entries.end() && expired(at->second, now);
           at = oldest(state)) {
        remove(at, stats.expired);
        --budget;
      }
    }
  }

  bool find(const ConnectionKey& key, std::uint64_t now) {
    const auto at = entries.find(key);
    if (at != entries.end() && expired(at->second, now)) {
      remove(at, stats.expired);
      return false;
    }
    return at != entries.end();
  }

  bool insert(const ConnectionKey& key, std::uint64_t now, std::uint32_t mark) {
    if (find(key, now)) {
      return true;
    }
    if (entries.size() == config_.capacity) {
      expire(now, 1);
    }
    for (const TcpState state : {TcpState::closing, TcpState::syn_sent, TcpState::established}) {
      if (entries.size() == config_.capacity &&
          (state == TcpState::closing || config_.policy == FullPolicy::evict_oldest)) {
        if (const auto at = oldest(state); at != entries.end()) {
          remove(at, stats.evicted);
        }
      }
    }
    if (entries.size() == config_.capacity) {
      ++stats.rejected;
      return false;
    }
    entries[key] = {TcpState::syn_sent, now, ++order_, mark};
    ++stats.inserted;
    return true;
  }

  void seen(const ConnectionKey& key, TcpState state, std::uint64_t now) {
    Entry& entry = entries.at(key);
    const bool was_open = entry.state != TcpState::closing;
    const bool is_open = state != TcpState::closing;
    stats.closed += was_open && !is_open ? 1 : 0;
    stats.inserted += !was_open && is_open ? 1 : 0;
    entry.state = state;
    entry.last_seen = now;
    entry.order = ++order_;
  }

  std::uint32_t active() const {
    std::uint32_t count = 0;
    for (const auto& [key, entry] : entries) {
      count += entry.state != TcpState::closing ? 1 : 0;
    }
    return count;
  }

  std::map<ConnectionKey, Entry> entries;
  ConnectionStats stats;

 private:
  ConnectionsConfig config_;
  std::uint64_t order_ = 0;
};

TEST_P(TableContract, AgreesWithAModel) {
  constexpr std::uint64_t kSeed = 0x7461626c65;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  for (const FullPolicy policy : {FullPolicy::reject_new, FullPolicy::evict_oldest}) {
    base::Random random(kSeed, GetParam().name);
    auto shape = config(25, policy, 600'000'000);
    shape.buckets = 16;
    auto table = make(shape);
    Model model(shape);
    std::uint64_t now = 0;
    for (std::uint32_t step = 0; step < 30'000; ++step) {
      now += random.below(12'000'000);
      const auto n = static_cast<std::uint32_t>(random.below(60));
      const ConnectionKey key = n % 3 == 0 ? v6_key_number(n) : key_number(n);
      const std::uint64_t action = random.below(100);
      if (action < 35) {
        Connection* const connection = table->insert(key, now);
        const bool known = model.find(key, now);
        ASSERT_EQ(connection != nullptr, model.insert(key, now, step)) << step;
        if (connection != nullptr && !known) {
          connection->next_seq = step;
        }
      } else if (action < 99) {
        Connection* const connection = table->find(key, now).connection;
        ASSERT_EQ(connection != nullptr, model.find(key, now)) << step;
        if (connection != nullptr) {
          ASSERT_EQ(connection->next_seq, model.entries.at(key).mark);
          ASSERT_EQ(connection->state, model.entries.at(key).state);
          if (action < 50) {
            table->touch(*connection, now);
            model.seen(key, connection->state, now);
          } else if (action < 80) {
            const auto state = static_cast<TcpState>(random.below(3));
            table->set_state(*connection, state, now);
            model.seen(key, state, now);
          } else if (action < 85) {
            table->close(*connection);
            model.remove(model.entries.find(key), model.stats.closed);
          }
        }
      } else if (random.below(20) == 0) {
        model.stats.cleared += model.active();
        ASSERT_EQ(table->clear(), model.active());
        model.entries.clear();
      } else {
        const auto budget = static_cast<std::uint32_t>(random.below(5));
        if (random.below(2) == 0) {
          table->expire(now, budget);
        } else {
          table->expire_due(now, budget);
        }
        model.expire(now, budget);
      }
      const ConnectionStats stats = table->stats();
      ASSERT_EQ(stats.active, model.active()) << step;
      ASSERT_EQ(stats.inserted, model.stats.inserted) << step;
      ASSERT_EQ(stats.expired, model.stats.expired) << step;
      ASSERT_EQ(stats.evicted, model.stats.evicted) << step;
      ASSERT_EQ(stats.rejected, model.stats.rejected) << step;
      ASSERT_EQ(stats.closed, model.stats.closed) << step;
      ASSERT_EQ(stats.cleared, model.stats.cleared) << step;
      ASSERT_EQ(stats.active,
                stats.inserted - stats.expired - stats.evicted - stats.closed - stats.cleared);
    }
    EXPECT_GT(model.stats.expired, 100U);
    EXPECT_GT(policy == FullPolicy::evict_oldest ? model.stats.evicted : model.stats.rejected,
              100U);
  }
}

}  // namespace ringbed::device::contract
