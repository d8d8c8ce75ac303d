// Logic `sample`: one order in every N messages, at the message's own price, buying and selling in
// turn. It loads the respond path at a known share of the traffic, whatever the prices are. A
// message without quantity cannot be traded and is refused.
#include "device/logic_kinds.hpp"
#include "device/order_log.hpp"

namespace ringbed::device {

namespace {

class SampleLogic final : public Logic {
 public:
  SampleLogic(const LogicConfig& config, std::uint32_t core)
      : every_(config.every),
        quantity_(config.quantity),
        until_next_(config.every),
        ids_(core),
        log_(config.order_cache) {}

  Decided decide(const feed::MarketData& message, std::uint64_t now_ns) noexcept override {
    if (message.quantity == 0) {
      return {Decision::refuse, nullptr};
    }
    if (--until_next_ != 0) {
      return {};
    }
    until_next_ = every_;
    feed::TradingOrder& order = log_.next();
    order.symbol = message.symbol;
    order.price_cents = message.price_cents;
    order.quantity = quantity_;
    order.side = side_;
    order.timestamp_ns = now_ns;
    order.cl_ord_id = ids_.next();
    side_ = side_ == feed::Side::buy ? feed::Side::sell : feed::Side::buy;
    return {Decision::order, &order};
  }

  std::size_t recent(std::span<feed::TradingOrder> out) const noexcept override {
    return log_.copy(out);
  }
  std::uint64_t orders() const noexcept override { return log_.count(); }
  void reset() noexcept override {
    until_next_ = every_;
    side_ = feed::Side::buy;
    log_.clear();
  }

 private:
  std::uint32_t every_;
  std::uint32_t quantity_;
  std::uint32_t until_next_;
  feed::Side side_ = feed::Side::buy;
  OrderIds ids_;
  OrderLog log_;
};

}  // namespace

std::unique_ptr<Logic> create_sample_logic(const LogicConfig& config, std::uint32_t core) {
  return std::make_unique<SampleLogic>(config, core);
}

}  // namespace ringbed::device
