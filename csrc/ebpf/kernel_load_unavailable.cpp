// What takes the place of libbpf.cpp and kernel_load.cpp where libbpf's headers were not there when
// ringbed was built.
#include "ebpf/kernel_collection.hpp"

namespace ringbed::ebpf {

std::string libbpf_refusal() { return "this ringbed was built without libbpf"; }

base::Result<KernelCollection> KernelCollection::load(base::ByteView, const ObjectSpec&,
                                                      const KernelOptions&) {
  return base::Error{base::ErrorCode::unavailable,
                     "cannot load objects into the kernel: " + libbpf_refusal(),
                     "install libbpf-dev (apt-get install libbpf-dev) and build again"};
}

}  // namespace ringbed::ebpf
