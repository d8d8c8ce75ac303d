// TCP sessions, a number of them at once and in turn: each opens, sends its data segments and
// closes; then a fresh session takes its place from the next source port. The frames are those
// that the tap of a NanoNet device sees from one side: in a full handshake SYN, SYN+ACK (of the
// same tuple, for which the device's connection becomes established) and ACK. Numbers progress as
// RFC 9293 says: SYN and FIN count one, data its bytes.
#include <vector>

#include "gen/arrival.hpp"
#include "gen/flow_tuples.hpp"
#include "gen/frame_builder.hpp"
#include "gen/source.hpp"
#include "wire/tcp.hpp"

namespace ringbed::gen {

namespace {

class TcpSource final : public Source {
 public:
  TcpSource(const StreamSpec& spec, std::uint64_t seed, FrameBuilder builder, Arrival arrival)
      : Source(spec),
        builder_(std::move(builder)),
        arrival_(std::move(arrival)),
        tuples_(spec.from),
        tuple_count_(tuple_count(spec)),
        numbers_(seed, "traffic." + spec.name + ".isn"),
        sessions_(spec.tcp.concurrent) {
    using Handshake = TcpSessionSpec::Handshake;
    using Close = TcpSessionSpec::Close;
    switch (spec.tcp.handshake) {
      case Handshake::full: opening_ = 3; break;
      case Handshake::syn_only: opening_ = 1; break;
      case Handshake::none: opening_ = 0; break;
    }
    closing_at_ = std::uint64_t{opening_} + spec.tcp.data_segments;
    frames_ = closing_at_ + (spec.tcp.close == Close::none ? 0 : 1);
    close_flags_ = spec.tcp.close == Close::fin
                       ? static_cast<std::uint8_t>(wire::tcp_flag::kFin | wire::tcp_flag::kAck)
                       : wire::tcp_flag::kRst;
    schedule(arrival_.departure_ps());
  }

  // How many tuples the sessions take in turn: `flows` of them, or all of the source ports (and
  // more addresses only if the sessions at once need them).
  static std::uint64_t tuple_count(const StreamSpec& spec) {
    const std::uint64_t all = FlowTuples(spec.from).ports();
    return spec.flows > 1 ? spec.flows : std::max<std::uint64_t>(all, spec.tcp.concurrent);
  }

  void emit(std::uint8_t* frame, FrameMeta& meta) noexcept override {
    Session& session = sessions_[turn_];
    if (session.step == 0) {
      open(session);
    }
    meta.departure_ps = next_ps();
    meta.flow = turn_;
    meta.sequence = session.sequence++;
    const std::uint64_t step = session.step;
    if (step < opening_ || step >= closing_at_) {
      control(frame, session, meta);
    } else {
      data(frame, session, meta);
    }
    session.step = step + 1 == frames_ ? 0 : step + 1;
    turn_ = turn_ + 1 == sessions_.size() ? 0 : turn_ + 1;
    arrival_.advance(meta.length);
    sent(arrival_.departure_ps());
  }

  std::uint32_t max_frame_bytes() const noexcept override {
    return std::max(builder_.max_length(), builder_.control_length());
  }
  std::uint32_t flows() const noexcept override {
    return static_cast<std::uint32_t>(sessions_.size());
  }
  std::size_t memory_bytes() const noexcept override {
    return sizeof *this + builder_.memory_bytes() + arrival_.memory_bytes() +
           sessions_.size() * sizeof(Session);
  }

 private:
  struct Session {
    std::uint64_t step = 0;      // frames sent since it opened
    std::uint64_t sequence = 0;  // frames sent in this place, over all sessions
    std::uint64_t address = 0;
    std::uint32_t seq = 0;  // of the next frame
    std::uint32_t ack = 0;  // next number expected of the peer
    std::uint16_t port = 0;
  };

  void open(Session& session) noexcept {
    session.port = tuples_.port();
    session.address = tuples_.address();
    tuples_.next();
    if (++tuple_ == tuple_count_) {
      tuple_ = 0;
      tuples_.restart();
    }
    const std::uint64_t draw = numbers_.next();
    session.seq = static_cast<std::uint32_t>(draw >> 32);
    session.ack = static_cast<std::uint32_t>(draw);
  }

