// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace eventops {

/// A text that lies beside a sink, as it is there: "opensearch/template.json". Empty: there is none.
std::string_view sinkText(std::string_view name);

} // namespace eventops
