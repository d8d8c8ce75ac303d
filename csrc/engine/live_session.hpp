// A live run while it goes on: the areas, ports, devices and threads of both ends, and the way they
// are started and brought to rest. What became of it is read by live_books.hpp.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <numeric>
#include <span>
#include <vector>

#include "engine/device_set.hpp"
#include "engine/hardware_stamps.hpp"
#include "engine/live_classifier.hpp"
#include "engine/live_device.hpp"
#include "engine/live_generator.hpp"
#include "engine/live_world.hpp"
#include "engine/placement.hpp"
#include "engine/run.hpp"
#include "ring/memory_area.hpp"

namespace ringbed::engine {

// What the kernel counts at one end: the interface, and the stack behind it where sockets are.
struct KernelCounts {
  // At some moment of the run.
  [[nodiscard]] bool was_down() const noexcept { return down || carrier_downs != 0; }

  std::uint64_t arrived = 0;
  std::uint64_t dropped = 0;     // arrived, and dropped before any socket saw them
  std::uint64_t other_host = 0;  // of the arrived: for another MAC
  std::uint64_t unsent = 0;      // dropped on the way out
  std::uint32_t carrier_downs = 0;
  bool down = false;  // at the end: taken down, or without a carrier
  port::StackCounters::Drops stack{};
};

class LiveSession {
 public:
  // Opens everything; nothing moves yet. `world` outlives the session. `types`: without them the
  // kernel is not asked for its reasons for drops nor for the NIC's time stamps. Errors: as
  // run_live().
  [[nodiscard]] static base::Result<std::unique_ptr<LiveSession>> open(
      const Plan& plan, LiveWorld& world, gen::Generator source, const LiveSetup& setup,
      const base::Result<ebpf::KernelTypes>& types);
  ~LiveSession();
  LiveSession(const LiveSession&) = delete;
  LiveSession& operator=(const LiveSession&) = delete;

  // Sends, waits for the end or for the stop, lets everything come to rest, joins the threads.
  // Error: unavailable (an interface went away).
  [[nodiscard]] base::Status run(const RunControl& control);

