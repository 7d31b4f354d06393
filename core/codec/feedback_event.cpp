// SPDX-License-Identifier: MIT
#include "core/codec/feedback_event.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/deviation.h"

namespace eventops {
namespace {

std::string sentenceOf(const Feedback &feedback)
{
    std::string text = feedback.user;
    switch (feedback.kind) {
    case FeedbackKind::Dismissed: text += " dismissed "; break;
    case FeedbackKind::Confirmed: text += " confirmed "; break;
    case FeedbackKind::Budget:
        text += " set the budget to ";
        appendJsonNumber(text, feedback.falsePerDay);
        return text + " false findings a day: " + feedback.reason;
    }
    return text + feedback.name + " of " + feedback.entityId + ": " + feedback.reason;
}

} // namespace

std::string encodeFeedback(const Feedback &feedback, WallNs ts, std::uint64_t act)
{
    const std::string subject =
        feedback.kind == FeedbackKind::Budget ? std::string("budget:findings") : "finding:" + feedback.findingId;
    std::string out;
    JsonWriter json(out);
    json.beginObject();
    json.field("ts", formatTimestamp(ts)).field("event_type", eventTypeOf(feedback.kind));
    json.field("entity_id", subject).field("correlation_id", feedback.findingId);
    json.key("tags").beginObject();
    if (!feedback.tenant.empty())
        json.field("tenant", feedback.tenant);
    json.endObject();
    std::string attrs = feedbackToJson(feedback);
    attrs.back() = ','; // the message goes into the same object
    attrs += "\"message\":";
    appendJsonString(attrs, sentenceOf(feedback));
    attrs += '}';
    json.key("attrs").raw(attrs);
    json.field("idempotency_key", "feedback:" + subject + ':' + std::to_string(act));
    json.key("source").beginObject().field("system", DeviationSource).endObject();
    json.endObject();
    return out;
}

} // namespace eventops
