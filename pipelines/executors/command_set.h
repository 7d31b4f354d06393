// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/value.h"

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace eventops {

/// Names of commands that a setting lists.
class CommandSet
{
public:
    static Result<CommandSet> read(const Value &list)
    {
        CommandSet out;
        for (const Value &item : list.items()) {
            if (out.m_names.size() == CommandsMax)
                return item.error("more than " + std::to_string(CommandsMax) + " commands");
            out.m_names.insert(EVENTOPS_TRY(item.text()));
        }
        return out;
    }
    bool empty() const { return m_names.empty(); }
    bool holds(std::string_view name) const { return m_names.find(name) != m_names.end(); }

private:
    static constexpr std::size_t CommandsMax = 1'024;
    std::set<std::string, std::less<>> m_names;
};

} // namespace eventops
