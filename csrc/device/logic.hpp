// The decision logic: a market data message goes in, an order may come out. Logic is a plug: it
// sees no frame and no byte order, and keeps no state but its own. Kinds are rows in logics.hpp.
#pragma once

#include <cstdint>
#include <span>

#include "feed/nanonet.hpp"

namespace ringbed::device {

enum class Decision : std::uint8_t {
  none,    // nothing to send
  order,   // send the order
  refuse,  // the message makes no sense to this logic: drop logic_error
};

struct Decided {
  Decision decision = Decision::none;
  const feed::TradingOrder* order =
      nullptr;  // for `order`: the logic's own, until it decides again
};

class Logic {
 public:
  virtual ~Logic() = default;
  Logic(const Logic&) = delete;
  Logic& operator=(const Logic&) = delete;

  // One message; one thread.
  [[nodiscard]] virtual Decided decide(const feed::MarketData& message,
                                       std::uint64_t now_ns) noexcept = 0;

  // The last orders, oldest first, at most out.size(); returns how many. For reports.
  [[nodiscard]] virtual std::size_t recent(std::span<feed::TradingOrder> out) const noexcept = 0;
  [[nodiscard]] virtual std::uint64_t orders() const noexcept = 0;

  // Back to the state after construction, except that order ids go on.
  virtual void reset() noexcept = 0;

 protected:
  Logic() = default;
};

}  // namespace ringbed::device
