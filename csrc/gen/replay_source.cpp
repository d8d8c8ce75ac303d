// Replays a capture: with its own times, with scaled ones, or at the stream's rate; any number of
// times over. The file is read once at the start (so that a broken capture is an error before the
// run and not in it), then again as the run goes on, a buffer at a time.
//
// A frame that was captured only in part leaves with its length on the wire, the missing bytes
// zero, so that the load is what it was; frames under 60 bytes are padded, as a NIC does.
// One that was not captured on Ethernet leaves as what it is there (ethernet_form.hpp).
#include <algorithm>
#include <cstring>
#include <optional>

#include "gen/arrival.hpp"
#include "gen/ethernet_form.hpp"
#include "gen/frame_template.hpp"
#include "gen/pcap_reader.hpp"
#include "gen/rewrite.hpp"
#include "gen/source.hpp"
#include "gen/stream_checks.hpp"

namespace ringbed::gen {

namespace {

// What the first reading found.
struct Summary {
  std::uint32_t min_length = UINT32_MAX;
  std::uint32_t max_length = 0;
  std::uint64_t frames = 0;
  std::uint64_t span_ps = 0;      // from the first to the last frame
  std::uint64_t last_gap_ps = 0;  // between the last two
};

std::uint32_t sent_length(const EthernetForm& frame) {
  return std::max(frame.wire_length, FrameTemplate::kMinFrameBytes);
}

// The latest departure from the start of a stream: picoseconds hold 106 days twice.
constexpr std::uint64_t kLatestPs = kNever / 2;

// The time since the capture's first frame. Clocks of captures step back; departures do not.
class CaptureClock {
 public:
  std::uint64_t at(const CapturedFrame& frame) noexcept {
    if (!first_) {
      first_ = frame.time_ns;
      first_sub_ps_ = frame.sub_ns_ps;
    }
    __extension__ using Signed = __int128;
    const Signed ps =
        (static_cast<Signed>(frame.time_ns) - *first_) * 1000 + frame.sub_ns_ps - first_sub_ps_;
    if (frame.timed && ps > static_cast<Signed>(latest_)) {
      latest_ = ps > static_cast<Signed>(kLatestPs) ? kLatestPs : static_cast<std::uint64_t>(ps);
    }
    return latest_;
  }
  void restart() noexcept {
    first_.reset();
    latest_ = 0;
  }

 private:
  std::optional<std::int64_t> first_;
  std::int64_t first_sub_ps_ = 0;
  std::uint64_t latest_ = 0;
};

// Whether a frame that was captured so long after the first one leaves at a time that there is.
bool fits(std::uint64_t after_ps, const ReplaySpec& replay) noexcept {
  const double speed = replay.timing == ReplaySpec::Timing::scaled ? replay.speed : 1.0;
  return after_ps < kLatestPs && static_cast<double>(after_ps) / speed < 0x1.0p63;
}

base::Result<Summary> summarise(PcapReader& reader, const StreamSpec& spec) {
  const std::string where = "traffic." + spec.name + ".replay";
  Summary summary;
  CaptureClock clock;
  CapturedFrame frame;
  for (;;) {
    const auto read = reader.next(frame);
    if (read == PcapReader::Read::error) {
      base::Error error = reader.error();
      error.message = where + ": " + error.message;
      return error;
    }
    if (read == PcapReader::Read::end) {
      break;
    }
    const auto form = ethernet_form(frame, spec.to.mac);
    if (!form) {
      return invalid(where,
                     spec.replay.file + ": frame " + std::to_string(reader.frames()) +
                         " (link type " + std::to_string(frame.link_type) +
                         ") cannot be sent on Ethernet",
                     "leave it out, for example with `tshark -r FILE -Y \"ip or ipv6 or arp\" -w "
                     "OTHER`");
    }
    if (form->wire_length > kMaxCapturedBytes) {
      return invalid(
          where,
          spec.replay.file + " has a frame of " + std::to_string(form->wire_length) + " bytes",
          "the most is " + std::to_string(kMaxCapturedBytes));
    }
    const std::uint64_t at = clock.at(frame);
    if (spec.replay.timing != ReplaySpec::Timing::ignored && !fits(at, spec.replay)) {
      return invalid(where,
                     "frame " + std::to_string(reader.frames()) + " of " + spec.replay.file +
                         " would leave more than 106 days after the first one",
                     "take a part of the capture (`editcap -A TIME -B TIME`), or set "
                     "`timing: ignored` and a rate");
    }
    summary.last_gap_ps = at - summary.span_ps;
    summary.span_ps = at;
    summary.min_length = std::min(summary.min_length, sent_length(*form));
    summary.max_length = std::max(summary.max_length, sent_length(*form));
    ++summary.frames;
  }
  if (summary.frames == 0) {
    return invalid(where, spec.replay.file + " holds no frame", "replay a capture with traffic");
  }
  return summary;
}

class ReplaySource final : public Source {
 public:
  ReplaySource(const StreamSpec& spec, PcapReader reader, Rewriter rewriter, Summary summary,
               std::optional<Arrival> arrival)
      : Source(spec),
        name_(spec.name),
        device_(spec.to.mac),
        reader_(std::move(reader)),
        rewriter_(std::move(rewriter)),
        summary_(summary),
        arrival_(std::move(arrival)),
        loops_left_(spec.replay.loops),
        start_ps_(spec.start_ns * kPsPerNs),
        speed_(spec.replay.timing == ReplaySpec::Timing::scaled ? spec.replay.speed : 1.0) {
    // The next round begins after the last gap once more. A single frame has none: it gets the
    // time of a minimum frame at 10 Gb/s, so that time passes at all.
    constexpr std::uint64_t kMinFramePs = 67'200;
    loop_ps_ = summary.span_ps + (summary.frames > 1 ? summary.last_gap_ps : kMinFramePs);
    prepare();
  }

