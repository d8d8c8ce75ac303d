// Sends frames through one interface by BPF_PROG_RUN in live-frame mode (Linux 5.18,
// Documentation/bpf/bpf_prog_run.rst). The kernel makes empty frames, the program of
// frame_writer.hpp turns each into the next one of a ring of records and redirects it to the
// interface: no copy of the frame into a socket, no socket buffer, no queueing discipline, and the
// receiver is woken once a batch and not once a frame.
//
// A call has a price of its own (about 9 µs here: the kernel makes a page pool for it), a frame
// costs less than 60 ns: it pays to send many a call. Two things keep the price there:
// - The kernel patches its XDP dispatcher for a program that runs more than once in a call, which
//   takes a millisecond, unless the program is in the dispatcher already. So the program hangs on
//   the loopback interface of an empty namespace as well, where no frame will ever meet it.
// - The interface is reached through a devmap, which remembers it: the caller's thread may be in
//   any namespace.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "port/bpf.hpp"
#include "port/frame_writer.hpp"
#include "port/netlink.hpp"
#include "port/netns.hpp"
#include "port/registry.hpp"

namespace ringbed::port {

// One thread at a time.
class LiveSender {
 public:
  // For the interface of that name in the calling thread's namespace. `slots`: frames that may
  // wait, rounded up to a power of two. `options.longest_frame`: 1 to FrameWriter::kMaxFrameBytes.
  // Errors: unavailable (kernel, privilege), resource (memory), invalid (no such interface).
  [[nodiscard]] static base::Result<std::unique_ptr<LiveSender>> open(const std::string& interface,
                                                                      std::uint32_t slots,
                                                                      const KernelOptions& options);

  // Whether put() takes a frame of that length.
  [[nodiscard]] bool takes(std::uint32_t length) const noexcept {
    return length >= FrameWriter::kMinFrameBytes && length <= longest_frame_;
  }
  // Copies a frame into the ring, which is flushed where it is full. `recipe`: 0, or n for
  // options.recipes[n - 1], which the frame follows.
  void put(base::ByteView frame, std::uint32_t recipe) noexcept;
  // Sends what is in the ring.
  void flush() noexcept;
  // Gives up what is in the ring.
  void close() noexcept;

  [[nodiscard]] std::uint64_t pending() const noexcept { return head_ - cursor(); }
  [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }
  // Frames that were given up: the kernel refused them, or the sender was closed.
  [[nodiscard]] std::uint64_t lost() const noexcept { return refused() + unsent_; }
  // Frames that the interface has dropped since open(), whoever sent them: the other end of a veth
  // pair had no room.
  [[nodiscard]] std::uint64_t dropped() const noexcept;
  [[nodiscard]] base::Status status() const;

 private:
  // A map of one value, in this process's memory as well.
  class SharedMap {
   public:
    SharedMap() = default;
    SharedMap(SharedMap&& other) noexcept;
    SharedMap& operator=(SharedMap&& other) noexcept;
    ~SharedMap();
    [[nodiscard]] static base::Result<SharedMap> make(std::string_view name, std::uint32_t bytes);

    [[nodiscard]] std::uint8_t* at(std::uint64_t offset) const noexcept { return at_ + offset; }
    [[nodiscard]] std::uint64_t& counter(std::uint32_t offset) const noexcept {
      return *reinterpret_cast<std::uint64_t*>(at_ + offset);
    }
    FileDescriptor map;

   private:
    std::uint8_t* at_ = nullptr;
    std::size_t bytes_ = 0;
  };

  LiveSender(std::string interface, FrameWriter writer, std::uint32_t longest_frame,
             Netlink netlink, std::uint64_t dropped_before);
  [[nodiscard]] base::Status load(std::uint32_t index);
  // Keeps the program in the kernel's dispatcher. Where it may not (no CAP_SYS_ADMIN) the sender
  // works, but a call costs a millisecond more.
  void park();
  // Lets `repeat` frames go through the program; false with errno set.
  bool run(std::uint32_t repeat) noexcept;
  [[nodiscard]] std::uint64_t& cursor() const noexcept {
    return control_.counter(FrameWriter::kCursorAt);
  }
  // Frames that the program could not make or send.
  [[nodiscard]] std::uint64_t refused() const noexcept {
    return control_.counter(FrameWriter::kRefusedAt);
  }

  std::string interface_;
  FrameWriter writer_;
  std::uint32_t longest_frame_;
  SharedMap control_;
  SharedMap records_;
  FileDescriptor devmap_;
  FileDescriptor program_;
  std::optional<NetworkNamespace> parking_;  // its loopback interface lives as long
  FileDescriptor parked_;
  std::vector<std::uint8_t> blank_;  // the frame that the program is given
  mutable Netlink netlink_;
  std::uint64_t dropped_before_;
  mutable std::uint64_t dropped_ = 0;
  std::uint64_t head_ = 0;  // records written
  std::uint64_t calls_ = 0;
  std::uint64_t unsent_ = 0;
  int error_ = 0;
  bool closed_ = false;
};

}  // namespace ringbed::port
