// What every kind of connection table shares: the connections themselves, their order of age,
// capacity and policy, expiry and the counts. A kind adds its Index: a class that finds the number
// of a connection by its key (chained_index.hpp shows what it must offer). A template, so that the
// index is inlined into find().
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <span>
#include <vector>

#include "device/aging.hpp"
#include "device/connection_table.hpp"
#include "device/huge_allocator.hpp"

namespace ringbed::device {

// How long a closed connection waits for its last ACK, at most.
inline constexpr std::uint64_t kClosingTimeoutNs = 100'000'000;

template <typename Index>
class BasicTable final : public ConnectionTable {
 public:
  // config has passed create_table()'s checks.
  explicit BasicTable(const ConnectionsConfig& config)
      : index_(config),
        aging_(config.capacity),
        connections_(config.capacity),
        policy_(config.policy),
        idle_timeout_ns_(config.idle_timeout_ns == 0 ? UINT64_MAX : config.idle_timeout_ns) {}

  std::uint64_t hash(const ConnectionKey& key) const noexcept override { return index_.hash(key); }

  Found find(const ConnectionKey& key, std::uint64_t hash, std::uint64_t now_ns) noexcept override {
    advance(now_ns);
    Found found;
    const std::uint32_t number = index_.find(static_cast<typename Index::Hash>(hash), key,
                                             connections_.data(), found.probes);
    ++stats_.lookups;
    stats_.probes += found.probes;
    if (number != kNoConnection) {
      if (is_expired(number)) [[unlikely]] {
        drop_expired(number);
      } else {
        found.connection = &connections_[number];
      }
    }
    return found;
  }

  std::size_t find_burst(std::span<const ConnectionKey> keys,
                         std::span<Connection*> found) noexcept override {
    assert(found.size() >= keys.size());
    std::size_t total = 0;
    for (std::size_t at = 0; at < keys.size(); at += kBurst) {
      const std::size_t count = std::min(kBurst, keys.size() - at);
      total += find_batch(keys.data() + at, found.data() + at, count);
    }
    return total;
  }

  std::uint64_t prefetch(const ConnectionKey& key) const noexcept override {
    const auto hash = index_.hash(key);
    index_.prefetch(hash);
    return hash;
  }
  void prefetch_connection(std::uint64_t hash) const noexcept override {
    const std::uint32_t candidate = index_.candidate(static_cast<typename Index::Hash>(hash));
    if (candidate < kLookOn) {
      __builtin_prefetch(&connections_[candidate], 1);
      aging_.prefetch(candidate);
    }
  }

  Connection* insert(const ConnectionKey& key, std::uint64_t now_ns) noexcept override {
    advance(now_ns);
    const auto hash = index_.hash(key);
    std::uint32_t probes = 0;
    const std::uint32_t old = index_.find(hash, key, connections_.data(), probes);
    if (old != kNoConnection) {
      if (!is_expired(old)) {
        return &connections_[old];
      }
      drop_expired(old);
    }
    const std::uint32_t number = make_room();
    if (number == kNoConnection) {
      ++stats_.rejected;
      return nullptr;
    }
    Connection& connection = connections_[number];
    connection = Connection{};
    connection.key = key;
    connection.last_seen_ns = clock_ns_;
    stats_.max_chain = std::max(stats_.max_chain, index_.insert(hash, number));
    aging_.add(number, TcpState::syn_sent);
    aging_.created_ns(number) = clock_ns_;
    ++stats_.inserted;
    stats_.peak = std::max(stats_.peak, ++stats_.active);
    return &connection;
  }

  void touch(Connection& connection, std::uint64_t now_ns) noexcept override {
    advance(now_ns);
    connection.last_seen_ns = clock_ns_;
    aging_.make_newest(number_of(connection), connection.state);
  }

  void set_state(Connection& connection, TcpState state, std::uint64_t now_ns) noexcept override {
    advance(now_ns);
    const std::uint32_t number = number_of(connection);
    const bool was_open = is_open(connection);
    aging_.remove(number);
    connection.state = state;
    connection.last_seen_ns = clock_ns_;
    aging_.add(number, state);
    if (was_open && !is_open(connection)) {
      ++stats_.closed;
      --stats_.active;
    } else if (!was_open && is_open(connection)) {
      ++stats_.inserted;
      stats_.peak = std::max(stats_.peak, ++stats_.active);
      aging_.created_ns(number) = clock_ns_;
    }
  }

  void close(Connection& connection) noexcept override {
    remove(number_of(connection), stats_.closed);
  }

  std::uint32_t expire(std::uint64_t now_ns, std::uint32_t budget) noexcept override {
    advance(now_ns);
    std::uint32_t count = 0;
    for (const TcpState state : kVictims) {
      while (count < budget) {
        const std::uint32_t number = aging_.oldest(state);
        if (number == kNoConnection || !is_expired(number)) {
          break;
        }
        drop_expired(number);
        ++count;
      }
    }
    next_expiry_ns_ = earliest_expiry();
    return count;
  }

  std::uint64_t clear() noexcept override {
    const std::uint64_t active = stats_.active;
    stats_.cleared += active;
    stats_.active = 0;
    index_.clear();
    aging_.clear();
    return active;
  }

  ConnectionStats stats() const noexcept override { return stats_; }
  void reset_stats() noexcept override {
    const std::uint32_t active = stats_.active;
    stats_ = ConnectionStats{};
    stats_.active = active;
    stats_.peak = active;
    stats_.inserted = active;  // so that the counts still add up
  }

