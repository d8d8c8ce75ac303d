// A stream of UDP datagrams: flows in turn, each with its own sequence.
#include "gen/arrival.hpp"
#include "gen/flow_tuples.hpp"
#include "gen/frame_builder.hpp"
#include "gen/source.hpp"

namespace ringbed::gen {

namespace {

class UdpSource final : public Source {
 public:
  UdpSource(const StreamSpec& spec, FrameBuilder builder, Arrival arrival)
      : Source(spec),
        flows_(spec.flows),
        builder_(std::move(builder)),
        arrival_(std::move(arrival)),
        tuples_(spec.from) {
    schedule(arrival_.departure_ps());
  }

  void emit(std::uint8_t* frame, FrameMeta& meta) noexcept override {
    const std::uint32_t length = builder_.next_length();
    FrameEdit edit = builder_.begin(frame, length);
    meta.departure_ps = next_ps();
    meta.sequence = sequence_;
    meta.flow = flow_;
    if (flows_ != 1) {
      tuples_.write(builder_, edit);
      tuples_.next();
      if (++flow_ == flows_) {
        flow_ = 0;
        ++sequence_;
        tuples_.restart();
      }
    } else {
      ++sequence_;
    }
    meta.length = builder_.finish(edit, length, meta.departure_ps);
    arrival_.advance(meta.length);
    sent(arrival_.departure_ps());
  }

  std::uint32_t max_frame_bytes() const noexcept override { return builder_.max_length(); }
  std::optional<FrameImage> image() const override { return builder_.image(); }
  std::uint32_t flows() const noexcept override { return flows_; }
  std::size_t memory_bytes() const noexcept override {
    return sizeof *this + builder_.memory_bytes() + arrival_.memory_bytes();
  }

 private:
  std::uint64_t sequence_ = 0;
  std::uint32_t flow_ = 0;
  std::uint32_t flows_;
  FrameBuilder builder_;
  Arrival arrival_;
  FlowTuples tuples_;
};

}  // namespace

MadeSource make_udp_source(const StreamSpec& spec, std::uint64_t seed,
                           std::uint64_t line_rate_bps) {
  auto builder = FrameBuilder::create(spec, seed, {.tuple = spec.flows > 1, .tcp = false});
  if (!builder) {
    return builder.error();
  }
  if (auto status = FlowTuples(spec.from).check(spec.flows, "traffic." + spec.name + ".flows");
      !status) {
    return status.error();
  }
  auto arrival = Arrival::create(spec.rate, line_rate_bps, spec.start_ns * kPsPerNs,
                                 {builder.value().min_length(), builder.value().max_length()}, seed,
                                 spec.name);
  if (!arrival) {
    return arrival.error();
  }
  return std::unique_ptr<Source>(
      std::make_unique<UdpSource>(spec, std::move(builder).value(), std::move(arrival).value()));
}

}  // namespace ringbed::gen
