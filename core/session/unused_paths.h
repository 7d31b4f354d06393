// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"
#include "core/model/value.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// The paths that a `map:` speaks of, as they are written in it; of null: none. Thread: any.
std::vector<std::string> mappedPaths(const Value *map);

/// Which values of JSON records stand in none of their events' fields: what only the kept bytes still say. A value
/// counts as held when some field holds an equal text, or when the mapping names its path. Thread: one.
/// O(bytes of the records and their events).
class UnusedPaths
{
public:
    /// @p mapped: see mappedPaths().
    explicit UnusedPaths(std::vector<std::string> mapped) : m_mapped(std::move(mapped)) {}
    /// Records that gave no event are left out: they are lost as a whole, and said to be.
    void look(const Batch &batch);
    /// "alerts[].fingerprint", sorted; at most PreviewUnusedMax.
    std::vector<std::string> unused() const;

private:
    bool isMapped(const std::vector<std::string> &path) const;

    const std::vector<std::string> m_mapped;
    std::map<std::string, bool> m_paths; ///< Whether it is held somewhere.
};

} // namespace eventops
