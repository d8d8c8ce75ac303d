// The connection table: a fixed number of connections, found by key. Nothing is allocated after
// construction; every call does a bounded amount of work, also under a SYN flood. Expiry needs no
// sweep: connections hang in lists ordered by last_seen, and touch() moves one to its list's end.
//
// One thread at a time (each core has its own table). Time is the caller's and must not go back.
// Kinds differ in how they find; they are rows of the table in tables.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "device/config.hpp"
#include "device/connection.hpp"

namespace ringbed::device {

// active = inserted - expired - evicted - closed - cleared, at any time.
struct ConnectionStats {
  std::uint32_t active = 0;
  std::uint32_t peak = 0;
  std::uint64_t inserted = 0;
  std::uint64_t expired = 0;   // idle for idle_timeout_ns
  std::uint64_t rejected = 0;  // refused by policy reject_new
  std::uint64_t evicted = 0;   // gave way by policy evict_oldest
  std::uint64_t closed = 0;    // FIN or RST
  std::uint64_t cleared = 0;   // clear()
  std::uint64_t lookups = 0;
  std::uint64_t probes = 0;     // over all lookups; mean probes = probes / lookups
  std::uint32_t max_chain = 0;  // longest chain (chained), most chunks of a probe (f14), ever

  // Adds the counts of another table, with its `active` and `peak`.
  void add(const ConnectionStats& other) noexcept;
  // Adds the counts that this table had before reset_stats(): the connections are the same.
  void add_earlier(const ConnectionStats& earlier) noexcept;
};

// A lookup's answer. probes: connections whose key was compared, plus index lines after the first:
// what the simulator charges as cache-missing memory accesses.
struct Found {
  Connection* connection = nullptr;
  std::uint32_t probes = 0;
};

class ConnectionTable {
 public:
  virtual ~ConnectionTable() = default;
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  // What finding `key` begins with: callers that look ahead compute it once.
  [[nodiscard]] virtual std::uint64_t hash(const ConnectionKey& key) const noexcept = 0;

  // The connection of `key`, whose hash() is `hash`, or null. One that has been idle too long at
  // now_ns is expired here and not found. Pointers stay valid until that connection is removed.
  // O(1) expected.
  [[nodiscard]] virtual Found find(const ConnectionKey& key, std::uint64_t hash,
                                   std::uint64_t now_ns) noexcept = 0;
  [[nodiscard]] Found find(const ConnectionKey& key, std::uint64_t now_ns) noexcept {
    return find(key, hash(key), now_ns);
  }

  // Many keys at once, cache misses overlapped; found.size() = keys.size(). Counts as as many
  // lookups; does not expire. Returns how many were found.
  virtual std::size_t find_burst(std::span<const ConnectionKey> keys,
                                 std::span<Connection*> found) noexcept = 0;

  // Starts the loads that find() will need: first of the index (returns the hash) and, when those
  // have had time, of the connection that the index points to and its place in the order of age.
  virtual std::uint64_t prefetch(const ConnectionKey& key) const noexcept = 0;
  virtual void prefetch_connection(std::uint64_t hash) const noexcept = 0;

  // A new connection (state syn_sent, last_seen now), or the existing one of that key unchanged.
  // Null when full and the policy refuses. A full table first gives up what has expired, then
  // closing connections; policy evict_oldest then takes the embryonic connection that has been
  // silent longest, and an established one only if none is embryonic.
  [[nodiscard]] virtual Connection* insert(const ConnectionKey& key,
                                           std::uint64_t now_ns) noexcept = 0;

  // Marks the connection as seen now. O(1).
  virtual void touch(Connection& connection, std::uint64_t now_ns) noexcept = 0;
  // Changes the state (and touches): which list it waits in follows from it.
  virtual void set_state(Connection& connection, TcpState state, std::uint64_t now_ns) noexcept = 0;
  // Removes it; counted as closed unless it was closing already.
  virtual void close(Connection& connection) noexcept = 0;

  // Removes connections that have been idle for the timeout at now_ns, at most `budget`; returns
  // how many. A few a packet keep up with any rate of insertion.
  virtual std::uint32_t expire(std::uint64_t now_ns, std::uint32_t budget) noexcept = 0;
  // The same, at the price of a comparison as long as nothing can have expired.
  void expire_due(std::uint64_t now_ns, std::uint32_t budget) noexcept {
    if (now_ns >= next_expiry_ns_) [[unlikely]] {
      expire(now_ns, budget);
    }
  }

  // Removes all; returns how many of them were active. O(capacity).
  virtual std::uint64_t clear() noexcept = 0;

  [[nodiscard]] virtual ConnectionStats stats() const noexcept = 0;
  // Starts peak, max_chain and the counts anew; connections stay.
  virtual void reset_stats() noexcept = 0;

  // When the connection was inserted.
  [[nodiscard]] virtual std::uint64_t created_ns(const Connection& connection) const noexcept = 0;

  // histogram[n] = buckets (chained) or chunks (f14) that hold n connections. For tests and
  // reports; O(capacity), allocates.
  [[nodiscard]] virtual std::vector<std::uint64_t> chain_lengths() const = 0;

  [[nodiscard]] virtual std::uint32_t capacity() const noexcept = 0;
  [[nodiscard]] virtual std::uint32_t buckets() const noexcept = 0;
  [[nodiscard]] virtual std::size_t bytes() const noexcept = 0;

 protected:
  ConnectionTable() = default;

  std::uint64_t next_expiry_ns_ = 0;  // nothing expires before
};

}  // namespace ringbed::device