  [[nodiscard]] const LiveGenerator& generator() const noexcept { return *generator_; }
  // Frames that reached the device and that nobody of this run is known to have sent. After the
  // run.
  [[nodiscard]] std::uint64_t outside() const noexcept;
  [[nodiscard]] const std::vector<std::unique_ptr<LiveDevice>>& workers() const noexcept {
    return workers_;
  }
  [[nodiscard]] const DeviceSet& devices() const noexcept { return devices_; }
  [[nodiscard]] const gen::Generator& source() const noexcept { return source_; }
  [[nodiscard]] const port::Ports& generator_ports() const noexcept { return generator_ports_; }
  [[nodiscard]] const port::Ports& device_ports() const noexcept { return device_ports_; }
  [[nodiscard]] std::uint64_t end_ns() const noexcept { return end_ns_; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

  [[nodiscard]] const LiveSetup& setup() const noexcept { return setup_; }
  [[nodiscard]] bool generator_on_huge_pages() const noexcept {
    return generator_area_.on_huge_pages();
  }
  [[nodiscard]] const HardwareStamps& generator_stamps() const noexcept {
    return generator_stamps_;
  }
  [[nodiscard]] const HardwareStamps& device_stamps() const noexcept { return device_stamps_; }
  [[nodiscard]] bool device_on_huge_pages() const noexcept { return device_area_.on_huge_pages(); }

  // During the run.
  [[nodiscard]] const KernelCounts& generator_kernel() const noexcept { return kernel_[0]; }
  [[nodiscard]] const KernelCounts& device_kernel() const noexcept { return kernel_[1]; }
  // The kernel's counters of losses that moved during the run.
  [[nodiscard]] const std::vector<KernelCounter>& kernel_losses() const noexcept {
    return kernel_losses_;
  }
  // ... of these, on queues that the run does not serve.
  [[nodiscard]] std::uint64_t unserved_frames() const noexcept {
    const auto served = std::min<std::size_t>(kernel_queues_.size(), plan_.sim.nic.queues);
    return std::accumulate(kernel_queues_.begin() + static_cast<std::ptrdiff_t>(served),
                           kernel_queues_.end(), std::uint64_t{0});
  }
  // What the kernel said of the frames that it dropped; nothing where it may not be asked, and then
  // why in `kernel_is_silent`.
  [[nodiscard]] const KernelDrops& kernel_drops() const noexcept { return kernel_drops_; }
  [[nodiscard]] const std::string& kernel_is_silent() const noexcept { return kernel_is_silent_; }
  // Places of kernel_drops(); equal where there is one end.
  [[nodiscard]] std::size_t generator_place() const noexcept { return 0; }
  [[nodiscard]] std::size_t device_place() const noexcept { return device_place_; }
  // Frames on each queue of the device's interface during the run; empty: nobody tells.
  [[nodiscard]] const std::vector<std::uint64_t>& kernel_queues() const noexcept {
    return kernel_queues_;
  }

  // Where the threads were. After the run.
  [[nodiscard]] const Seat& generator_seat() const noexcept { return seats_.front(); }
  [[nodiscard]] std::span<const Seat> core_seats() const noexcept {
    return std::span(seats_).subspan(1);
  }
  [[nodiscard]] const Placement& placement() const noexcept { return placement_; }
  // nullptr: the scenario has none.
  [[nodiscard]] const LiveClassifier* classifier() const noexcept { return classifier_.get(); }

 private:
  LiveSession(const Plan& plan, LiveWorld& world, gen::Generator source, const LiveSetup& setup);

  [[nodiscard]] base::Status open_ends(const base::Result<ebpf::KernelTypes>& types);
  // What is to be known before the ports are opened, and after.
  void look_for_stamps(const base::Result<ebpf::KernelTypes>& types);
  [[nodiscard]] base::Status use_stamps();
  // From now on the kernel's reasons for drops are counted. Best effort: the books close without.
  void hear_kernel(const base::Result<ebpf::KernelTypes>& types);
  // Into kernel_: what is counted now, less what stands there.
  [[nodiscard]] base::Status count_kernel();
  void make_workers(std::uint64_t pool_address);
  // Error: unavailable (an interface went away).
  [[nodiscard]] base::Status links_stand() const;
  [[nodiscard]] base::Status watch(const RunControl& control);
  [[nodiscard]] bool going_on() const noexcept;
  void settle(const RunControl& control);
  void publish(const RunControl& control) const;
  // The kernel's counts of the run, from the look before it to now.
  [[nodiscard]] base::Status read_kernel(const struct KernelLook& before);
  void serve(const RunControl& control);
  [[nodiscard]] std::uint64_t movements() const noexcept;
  [[nodiscard]] bool all_home() const noexcept;
  [[nodiscard]] bool held_back() const noexcept;

  const Plan& plan_;
  LiveWorld& world_;
  LiveSetup setup_;
  gen::Generator source_;
  std::unique_ptr<LiveClassifier> classifier_;
  ring::MemoryArea generator_area_;
  ring::MemoryArea device_area_;
  HardwareStamps generator_stamps_;
  HardwareStamps device_stamps_;
  port::Ports generator_ports_;
  port::Ports device_ports_;
  DeviceSet devices_;
  LiveClock clock_;
  std::unique_ptr<LiveGenerator> generator_;
  std::vector<std::unique_ptr<LiveDevice>> workers_;
  std::atomic<bool> stop_sending_{false};
  std::atomic<bool> stop_{false};
  std::uint64_t end_ns_ = 0;
  std::array<KernelCounts, 2> kernel_;  // generator's, device's
  std::vector<KernelCounter> kernel_losses_;
  std::vector<std::uint64_t> kernel_queues_;
  KernelDrops kernel_drops_;
  std::string kernel_is_silent_;
  std::size_t device_place_ = 0;
  Placement placement_;
  std::vector<Seat> seats_;  // the generator's, then each core's
};

}  // namespace ringbed::engine
