// SPDX-License-Identifier: MIT
#include "core/pipeline/source_place.h"

#include <algorithm>

namespace eventops {

Result<SourceProgress> placeOf(const Source &source, std::span<const SourceProgress> known,
                               std::span<const std::string> taken)
{
    const std::string key = source.key();
    const SourceProgress *best = nullptr;
    for (unsigned variant = 0;; ++variant) {
        const std::string name = variant == 0 ? key : key + '~' + std::to_string(variant);
        const auto row =
            std::find_if(known.rbegin(), known.rend(), [&](const SourceProgress &one) { return one.key == name; });
        const bool isTaken = std::find(taken.begin(), taken.end(), name) != taken.end();
        if (row == known.rend() && !isTaken) {
            SourceProgress fresh;
            fresh.key = name;
            return best != nullptr ? *best : fresh;
        }
        const bool better = !isTaken && (best == nullptr || row->hashedTo > best->hashedTo);
        if (better && (row->hashedTo == 0 || EVENTOPS_TRY(source.hasPrefix(row->hashedTo, row->prefixHash))))
            best = &*row;
    }
}

} // namespace eventops
