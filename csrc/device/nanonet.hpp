// The nanonet device: a model of the published NanoNet kernel module's data path. Front half:
// packet.hpp; tracking: tcp_tracker.hpp; logic.hpp decides; responder.hpp answers.
#pragma once

#include "device/device.hpp"
#include "device/packet.hpp"
#include "device/responder.hpp"

namespace ringbed::device {

class Nanonet final : public Device {
 public:
  // All parts have been checked by create_nanonet().
  Nanonet(DeviceConfig config, ResponsePool& pool, std::uint32_t core,
          std::unique_ptr<ConnectionTable> table, std::unique_ptr<Logic> logic);

  Verdict process(base::ByteView frame, std::uint64_t now_ns) noexcept override;
  void process_burst(std::span<const base::ByteView> frames, std::uint64_t now_ns,
                     std::span<Verdict> out) noexcept override;

  void set_enabled(bool enabled) noexcept override { config_.enabled = enabled; }
  bool enabled() const noexcept override { return config_.enabled; }
  using Device::set_target;
  base::Status set_target(const Endpoint& target, std::uint8_t protocol,
                          const std::vector<IpAddress>* groups) override;
  void clear_connections() noexcept override { table_->clear(); }
  void reset_stats() noexcept override;

  DeviceStats stats() const noexcept override;
  const DeviceConfig& config() const noexcept override { return config_; }
  const ConnectionTable& connections() const noexcept override { return *table_; }
  const Logic& logic() const noexcept override { return *logic_; }

 private:
  static constexpr std::size_t kBurst = 32;

  // What the hot path counts; stats() derives the rest.
  struct Counts {
    std::uint64_t in = 0;
    std::uint64_t processed = 0;
    std::uint64_t responded = 0;
    std::uint64_t tracked = 0;  // entered track
    std::uint64_t decided = 0;  // entered decide
    std::array<std::uint64_t, base::kStageCount> bypassed{};
    std::array<std::array<std::uint64_t, base::kReasonCount>, base::kStageCount> drops{};
  };

  // At most kBurst frames.
  void process_udp(std::span<const base::ByteView> frames, std::uint64_t now_ns,
                   Verdict* out) noexcept;
  void process_tcp(std::span<const base::ByteView> frames, std::uint64_t now_ns,
                   Verdict* out) noexcept;
  // One frame of a device that is enabled. `verdict` is as constructed, in all of these; the path
  // of a packet that is answered is one function after inlining.
  void handle(base::ByteView frame, std::uint64_t now_ns, Verdict& verdict) noexcept;
  // The half that changes state: track, decide, respond.
  [[gnu::always_inline]] void finish(const Packet& packet, std::uint64_t hash, std::uint64_t now_ns,
                                     Verdict& verdict) noexcept;
  [[gnu::always_inline]] void decide(const Packet& packet, Connection* connection,
                                     std::uint64_t now_ns, Verdict& verdict) noexcept;
  [[gnu::always_inline]] void respond(const Packet& packet, Connection* connection,
                                      const feed::TradingOrder& order, Verdict& verdict) noexcept;
  void end(const Fate& fate, Verdict& verdict) noexcept;
  void drop(Verdict& verdict, base::Stage stage, base::Reason reason) noexcept;

  DeviceConfig config_;
  PacketParser parser_;
  Responder responder_;
  std::unique_ptr<ConnectionTable> table_;
  std::unique_ptr<Logic> logic_;
  feed::ByteOrder order_;
  Counts counts_;
  // Of the burst in hand. Here, as clearing them for each packet would cost more than parsing it.
  std::array<Packet, kBurst> packets_;
};

[[nodiscard]] base::Result<std::unique_ptr<Device>> create_nanonet(const DeviceConfig& config,
                                                                   ResponsePool& pool,
                                                                   std::uint32_t core);

}  // namespace ringbed::device