  void emit(std::uint8_t* to, FrameMeta& meta) noexcept override {
    const std::uint32_t length = sent_length(form_);
    const std::size_t captured = form_.captured();
    form_.copy_to(to);
    std::memset(to + captured, 0, length - captured);
    if (!rewriter_.empty()) {
      rewriter_.apply({to, captured}, form_.wire_length);
    }
    meta.departure_ps = next_ps();
    meta.sequence = sequence_++;
    meta.flow = 0;
    meta.length = length;
    if (arrival_) {
      arrival_->advance(length);
    }
    sent(next_ps());  // one frame less; prepare() says when the next one leaves
    prepare();
  }

  std::uint32_t max_frame_bytes() const noexcept override { return summary_.max_length; }
  std::uint32_t flows() const noexcept override { return 1; }
  std::size_t memory_bytes() const noexcept override {
    return sizeof *this + reader_.memory_bytes() + rewriter_.memory_bytes() +
           (arrival_ ? arrival_->memory_bytes() : 0);
  }
  base::Status status() const override {
    if (changed_) {
      return base::Error{base::ErrorCode::io,
                         "traffic." + name_ + ".replay: the capture changed while it was replayed",
                         "replay a file that nobody writes to"};
    }
    return reader_.failed() ? base::Status(reader_.error()) : base::Status();
  }

 private:
  // Reads the next frame and schedules it.
  void prepare() noexcept {
    CapturedFrame frame;
    auto read = reader_.next(frame);
    if (read == PcapReader::Read::end && loops_left_ > 1) {
      --loops_left_;
      loop_start_ps_ = std::min(loop_start_ps_ + loop_ps_, kLatestPs);
      clock_.restart();
      if (reader_.rewind()) {
        read = reader_.next(frame);
      }
    }
    if (read != PcapReader::Read::frame) {
      schedule(kNever);
      return;
    }
    const auto form = ethernet_form(frame, device_);
    if (!form || sent_length(*form) > summary_.max_length ||
        sent_length(*form) < summary_.min_length) {
      changed_ = true;
      schedule(kNever);
      return;
    }
    form_ = *form;
    if (arrival_) {
      schedule(arrival_->departure_ps());
      return;
    }
    // Rounds go on for longer than time does: the stream ends with it.
    const std::uint64_t offset = loop_start_ps_ + clock_.at(frame);
    const double scaled = speed_ == 1.0 ? 0.0 : static_cast<double>(offset) / speed_;
    if (offset >= kLatestPs || scaled >= 0x1.0p63) {
      schedule(kNever);
    } else {
      schedule(start_ps_ + (speed_ == 1.0 ? offset : static_cast<std::uint64_t>(scaled)));
    }
  }

  std::string name_;
  wire::MacAddress device_;
  PcapReader reader_;
  Rewriter rewriter_;
  Summary summary_;
  std::optional<Arrival> arrival_;
  std::uint32_t loops_left_;
  std::uint64_t start_ps_;
  double speed_;
  std::uint64_t loop_ps_ = 0;        // from one round's start to the next
  std::uint64_t loop_start_ps_ = 0;  // of this round
  std::uint64_t sequence_ = 0;
  bool changed_ = false;
  CaptureClock clock_;
  EthernetForm form_;  // of the next frame; its bytes are the reader's
};

}  // namespace

MadeSource make_replay_source(const StreamSpec& spec, std::uint64_t seed,
                              std::uint64_t line_rate_bps) {
  const std::string where = "traffic." + spec.name + ".replay";
  const ReplaySpec& replay = spec.replay;
  if (replay.loops == 0) {
    return invalid(where + ".loops", "a capture is replayed at least once", "use 1 or more");
  }
  if (replay.timing == ReplaySpec::Timing::scaled &&
      !(replay.speed >= 1e-6 && replay.speed <= 1e9)) {
    return invalid(where + ".speed", "the speed must be a number from 0.000001 to 1e9",
                   "2 is twice as fast as captured");
  }
  if (!spec.fields.empty()) {
    return invalid("traffic." + spec.name + ".fields", "field programs do not apply to a replay",
                   "use replay.rewrite");
  }
  auto rewriter = Rewriter::create(replay.rewrite, spec.name);
  if (!rewriter) {
    return rewriter.error();
  }
  auto reader = PcapReader::open(replay.file);
  if (!reader) {
    base::Error error = reader.error();
    error.message = where + ": " + error.message;
    return error;
  }
  const auto summary = summarise(reader.value(), spec);
  if (!summary) {
    return summary.error();
  }
  if (auto status = reader.value().rewind(); !status) {
    return status.error();
  }
  std::optional<Arrival> arrival;
  if (replay.timing == ReplaySpec::Timing::ignored) {
    auto made =
        Arrival::create(spec.rate, line_rate_bps, spec.start_ns * kPsPerNs,
                        {summary.value().min_length, summary.value().max_length}, seed, spec.name);
    if (!made) {
      return made.error();
    }
    arrival = std::move(made).value();
  }
  return std::unique_ptr<Source>(
      std::make_unique<ReplaySource>(spec, std::move(reader).value(), std::move(rewriter).value(),
                                     summary.value(), std::move(arrival)));
}

}  // namespace ringbed::gen
