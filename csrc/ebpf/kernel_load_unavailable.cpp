// What takes the place of libbpf.cpp, kernel_load.cpp and kernel_tc.cpp where libbpf's headers were
// not there when ringbed was built.
#include "ebpf/kernel_load.hpp"
#include "ebpf/kernel_tc.hpp"

namespace ringbed::ebpf {

std::string libbpf_refusal() { return "this ringbed was built without libbpf"; }

std::string libbpf_version() { return {}; }

base::Result<KernelCollection> load_with_libbpf(base::ByteView, const ObjectSpec&,
                                                const KernelOptions&) {
  return base::Error{base::ErrorCode::unavailable,
                     "cannot load objects into the kernel: " + libbpf_refusal(),
                     "install libbpf-dev (apt-get install libbpf-dev) and build again"};
}

base::Result<bool> attach_clsact(std::uint32_t, int) {
  return base::Error{base::ErrorCode::unavailable, "cannot make a TC filter: " + libbpf_refusal(),
                     "use --mode tcx"};
}
void detach_clsact(std::uint32_t, bool) noexcept {}

}  // namespace ringbed::ebpf
