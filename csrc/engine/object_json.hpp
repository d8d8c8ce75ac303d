// An object described for people and programs: what `ringbed classifier show` prints and what the
// TypeScript interface decodes maps by.
#pragma once

#include <string>

#include "engine/bpf_executor.hpp"
#include "engine/classifier_object.hpp"

namespace ringbed::engine {

// {"object","license","entry","stages":[…],"programs":[{"name","section","type","instructions",
// "kernelOnly":[…],"verified"}],"maps":[{"name","type","keyBytes","valueBytes","maxEntries","flags","bytes",
// "perCpu","frozen","slots":[…],"key":TYPE,"value":TYPE}]}; TYPE as btf_json. `executor` may be
// nullptr: then "bytes" and "verified" are 0.
[[nodiscard]] std::string object_json(const ClassifierObject& object, const BpfExecutor* executor);

}  // namespace ringbed::engine
