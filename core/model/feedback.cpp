// SPDX-License-Identifier: MIT
#include "core/model/feedback.h"

#include "core/base/json.h"
#include "core/base/json_scan.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace eventops {
namespace {

constexpr std::array<std::string_view, FeedbackKindCount> EventTypes = {"finding.dismissed", "finding.confirmed",
                                                                        "finding.budget"};

struct TextMember {
    std::string_view name;
    std::string Feedback::*text;
};
/// Of a finding. `series` and not `metric`: the event is no measurement.
constexpr TextMember FindingTexts[] = {
    {"finding_id", &Feedback::findingId}, {"finding", &Feedback::name},          {"pattern", &Feedback::pattern},
    {"tenant", &Feedback::tenant},        {"entity_type", &Feedback::entityType}, {"entity_id", &Feedback::entityId},
    {"source_id", &Feedback::sourceId},   {"series", &Feedback::metric},          {"last_step", &Feedback::step},
};
constexpr TextMember PersonTexts[] = {{"user", &Feedback::user}, {"reason", &Feedback::reason}};

void read(std::string_view json, const TextMember &member, Feedback &into)
{
    const auto found = jsonFind(json, member.name);
    if (found && found->kind == JsonSlice::Kind::String)
        appendJsonUnescaped(into.*member.text, found->text);
}

Error bad(std::string message)
{
    return {Error::Code::InvalidInput, std::move(message), {}, {}};
}

} // namespace

std::string_view eventTypeOf(FeedbackKind kind)
{
    return EventTypes[static_cast<std::size_t>(kind)];
}

std::optional<FeedbackKind> feedbackKindOf(std::string_view eventType)
{
    const auto it = std::find(EventTypes.begin(), EventTypes.end(), eventType);
    return it == EventTypes.end() ? std::nullopt : std::optional(static_cast<FeedbackKind>(it - EventTypes.begin()));
}

Feedback feedbackOn(const Finding &finding, FeedbackKind kind, std::string user, std::string reason)
{
    Feedback feedback;
    feedback.kind = kind;
    feedback.findingId = finding.id;
    feedback.name = finding.name;
    feedback.pattern = finding.pattern;
    feedback.tenant = finding.tenant;
    feedback.entityType = finding.entityType;
    feedback.entityId = finding.entityId;
    feedback.sourceId = finding.sourceId;
    feedback.metric = finding.metric;
    feedback.step = finding.step;
    feedback.origin = finding.origin;
    feedback.user = std::move(user);
    feedback.reason = std::move(reason);
    return feedback;
}

std::string feedbackToJson(const Feedback &feedback)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject();
    if (feedback.kind == FeedbackKind::Budget) {
        json.key("false_per_day").number(feedback.falsePerDay);
    } else {
        for (const TextMember &member : FindingTexts)
            json.field(member.name, feedback.*member.text);
        json.field("origin", toString(feedback.origin));
    }
    for (const TextMember &member : PersonTexts)
        json.field(member.name, feedback.*member.text);
    json.endObject();
    return out;
}

Result<Feedback> feedbackFromJson(FeedbackKind kind, std::string_view json)
{
    Feedback feedback;
    feedback.kind = kind;
    for (const TextMember &member : PersonTexts)
        read(json, member, feedback);
    if (kind == FeedbackKind::Budget) {
        const auto number = jsonFind(json, "false_per_day");
        if (!number || number->kind != JsonSlice::Kind::Number)
            return bad("the feedback has no number false_per_day");
        const char *end = number->text.data() + number->text.size();
        if (std::from_chars(number->text.data(), end, feedback.falsePerDay).ptr != end || !(feedback.falsePerDay > 0.0))
            return bad("false_per_day must be a number above 0");
        return feedback;
    }
    for (const TextMember &member : FindingTexts)
        read(json, member, feedback);
    if (feedback.findingId.empty())
        return bad("the feedback has no finding_id");
    const auto origin = jsonFind(json, "origin");
    for (const FindingOrigin known : {FindingOrigin::Rule, FindingOrigin::Absence, FindingOrigin::External}) {
        if (origin && origin->text == toString(known))
            feedback.origin = known;
    }
    return feedback;
}

} // namespace eventops
