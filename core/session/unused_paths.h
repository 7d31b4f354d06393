// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"
#include "core/model/value.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// What a `map:` speaks of, as it is written in it.
struct MappedPaths {
    std::vector<std::string> lists;    ///< Into whose elements a record is split: "alerts[]". None: it is not.
    std::vector<std::string> paths;    ///< From such an element on, sorted; or from the document's beginning.
    std::vector<std::string> anywhere; ///< Those that begin somewhere else ($, ^, each), sorted.
};
/// Of null: nothing. Thread: any.
MappedPaths mappedPaths(const Value *map);

/// Which values of JSON records stand in none of their events' fields: what only the kept bytes still say. A value
/// counts as held when some field holds an equal text, or when the mapping names its path. Thread: one.
/// O(bytes of the records and their events).
class UnusedPaths
{
public:
    /// @p mapped: see mappedPaths().
    explicit UnusedPaths(MappedPaths mapped) : m_mapped(std::move(mapped)) {}
    /// Records that gave no event are left out: they are lost as a whole, and said to be.
    void look(const Batch &batch);
    /// "alerts[].fingerprint", sorted; at most PreviewUnusedMax.
    std::vector<std::string> unused() const;

private:
    bool isMapped(const std::vector<std::string> &path) const;

    const MappedPaths m_mapped;
    std::map<std::string, bool> m_paths; ///< Whether it is held somewhere.
};

} // namespace eventops
