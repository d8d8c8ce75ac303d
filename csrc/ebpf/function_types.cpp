#include "ebpf/function_types.hpp"

#include <linux/btf.h>

#include <array>

#include "ebpf/functions.hpp"
#include "ebpf/kernel_syscall.hpp"

namespace ringbed::ebpf {

namespace {

constexpr std::uint32_t kFunction = 3;  // id of the third type

constexpr std::uint32_t kind(std::uint32_t number) { return number << 24; }

struct Blob {
  btf_header header{};
  std::array<std::uint32_t, 4> integer = {1, kind(BTF_KIND_INT), 4, BTF_INT_SIGNED << 24 | 32};
  std::array<std::uint32_t, 3> prototype = {0, kind(BTF_KIND_FUNC_PROTO), 1};
  std::array<std::uint32_t, 3> function = {5, kind(BTF_KIND_FUNC), 2};  // linkage 0: static
  std::array<char, 8> strings = {'\0', 'i', 'n', 't', '\0', 'f', '\0', '\0'};
};

}  // namespace

base::Result<FunctionTypes> make_function_types(const std::vector<RawInstruction>& code) {
  Blob blob;
  blob.header.magic = BTF_MAGIC;
  blob.header.version = BTF_VERSION;
  blob.header.hdr_len = sizeof blob.header;
  blob.header.type_len = sizeof blob.integer + sizeof blob.prototype + sizeof blob.function;
  blob.header.str_off = blob.header.type_len;
  blob.header.str_len = 7;
  bpf_attr attributes{};
  attributes.btf = user_pointer(&blob);
  attributes.btf_size = blob.header.hdr_len + blob.header.type_len + blob.header.str_len;
  const int result = bpf_call(BPF_BTF_LOAD, attributes);
  if (result < 0) return kernel_error("the kernel does not take the functions' types", -result);
  FunctionTypes made{base::FileDescriptor(result), {}};
  for (const std::uint32_t start : function_starts(code)) {
    made.functions.push_back({start, kFunction});
  }
  return made;
}

}  // namespace ringbed::ebpf
