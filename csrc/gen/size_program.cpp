#include "gen/size_program.hpp"

#include <algorithm>

#include "gen/stream_checks.hpp"

namespace ringbed::gen {

base::Result<SizeProgram> SizeProgram::create(const SizeSpec& spec, std::uint32_t needed,
                                              std::uint32_t largest, std::uint64_t seed,
                                              const std::string& stream) {
  SizeProgram program(seed, stream);
  const std::string where = "traffic." + stream + ".payload.size";
  switch (spec.kind) {
    case SizeSpec::Kind::payload: program.min_ = program.max_ = needed; return program;
    case SizeSpec::Kind::choice: {
      if (spec.choices.empty()) {
        return invalid(where, "no size to choose from", "name at least one");
      }
      std::vector<double> weights = spec.weights;
      if (weights.empty()) {
        weights.assign(spec.choices.size(), 1.0);
      }
      if (auto status = check_weights(weights, spec.choices.size(), where); !status) {
        return status.error();
      }
      const auto [low, high] = std::ranges::minmax(spec.choices);
      program.min_ = low;
      program.max_ = high;
      if (!program.fixed()) {
        program.choices_ = spec.choices;
        program.table_ = AliasTable(weights);
      }
      break;
    }
    case SizeSpec::Kind::uniform:
      if (spec.min > spec.max) {
        return invalid(
            where,
            "the range " + std::to_string(spec.min) + ".." + std::to_string(spec.max) + " is empty",
            "exchange its ends");
      }
      program.min_ = spec.min;
      program.max_ = spec.max;
      break;
  }
  if (program.min_ < needed) {
    return invalid(where,
                   "a frame of " + std::to_string(program.min_) +
                       " bytes does not hold its headers and message, which take " +
                       std::to_string(needed),
                   "use sizes of at least " + std::to_string(needed) + " bytes");
  }
  if (program.max_ > largest) {
    return invalid(where, std::to_string(program.max_) + " bytes are more than a packet can have",
                   "use sizes of at most " + std::to_string(largest) + " bytes");
  }
  return program;
}

}  // namespace ringbed::gen
