// Logic `threshold`, as published: a price below the threshold buys a fixed quantity of the same
// symbol for one cent more.
#include "device/logic_kinds.hpp"
#include "device/order_log.hpp"

namespace ringbed::device {

namespace {

class ThresholdLogic final : public Logic {
 public:
  ThresholdLogic(const LogicConfig& config, std::uint32_t core)
      : price_below_cents_(config.price_below_cents),
        quantity_(config.quantity),
        ids_(core),
        log_(config.order_cache) {}

  Decided decide(const feed::MarketData& message, std::uint64_t now_ns) noexcept override {
    if (message.price_cents >= price_below_cents_) {
      return {};
    }
    feed::TradingOrder& order = log_.next();
    order.symbol = message.symbol;
    order.price_cents = message.price_cents + 1;  // no overflow: price < price_below <= 2^32 - 1
    order.quantity = quantity_;
    order.side = feed::Side::buy;
    order.timestamp_ns = now_ns;
    order.cl_ord_id = ids_.next();
    return {Decision::order, &order};
  }

  std::size_t recent(std::span<feed::TradingOrder> out) const noexcept override {
    return log_.copy(out);
  }
  std::uint64_t orders() const noexcept override { return log_.count(); }
  void reset() noexcept override { log_.clear(); }

 private:
  std::uint32_t price_below_cents_;
  std::uint32_t quantity_;
  OrderIds ids_;
  OrderLog log_;
};

}  // namespace

std::unique_ptr<Logic> create_threshold_logic(const LogicConfig& config, std::uint32_t core) {
  return std::make_unique<ThresholdLogic>(config, core);
}

}  // namespace ringbed::device
