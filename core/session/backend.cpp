// SPDX-License-Identifier: MIT
#include "core/session/backend.h"

#include <algorithm>

namespace eventops {

Backend::~Backend() = default;

Ticket Backend::sql(const Caller &, const SqlRequest &, std::function<void(SqlPage)>, Done<SqlOutcome> done)
{
    done(Error{Error::Code::Refused, "SQL cannot be asked here"});
    return {};
}

Ticket Backend::sqlTables(const Caller &, SqlPlace, Done<std::vector<SqlTable>> done)
{
    done(Error{Error::Code::Refused, "SQL cannot be asked here"});
    return {};
}

bool Caller::maySee(std::string_view tenant) const
{
    return tenants.empty() || std::find(tenants.begin(), tenants.end(), tenant) != tenants.end();
}

} // namespace eventops
