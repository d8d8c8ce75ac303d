// The message Stream of scenario.proto and what it contains, as gen::StreamSpec. Only the shape is
// checked here; gen::Generator::create() judges the content.
#pragma once

#include "engine/proto_wire.hpp"
#include "gen/stream_spec.hpp"

namespace ringbed::engine {

void read_stream(ProtoReader& in, gen::StreamSpec& stream);

}  // namespace ringbed::engine
