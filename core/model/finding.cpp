// SPDX-License-Identifier: MIT
#include "core/model/finding.h"

#include "core/base/json.h"

namespace eventops {

std::string_view toString(FindingOrigin origin)
{
    switch (origin) {
    case FindingOrigin::Rule: return "rule";
    case FindingOrigin::Entropy: return "entropy";
    case FindingOrigin::Absence: return "absence";
    case FindingOrigin::External: return "external";
    }
    return "";
}

std::string_view toString(FindingState state)
{
    switch (state) {
    case FindingState::Pending: return "pending";
    case FindingState::Firing: return "firing";
    case FindingState::Resolved: return "resolved";
    }
    return "";
}

std::string termsToJson(const std::vector<BitsTerm> &terms)
{
    std::string out;
    JsonWriter json(out);
    json.beginArray();
    for (const BitsTerm &term : terms) {
        json.beginObject().field("name", term.name).key("bits").number(term.bits).field("context", term.context);
        json.field("observed", term.observed).field("expected", term.expected);
        json.key("samples").unsignedInteger(term.samples).endObject();
    }
    json.endArray();
    return out;
}

} // namespace eventops