  std::uint64_t created_ns(const Connection& connection) const noexcept override {
    return aging_.created_ns(number_of(connection));
  }

  std::vector<std::uint64_t> chain_lengths() const override { return index_.lengths(); }
  std::uint32_t capacity() const noexcept override {
    return static_cast<std::uint32_t>(connections_.size());
  }
  std::uint32_t buckets() const noexcept override { return index_.buckets(); }
  std::size_t bytes() const noexcept override {
    return sizeof *this + index_.bytes() + aging_.bytes() +
           connections_.size() * sizeof(Connection);
  }

 private:
  static constexpr std::size_t kBurst = 32;
  static constexpr std::array kVictims = {TcpState::closing, TcpState::syn_sent,
                                          TcpState::established};

  // Three passes over a batch, so that each pass's cache misses overlap: index lines, then the
  // connections that they point to, then the comparisons. Nearly always the first candidate of a
  // key, or its having none, is the answer; keys without one are done after the second pass.
  std::size_t find_batch(const ConnectionKey* keys, Connection** found,
                         std::size_t count) noexcept {
    std::array<typename Index::Hash, kBurst> hashes;
    for (std::size_t i = 0; i < count; ++i) {
      hashes[i] = index_.hash(keys[i]);
      index_.prefetch(hashes[i]);
    }
    Connection* const connections = connections_.data();
    std::array<std::uint32_t, kBurst> candidates;
    std::array<std::uint8_t, kBurst> open;  // keys that have one
    std::size_t left = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t candidate = index_.candidate(hashes[i]);
      if (candidate < kLookOn) {
        __builtin_prefetch(&connections[candidate]);
      }
      found[i] = nullptr;
      candidates[left] = candidate;
      open[left] = static_cast<std::uint8_t>(i);
      left += candidate != kNoConnection ? 1 : 0;
    }
    std::uint32_t probes = 0;
    std::size_t hits = 0;
    for (std::size_t j = 0; j < left; ++j) {
      const std::size_t i = open[j];
      std::uint32_t number = candidates[j];
      if (number != kLookOn && connections[number].key == keys[i]) [[likely]] {
        ++probes;
      } else {
        number = index_.find(hashes[i], keys[i], connections, probes);
      }
      if (number != kNoConnection) [[likely]] {
        found[i] = &connections[number];
        ++hits;
      }
    }
    stats_.lookups += count;
    stats_.probes += probes;
    return hits;
  }

  // The lists are ordered by last_seen only as long as time does not go back.
  void advance(std::uint64_t now_ns) noexcept { clock_ns_ = std::max(clock_ns_, now_ns); }

  [[nodiscard]] static bool is_open(const Connection& connection) noexcept {
    return connection.state != TcpState::closing;
  }
  [[nodiscard]] std::uint32_t number_of(const Connection& connection) const noexcept {
    return static_cast<std::uint32_t>(&connection - connections_.data());
  }
  [[nodiscard]] std::uint64_t timeout_of(TcpState state) const noexcept {
    return state == TcpState::closing ? std::min(idle_timeout_ns_, kClosingTimeoutNs)
                                      : idle_timeout_ns_;
  }
  [[nodiscard]] bool is_expired(std::uint32_t number) const noexcept {
    const Connection& connection = connections_[number];
    return clock_ns_ - connection.last_seen_ns >= timeout_of(connection.state);
  }
  // No connection expires before: not the oldest ones, nor any that is seen from now on.
  [[nodiscard]] std::uint64_t earliest_expiry() const noexcept {
    const auto later = [](std::uint64_t from, std::uint64_t by) {
      return by > UINT64_MAX - from ? UINT64_MAX : from + by;
    };
    std::uint64_t earliest = later(clock_ns_, timeout_of(TcpState::closing));
    for (const TcpState state : kVictims) {
      if (const std::uint32_t number = aging_.oldest(state); number != kNoConnection) {
        earliest = std::min(earliest, later(connections_[number].last_seen_ns, timeout_of(state)));
      }
    }
    return earliest;
  }

  // Takes the connection out, booking an open one under `fate`.
  void remove(std::uint32_t number, std::uint64_t& fate) noexcept {
    Connection& connection = connections_[number];
    index_.erase(index_.hash(connection.key), number);
    aging_.remove(number);
    aging_.give_back(number);
    if (is_open(connection)) {
      ++fate;
      --stats_.active;
    }
  }
  void drop_expired(std::uint32_t number) noexcept { remove(number, stats_.expired); }

  // A free number, or kNoConnection when the table is full and the policy refuses.
  [[nodiscard]] std::uint32_t make_room() noexcept {
    if (const std::uint32_t number = aging_.take(); number != kNoConnection) [[likely]] {
      return number;
    }
    if (expire(clock_ns_, 1) == 0 && !evict()) {
      return kNoConnection;
    }
    return aging_.take();
  }

  bool evict() noexcept {
    for (const TcpState state : kVictims) {
      const std::uint32_t number = aging_.oldest(state);
      if (number != kNoConnection &&
          (state == TcpState::closing || policy_ == FullPolicy::evict_oldest)) {
        remove(number, stats_.evicted);
        return true;
      }
    }
    return false;
  }

  Index index_;
  Aging aging_;
  std::vector<Connection, HugeAllocator<Connection>> connections_;
  FullPolicy policy_;
  std::uint64_t idle_timeout_ns_;
  std::uint64_t clock_ns_ = 0;
  ConnectionStats stats_;
};

}  // namespace ringbed::device
