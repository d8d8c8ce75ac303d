#include "engine/object_json.hpp"

#include <functional>

#include "ebpf/btf_json.hpp"
#include "ebpf/helpers.hpp"
#include "ebpf/kernel_map.hpp"
#include "ebpf/maps.hpp"

namespace ringbed::engine {

namespace {

using ebpf::json_string;

std::string pair(const char* key, const std::string& value) {
  return "\"" + std::string(key) + "\":" + value;
}
std::string pair(const char* key, std::uint64_t value) { return pair(key, std::to_string(value)); }

std::string list(std::size_t count, const std::function<std::string(std::size_t)>& item) {
  std::string text = "[";
  for (std::size_t i = 0; i < count; ++i) {
    text += (i == 0 ? "" : ",") + item(i);
  }
  return text + "]";
}

const char* type_name(ebpf::ProgramType type) {
  switch (type) {
    case ebpf::ProgramType::xdp: return "xdp";
    case ebpf::ProgramType::tc: return "tc";
    case ebpf::ProgramType::socket_filter: return "socket_filter";
    case ebpf::ProgramType::foreign: return "other";
    case ebpf::ProgramType::raw: break;
  }
  return "unknown";
}

// What only a kernel has: helpers that are not simulated, and a kernel function.
std::string kernel_only(const ebpf::ProgramSpec& program) {
  std::vector<std::string> names;
  for (const std::uint32_t number : ebpf::unknown_helpers(program.code)) {
    names.push_back(ebpf::helper_text(number));
  }
  if (!program.external.empty()) names.push_back(program.external);
  return list(names.size(), [&](std::size_t i) { return json_string(names[i]); });
}

std::string program_json(const ebpf::ProgramSpec& program, const BpfExecutor* executor) {
  return "{" + pair("name", json_string(program.name)) + "," +
         pair("section", json_string(program.section)) + "," +
         pair("type", json_string(type_name(program.type))) + "," +
         pair("instructions", program.code.size()) + "," +
         pair("kernelOnly", kernel_only(program)) + "," +
         pair("verified", executor == nullptr ? 0 : executor->verified_instructions(program.name)) +
         "}";
}

std::string map_json(const ClassifierObject& object, std::size_t index,
                     const BpfExecutor* executor) {
  const ebpf::MapSpec& map = object.spec.maps[index];
  const std::string slots = list(map.slots.size(), [&](std::size_t i) {
    return "{" + pair("index", map.slots[i].index) + "," +
           pair("target", json_string(map.slots[i].target)) + "}";
  });
  return "{" + pair("name", json_string(map.name)) + "," +
         pair("type", json_string(ebpf::map_kind_name(map.type))) + "," +
         pair("keyBytes", map.key_size) + "," + pair("valueBytes", map.value_size) + "," +
         pair("maxEntries", map.max_entries) + "," + pair("flags", map.flags) + "," +
         pair("bytes", executor == nullptr ? 0 : executor->memory_bytes(index)) + "," +
         pair("perCpu", ebpf::per_cpu(map.type) ? "true" : "false") + "," +
         pair("frozen", map.frozen ? "true" : "false") + "," + pair("slots", slots) + "," +
         pair("key", ebpf::btf_json(object.spec.btf, map.key_type, map.key_size)) + "," +
         pair("value", ebpf::btf_json(object.spec.btf, map.value_type, map.value_size)) + "}";
}

}  // namespace

std::string object_json(const ClassifierObject& object, const BpfExecutor* executor) {
  const ebpf::ObjectSpec& spec = object.spec;
  return "{" + pair("object", json_string(object.name)) + "," +
         pair("license", json_string(spec.license)) + "," +
         pair("entry", json_string(object.entry)) + "," +
         pair("stages", list(object.stages.size(),
                             [&](std::size_t i) { return json_string(object.stages[i]); })) +
         "," +
         pair("programs",
              list(spec.programs.size(),
                   [&](std::size_t i) { return program_json(spec.programs[i], executor); })) +
         "," +
         pair("maps", list(spec.maps.size(),
                           [&](std::size_t i) { return map_json(object, i, executor); })) +
         "}";
}

}  // namespace ringbed::engine
