// fuzz: feed
// Any bytes as every payload in both byte orders: read inside their bytes, and what is read comes
// back from the emitter.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "feed/feeds.hpp"
#include "support/bytes.hpp"

namespace {

using namespace ringbed;

template <typename View>
void check(base::ByteView bytes, feed::ByteOrder order) {
  const auto view = View::parse(bytes, order);
  if (!view) {
    return;
  }
  std::vector<std::uint8_t> again(64);
  const std::size_t length = view->repr().emit(again, order);
  if (!std::equal(again.begin(), again.begin() + static_cast<std::ptrdiff_t>(length),
                  bytes.begin())) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const test::ExactCopy payload(base::ByteView(data, size));
  for (const auto order : {feed::ByteOrder::big, feed::ByteOrder::little}) {
    check<feed::MarketDataView>(payload.view(), order);
    check<feed::TradingOrderView>(payload.view(), order);
    for (const feed::Payload& row : feed::kPayloads) {
      const bool sound = row.check(payload.view(), order) == base::Reason::none;
      if (sound && size < row.bytes) {
        std::abort();
      }
      for (const wire::FieldSpec& field : row.fields) {
        if (sound && wire::is_number(field.type) &&
            feed::read_number(field, payload.view(), order) >> (field.bits - 1) > 1) {
          std::abort();
        }
      }
    }
  }
  return 0;
}
