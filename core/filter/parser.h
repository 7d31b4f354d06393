// SPDX-License-Identifier: MIT
#pragma once

#include "core/filter/node.h"

namespace eventops {

/// Parses a whole filter text; null for one of white space only. See Filter::parse for errors.
///
///     expression = conjunction { "or" conjunction }
///     conjunction = unary { "and" unary }
///     unary = "not" unary | "(" expression ")" | "exists" "(" field ")" | quoted text | comparison
///     comparison = field ( operator literal | ["not"] "in" "(" literal { "," literal } ")" | "contains" literal )
Result<std::shared_ptr<const Filter::Node>> parseFilter(std::string_view text);

} // namespace eventops
