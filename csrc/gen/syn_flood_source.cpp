// A SYN flood: connection requests that nobody completes, from sources that count up (flows > 1)
// or are random: any IPv4 unicast address outside 0/8 and 127/8, any interface identifier within
// the stream's IPv6 prefix, any port from 1024.
#include "gen/arrival.hpp"
#include "gen/flow_tuples.hpp"
#include "gen/frame_builder.hpp"
#include "gen/source.hpp"
#include "wire/tcp.hpp"

namespace ringbed::gen {

namespace {

class SynFloodSource final : public Source {
 public:
  SynFloodSource(const StreamSpec& spec, std::uint64_t seed, FrameBuilder builder, Arrival arrival)
      : Source(spec),
        flows_(spec.flows),
        ipv6_(spec.from.ip.size() == 16),
        builder_(std::move(builder)),
        arrival_(std::move(arrival)),
        tuples_(spec.from),
        random_(seed, "traffic." + spec.name + ".source") {
    schedule(arrival_.departure_ps());
  }

  void emit(std::uint8_t* frame, FrameMeta& meta) noexcept override {
    FrameEdit edit = builder_.begin_control(frame);
    meta.departure_ps = next_ps();
    meta.flow = 0;  // nobody sends twice: the flood is one sequence
    meta.sequence = sequence_++;
    if (flows_ > 1) {
      tuples_.write(builder_, edit);
      tuples_.next();
      if (++tuple_ == flows_) {
        tuple_ = 0;
        tuples_.restart();
      }
    } else {
      edit.set(builder_.source_port(), random_.between(1024, 65535));
      edit.set(builder_.source_address(), ipv6_ ? random_.next() : random_ipv4());
    }
    edit.set(builder_.seq(), random_.next());
    edit.set(builder_.flags(), wire::tcp_flag::kSyn);
    meta.length = builder_.finish_control(edit);
    arrival_.advance(meta.length);
    sent(arrival_.departure_ps());
  }

  std::uint32_t max_frame_bytes() const noexcept override { return builder_.control_length(); }
  std::uint32_t flows() const noexcept override { return 1; }
  std::size_t memory_bytes() const noexcept override {
    return sizeof *this + builder_.memory_bytes() + arrival_.memory_bytes();
  }

 private:
  [[nodiscard]] std::uint64_t random_ipv4() noexcept {
    for (;;) {
      const std::uint64_t address = random_.between(0x01000000, 0xdfffffff);
      if (address >> 24 != 127) {
        return address;
      }
    }
  }

  std::uint64_t sequence_ = 0;
  std::uint32_t tuple_ = 0;
  std::uint32_t flows_;
  bool ipv6_;
  FrameBuilder builder_;
  Arrival arrival_;
  FlowTuples tuples_;
  base::Random random_;
};

}  // namespace

MadeSource make_syn_flood_source(const StreamSpec& spec, std::uint64_t seed,
                                 std::uint64_t line_rate_bps) {
  if (auto status = FlowTuples(spec.from).check(spec.flows, "traffic." + spec.name + ".flows");
      !status) {
    return status.error();
  }
  auto builder = FrameBuilder::create(spec, seed, {.tuple = true, .tcp = true});
  if (!builder) {
    return builder.error();
  }
  const std::uint32_t length = builder.value().control_length();
  auto arrival = Arrival::create(spec.rate, line_rate_bps, spec.start_ns * kPsPerNs,
                                 {length, length}, seed, spec.name);
  if (!arrival) {
    return arrival.error();
  }
  return std::unique_ptr<Source>(std::make_unique<SynFloodSource>(
      spec, seed, std::move(builder).value(), std::move(arrival).value()));
}

}  // namespace ringbed::gen
