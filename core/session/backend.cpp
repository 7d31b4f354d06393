// SPDX-License-Identifier: MIT
#include "core/session/backend.h"

#include <algorithm>

namespace eventops {

Backend::~Backend() = default;

bool Caller::maySee(std::string_view tenant) const
{
    return tenants.empty() || std::find(tenants.begin(), tenants.end(), tenant) != tenants.end();
}

Ticket Backend::exportCapture(const Caller &, const ExportRequest &, std::function<void(ExportProgress)>,
                              Done<ExportProgress> done)
{
    done(Error{Error::Code::Refused, "this back end cannot export", {}, "open a workspace of this machine"});
    return {};
}

namespace {

constexpr std::string_view ExportNames[] = {"evcap", "ndjson", "kcat", "csv", "events"};

} // namespace

std::optional<ExportForm> exportFormByName(std::string_view name)
{
    for (const ExportForm form : ExportForms) {
        if (toString(form) == name)
            return form;
    }
    return std::nullopt;
}

std::string_view toString(ExportForm form)
{
    return ExportNames[static_cast<std::size_t>(form)];
}

} // namespace eventops
