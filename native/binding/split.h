#pragma once

#include <napi.h>

namespace gemmnet {

/// `deal(settings)`: the rows of each part, as an array of Uint32Array.
Napi::Value deal(const Napi::CallbackInfo& info);

}  // namespace gemmnet
