// A BTF type as JSON, for languages that decode keys and values by it:
//   {"kind":"int","bytes":4,"signed":false,"name":"__be32"}
//   {"kind":"struct","bytes":8,"members":[{"name":"saddr","offset":0,"bits":0,"type":{…}}]}
//   {"kind":"union",…} is the same; members of members without a name are the parent's, as in C
//   {"kind":"int","bytes":4,"signed":false,"name":"state","enumerators":{"IDLE":"0","BUSY":"1"}}
//   {"kind":"array","bytes":16,"count":16,"element":{…}}   {"kind":"bytes","bytes":12}
// `name` is the outermost typedef, because __be32 says what __u32 does not.
#pragma once

#include <cstdint>
#include <string>

#include "ebpf/btf.hpp"

namespace ringbed::ebpf {

// Of type `id`, or of `bytes` bytes without one (0: unknown, too deep, too large to describe).
[[nodiscard]] std::string btf_json(const Btf& btf, std::uint32_t id, std::uint32_t bytes);

[[nodiscard]] std::string json_string(const std::string& text);

}  // namespace ringbed::ebpf
