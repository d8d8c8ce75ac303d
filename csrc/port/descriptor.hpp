// base/descriptor.hpp under this folder's name.
#pragma once

#include "base/descriptor.hpp"

namespace ringbed::port {

using base::FileDescriptor;
using base::system_error;

}  // namespace ringbed::port
