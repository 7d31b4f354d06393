// SPDX-License-Identifier: MIT
#include "core/codec/envelopes.h"

namespace eventops {

Result<std::shared_ptr<const Codec>> makeMappedCodec(const Value &settings)
{
    return settings.error("map: mappings are not part of this build");
}

} // namespace eventops
