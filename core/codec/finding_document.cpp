// SPDX-License-Identifier: MIT
#include "core/codec/finding_document.h"

#include "core/base/json.h"
#include "core/codec/alert.h"
#include "core/codec/deviation.h"
#include "core/codec/object_fields.h"

#include <algorithm>

namespace eventops {
namespace {

template <typename Enum>
std::optional<Enum> byName(std::string_view name, Enum last)
{
    for (int i = 0; i <= static_cast<int>(last); ++i) {
        if (toString(static_cast<Enum>(i)) == name)
            return static_cast<Enum>(i);
    }
    return std::nullopt;
}

/// Of a message's headers; nothing: it has none, or another's.
std::optional<Finding> fromHeader(std::string_view headers)
{
    const std::string text = headers.empty() ? std::string() : ObjectFields(headers).text(FindingHeader);
    JsonReader reader;
    if (text.empty() || reader.read(text) || reader.kind() != JsonKind::Object)
        return std::nullopt;
    const ObjectFields in(reader.document());
    const auto origin = findingOriginByName(in.text("origin"));
    const auto state = findingStateByName(in.text("state"));
    const auto ts = in.integer("ts");
    Finding out;
    out.id = in.text("id");
    if (!origin || !state || !ts || out.id.empty())
        return std::nullopt;
    out.origin = *origin;
    out.state = *state;
    out.severity = static_cast<Severity>(std::clamp<std::int64_t>(in.integer("severity").value_or(0), 0, 24));
    out.ts = WallNs{*ts};
    out.tsText = in.text("ts_text");
    out.tenant = in.text("tenant");
    out.entityType = in.text("entity_type");
    out.entityId = in.text("entity_id");
    out.sourceId = in.text("source_id");
    out.name = in.text("name");
    out.metric = in.text("metric");
    out.unit = in.text("unit");
    const auto value = in.number("value");
    out.hasValue = value.has_value();
    out.value = value.value_or(0.0);
    out.step = in.text("step");
    out.tags = in.document("tags", JsonKind::Object, "{}");
    out.bits = in.number("bits").value_or(0.0);
    out.terms = termsFromJson(in.document("terms", JsonKind::Array, "[]"));
    out.evidence = in.document("evidence", JsonKind::Array, "[]");
    out.pattern = in.text("pattern");
    out.alert = in.text("alert");
    return out;
}

/// Of an alert that somebody else wrote.
Finding fromAlert(const Batch &batch, const Event &event)
{
    const ObjectFields attrs(batch.text(event, Field::Attrs));
    Finding out;
    out.origin = FindingOrigin::External;
    out.ts = event.tsEvent;
    out.tsText = batch.text(event, Field::TsText);
    out.severity = event.severity;
    out.tenant = batch.text(event, Field::Tenant);
    out.sourceId = batch.text(event, Field::SourceId);
    out.entityType = out.sourceId.empty() ? "" : "host"; // as agents' metrics have it
    out.entityId = out.sourceId;
    out.name = attrs.text("rule");
    out.metric = attrs.text("metric");
    const auto value = attrs.number("value");
    out.hasValue = value.has_value();
    out.value = value.value_or(0.0);
    out.tags = batch.text(event, Field::Tags).empty() ? "{}" : batch.text(event, Field::Tags);
    return out;
}

/// Of a deviation without our header: our own of an earlier version, or another's (X12).
Finding fromDeviation(const Batch &batch, const Event &event)
{
    const ObjectFields attrs(batch.text(event, Field::Attrs));
    Finding out;
    out.id = attrs.text("finding_id");
    out.origin = findingOriginByName(attrs.text("origin")).value_or(FindingOrigin::Entropy);
    out.state = findingStateByName(attrs.text("state")).value_or(FindingState::Firing);
    out.severity = event.severity == Severity::Unset ? Severity::Warning : event.severity;
    out.ts = event.tsEvent;
    out.tenant = batch.text(event, Field::Tenant);
    out.entityType = batch.text(event, Field::EntityType);
    out.entityId = batch.text(event, Field::EntityId);
    out.sourceId = attrs.text("source_id");
    out.name = attrs.text("kind").empty() ? std::string(DeviationType) : attrs.text("kind");
    out.metric = attrs.text("metric");
    out.unit = attrs.text("unit");
    const auto value = attrs.number("value");
    out.hasValue = value.has_value();
    out.value = value.value_or(0.0);
    out.step = attrs.text("step");
    out.tags = batch.text(event, Field::Tags).empty() ? "{}" : batch.text(event, Field::Tags);
    const auto bits = attrs.number("bits");
    out.bits = bits ? *bits : attrs.number("entropy").value_or(0.0);
    out.terms = termsFromJson(attrs.document("terms", JsonKind::Array, "[]"));
    out.evidence = attrs.document("evidence", JsonKind::Array, "[]");
    return out;
}

} // namespace

std::optional<FindingOrigin> findingOriginByName(std::string_view name)
{
    return byName(name, FindingOrigin::External);
}

std::optional<FindingState> findingStateByName(std::string_view name)
{
    return byName(name, FindingState::Resolved);
}

std::vector<BitsTerm> termsFromJson(std::string_view json)
{
    std::vector<BitsTerm> terms;
    JsonReader reader;
    if (reader.read(json) || reader.kind() != JsonKind::Array)
        return terms;
    JsonItems items(reader.document());
    std::string_view unnamed, item;
    while (items.next(unnamed, item)) {
        if (jsonKind(item) != JsonKind::Object)
            continue;
        const ObjectFields in(item);
        BitsTerm &term = terms.emplace_back();
        term.name = in.text("name");
        term.bits = in.number("bits").value_or(0.0);
        term.context = in.text("context");
        term.observed = in.text("observed");
        term.expected = in.text("expected");
        term.samples = static_cast<std::uint64_t>(std::max<std::int64_t>(in.integer("samples").value_or(0), 0));
    }
    return terms;
}

std::string encodeFindingHeader(const Finding &finding)
{
    std::string out;
    JsonWriter json(out);
    const auto text = [&](std::string_view name, std::string_view value) {
        if (!value.empty())
            json.field(name, value);
    };
    const auto document = [&](std::string_view name, std::string_view value, JsonKind kind) {
        JsonReader reader;
        if (!reader.read(value) && reader.kind() == kind)
            json.key(name).raw(reader.document());
    };
    json.beginObject().field("id", finding.id).field("origin", toString(finding.origin));
    json.field("state", toString(finding.state)).key("severity").integer(static_cast<int>(finding.severity));
    json.key("ts").integer(raw(finding.ts));
    text("ts_text", finding.tsText);
    text("tenant", finding.tenant);
    text("entity_type", finding.entityType);
    text("entity_id", finding.entityId);
    text("source_id", finding.sourceId);
    text("name", finding.name);
    text("metric", finding.metric);
    text("unit", finding.unit);
    if (finding.hasValue)
        json.key("value").number(finding.value);
    text("step", finding.step);
    document("tags", finding.tags, JsonKind::Object);
    json.key("bits").number(finding.bits);
    json.key("terms").raw(termsToJson(finding.terms));
    document("evidence", finding.evidence, JsonKind::Array);
    text("pattern", finding.pattern);
    if (!finding.alert.empty() && finding.alert == encodeAlert(finding))
        json.key("alerts").boolean(true); // who reads it writes the same
    else
        text("alert", finding.alert);
    json.endObject();
    return out;
}

std::optional<Finding> findingOf(const Batch &batch, const Event &event)
{
    const std::string_view type = batch.text(event, Field::Type);
    if (type != AlertTopic && type != DeviationType && type != FindingStateType)
        return std::nullopt;
    const std::string_view headers = batch.text(event, Field::Headers);
    auto own = fromHeader(headers);
    Finding out = own ? std::move(*own) : type == AlertTopic ? fromAlert(batch, event) : fromDeviation(batch, event);
    out.message = batch.text(event, Field::Message);
    const std::string written = own ? ObjectFields(headers).text(FindingHeader) : std::string();
    if (own ? ObjectFields(written).isTrue("alerts") : type == AlertTopic)
        out.alert = encodeAlert(out);
    return out;
}

} // namespace eventops
