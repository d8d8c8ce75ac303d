// A live run while it goes on: the areas, ports, devices and threads of both ends, and the way they
// are started and brought to rest. What became of it is read by live_books.hpp.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "engine/device_set.hpp"
#include "engine/live_classifier.hpp"
#include "engine/live_device.hpp"
#include "engine/live_generator.hpp"
#include "engine/live_world.hpp"
#include "engine/run.hpp"
#include "ring/memory_area.hpp"

namespace ringbed::engine {

class LiveSession {
 public:
  // Opens everything; nothing moves yet. `world` outlives the session. Errors: as run_live().
  [[nodiscard]] static base::Result<std::unique_ptr<LiveSession>> open(const Plan& plan,
                                                                       LiveWorld& world,
                                                                       gen::Generator source,
                                                                       const LiveSetup& setup);
  ~LiveSession();
  LiveSession(const LiveSession&) = delete;
  LiveSession& operator=(const LiveSession&) = delete;

  // Sends, waits for the end or for the stop, lets everything come to rest, joins the threads.
  // Error: io (the interface went away).
  [[nodiscard]] base::Status run(const RunControl& control);

  [[nodiscard]] const LiveGenerator& generator() const noexcept { return *generator_; }
  [[nodiscard]] const std::vector<std::unique_ptr<LiveDevice>>& workers() const noexcept {
    return workers_;
  }
  [[nodiscard]] const DeviceSet& devices() const noexcept { return devices_; }
  [[nodiscard]] const gen::Generator& source() const noexcept { return source_; }
  [[nodiscard]] const port::Ports& generator_ports() const noexcept { return generator_ports_; }
  [[nodiscard]] const port::Ports& device_ports() const noexcept { return device_ports_; }
  [[nodiscard]] std::uint64_t end_ns() const noexcept { return end_ns_; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

  // nullptr: the scenario has none.
  [[nodiscard]] const LiveClassifier* classifier() const noexcept { return classifier_.get(); }

  // Frames that the kernel saw arrive at the device's interface during the run.
  [[nodiscard]] std::uint64_t kernel_arrived() const noexcept { return kernel_arrived_; }
  // ... and dropped there before any socket saw them.
  [[nodiscard]] std::uint64_t kernel_dropped() const noexcept { return kernel_dropped_; }

 private:
  LiveSession(const Plan& plan, LiveWorld& world, gen::Generator source, const LiveSetup& setup);

  [[nodiscard]] base::Status open_ends();
  void make_workers(std::uint64_t pool_address);
  [[nodiscard]] base::Status watch(const RunControl& control);
  [[nodiscard]] bool going_on() const noexcept;
  void settle(const RunControl& control);
  void publish(const RunControl& control) const;
  [[nodiscard]] std::uint64_t movements() const noexcept;
  [[nodiscard]] bool held_back() const noexcept;

  const Plan& plan_;
  LiveWorld& world_;
  LiveSetup setup_;
  gen::Generator source_;
  std::unique_ptr<LiveClassifier> classifier_;
  ring::MemoryArea generator_area_;
  ring::MemoryArea device_area_;
  port::Ports generator_ports_;
  port::Ports device_ports_;
  DeviceSet devices_;
  LiveClock clock_;
  std::unique_ptr<LiveGenerator> generator_;
  std::vector<std::unique_ptr<LiveDevice>> workers_;
  std::atomic<bool> stop_sending_{false};
  std::atomic<bool> stop_{false};
  std::uint64_t end_ns_ = 0;
  std::uint64_t kernel_arrived_ = 0;
  std::uint64_t kernel_dropped_ = 0;
};

}  // namespace ringbed::engine
