// Commands to a running device across the boundary: an object in, a promise of an object out.
#pragma once

#include <napi.h>

#include <memory>

#include "engine/control.hpp"

namespace ringbed::binding {

// {command, ip?, port?, protocol?, group?} as `ringbed ctl` sends it -> Promise<reply>. Rejects
// with code and hint. Throws a TypeError for what is no command.
[[nodiscard]] Napi::Value ask(const Napi::CallbackInfo& info,
                              const std::shared_ptr<engine::ControlDesk>& desk);

}  // namespace ringbed::binding
