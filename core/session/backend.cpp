// SPDX-License-Identifier: MIT
#include "core/session/backend.h"

#include <algorithm>

namespace eventops {

Backend::~Backend() = default;

bool Caller::maySee(std::string_view tenant) const
{
    return tenants.empty() || std::find(tenants.begin(), tenants.end(), tenant) != tenants.end();
}

} // namespace eventops
