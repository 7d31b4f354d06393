// SPDX-License-Identifier: MIT
#include "core/pipeline/source_place.h"

#include <algorithm>

namespace eventops {

Result<SourceProgress> placeOf(const Source &source, std::span<const SourceProgress> known)
{
    const std::string key = source.key();
    for (unsigned variant = 0;; ++variant) {
        const std::string name = variant == 0 ? key : key + '~' + std::to_string(variant);
        const auto row =
            std::find_if(known.rbegin(), known.rend(), [&](const SourceProgress &one) { return one.key == name; });
        SourceProgress fresh;
        fresh.key = name;
        if (row == known.rend())
            return fresh;
        if (row->hashedTo == 0 || EVENTOPS_TRY(source.hasPrefix(row->hashedTo, row->prefixHash)))
            return *row;
    }
}

} // namespace eventops