  void address(FrameEdit& edit, const Session& session) const noexcept {
    FlowTuples::write(builder_, edit, session.port, session.address);
  }

  void control(std::uint8_t* frame, Session& session, FrameMeta& meta) noexcept {
    using namespace wire::tcp_flag;
    FrameEdit edit = builder_.begin_control(frame);
    std::uint8_t flags = kSyn;
    std::uint32_t ack = 0;
    if (session.step >= closing_at_) {
      flags = close_flags_;
      ack = (flags & kAck) != 0 ? session.ack : 0;
    } else if (session.step == 1) {
      flags = kSyn | kAck;
      ack = session.ack;
    } else if (session.step == 2) {
      flags = kAck;
      ack = session.ack;
    }
    address(edit, session);
    edit.set(builder_.seq(), session.seq);
    edit.set(builder_.ack(), ack);
    edit.set(builder_.flags(), flags);
    // The SYN's own number is counted when the last frame that repeats it was sent.
    const bool repeated = session.step == 0 && opening_ == 3;
    session.seq += (flags & kSyn) != 0 && !repeated ? 1 : 0;
    meta.length = builder_.finish_control(edit);
  }

  void data(std::uint8_t* frame, Session& session, FrameMeta& meta) noexcept {
    const std::uint32_t length = builder_.next_length();
    FrameEdit edit = builder_.begin(frame, length);
    address(edit, session);
    edit.set(builder_.seq(), session.seq);
    edit.set(builder_.ack(), session.ack);
    edit.set(builder_.flags(), wire::tcp_flag::kPsh | wire::tcp_flag::kAck);
    session.seq += length - builder_.header_bytes();
    meta.length = builder_.finish(edit, length, meta.departure_ps);
  }

  FrameBuilder builder_;
  Arrival arrival_;
  FlowTuples tuples_;
  std::uint64_t tuple_count_;
  std::uint64_t tuple_ = 0;
  base::Random numbers_;
  std::uint32_t opening_ = 0;     // frames of the handshake
  std::uint64_t closing_at_ = 0;  // step of the closing frame
  std::uint64_t frames_ = 0;      // of a session
  std::uint8_t close_flags_ = 0;
  std::uint32_t turn_ = 0;
  std::vector<Session> sessions_;
};

}  // namespace

MadeSource make_tcp_source(const StreamSpec& spec, std::uint64_t seed,
                           std::uint64_t line_rate_bps) {
  const std::string where = "traffic." + spec.name + ".tcp";
  if (spec.tcp.concurrent == 0) {
    return invalid(where + ".concurrent", "no session at all", "use 1 or more");
  }
  if (spec.tcp.data_segments == 0 && spec.tcp.handshake == TcpSessionSpec::Handshake::none &&
      spec.tcp.close == TcpSessionSpec::Close::none) {
    return invalid(where, "a session without handshake, data and close has no frame",
                   "set dataSegments to 1 or more");
  }
  const std::uint64_t tuples = TcpSource::tuple_count(spec);
  if (tuples < spec.tcp.concurrent) {
    return invalid(where + ".concurrent",
                   std::to_string(spec.tcp.concurrent) +
                       " sessions at once need as many flows, not " + std::to_string(spec.flows),
                   "raise `flows`, or leave it out");
  }
  if (auto status = FlowTuples(spec.from).check(tuples, where + ".concurrent"); !status) {
    return status.error();
  }
  auto builder = FrameBuilder::create(spec, seed, {.tuple = true, .tcp = true});
  if (!builder) {
    return builder.error();
  }
  const FrameBuilder& made = builder.value();
  auto arrival = Arrival::create(spec.rate, line_rate_bps, spec.start_ns * kPsPerNs,
                                 {std::min(made.min_length(), made.control_length()),
                                  std::max(made.max_length(), made.control_length())},
                                 seed, spec.name);
  if (!arrival) {
    return arrival.error();
  }
  return std::unique_ptr<Source>(std::make_unique<TcpSource>(spec, seed, std::move(builder).value(),
                                                             std::move(arrival).value()));
}

}  // namespace ringbed::gen
