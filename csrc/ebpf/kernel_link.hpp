// A program on an interface. XDP and TCX hang on a bpf_link, which leaves with the process however
// it ends, and which is given a new program in one step while frames flow. Only clsact, for kernels
// before 6.6, is a filter of its own: it goes when the object is destroyed; after kill -9 the next
// attachment on that interface takes its place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/descriptor.hpp"
#include "base/result.hpp"
#include "ebpf/kernel_program.hpp"

namespace ringbed::ebpf {

enum class AttachMode : std::uint8_t {
  xdp,      // native, else generic
  native,   // XDP in the driver
  generic,  // XDP in the stack
  tc,       // clsact, ingress
  tcx,      // ingress (Linux 6.6)
};

[[nodiscard]] ProgramType program_type_for(AttachMode mode) noexcept;

class KernelLink {
 public:
  // On the interface of that index in the calling thread's network namespace. Errors: invalid (a
  // program of another type), unavailable (privilege, kernel, driver, another program is there).
  [[nodiscard]] static base::Result<KernelLink> attach(const KernelProgram& program,
                                                       std::uint32_t interface, AttachMode mode);
  // A link that was pinned.
  [[nodiscard]] static base::Result<KernelLink> open(const std::string& path);

  KernelLink(KernelLink&& other) noexcept = default;
  KernelLink& operator=(KernelLink&& other) noexcept;
  KernelLink(const KernelLink&) = delete;
  KernelLink& operator=(const KernelLink&) = delete;
  ~KernelLink() { detach(); }

  // From now on frames go to `program`; a frame sees one of the two. On an error the old one stays.
  [[nodiscard]] base::Status update(const KernelProgram& program);
  // Keeps it beyond the process. Error: invalid (not a BPF file system, a clsact filter).
  [[nodiscard]] base::Status pin(const std::string& path) const;
  // Takes the program off the interface now, also where the link is pinned.
  void detach_now() noexcept;

  [[nodiscard]] AttachMode mode() const noexcept { return mode_; }

 private:
  KernelLink() = default;
  void detach() noexcept;
  [[nodiscard]] static base::Result<KernelLink> attach_filter(const KernelProgram& program,
                                                              std::uint32_t interface);

  base::FileDescriptor link_;
  base::FileDescriptor space_;  // clsact: the network namespace of the interface
  std::uint32_t interface_ = 0;
  bool own_hook_ = false;  // clsact: the qdisc was made for us
  AttachMode mode_ = AttachMode::xdp;
};

// Waits until no CPU runs a program that was replaced before the call.
void wait_for_running_programs() noexcept;

}  // namespace ringbed::ebpf
