// SPDX-License-Identifier: MIT
#include "core/codec/deviation.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/json_reader.h"
#include "core/model/event_id.h"
#include "core/model/expected_step.h"

#include <cmath>

namespace eventops {
namespace {

/// @p text when it is a JSON value of @p kind, else @p otherwise.
std::string_view validOr(std::string_view text, JsonKind kind, std::string_view otherwise)
{
    JsonReader reader;
    return !reader.read(text) && reader.kind() == kind ? text : otherwise;
}

void writeTags(JsonWriter &json, const Finding &finding)
{
    const std::string_view tags = validOr(finding.tags, JsonKind::Object, "{}");
    json.key("tags").beginObject();
    JsonItems items(tags);
    std::string_view name, value;
    std::string scratch;
    while (items.next(name, value)) {
        const std::string_view key = jsonUnescape(name, scratch);
        if (key != "tenant" && key != "step")
            json.key(key).raw(value);
    }
    if (!finding.tenant.empty())
        json.field("tenant", finding.tenant);
    json.endObject();
}

void writeExpected(JsonWriter &json, const std::vector<ExpectedStep> &steps)
{
    json.key("expected").beginArray();
    for (const ExpectedStep &step : steps) {
        json.beginObject().field("step", step.step).key("probability").number(step.probability);
        if (step.samples > 0)
            json.key("count").unsignedInteger(step.count).key("samples").unsignedInteger(step.samples);
        json.endObject();
    }
    json.endArray();
}

/// What was seen and what was to be expected, in bits.
struct Entropies {
    double seen = 0.0;
    double baseline = 0.0;
};

/// A finding that compares two entropies has both among its terms; of others it is the surprise against its mean.
Entropies entropiesOf(const Finding &finding, const std::vector<ExpectedStep> &steps)
{
    Entropies out{finding.bits, expectedBits(steps)};
    for (const BitsTerm &term : finding.terms) {
        if (term.name == SeenEntropyTerm)
            out.seen = std::fabs(term.bits);
        else if (term.name == BaselineEntropyTerm)
            out.baseline = std::fabs(term.bits);
    }
    return out;
}

void writeEntropies(JsonWriter &json, const Entropies &entropies)
{
    json.key("entropy").number(entropies.seen).key("baseline_entropy").number(entropies.baseline);
}

void writeAttrs(JsonWriter &json, const Finding &finding, const std::vector<ExpectedStep> &steps)
{
    json.key("attrs").beginObject();
    json.field("step", finding.step);
    writeEntropies(json, entropiesOf(finding, steps));
    json.key("bits").number(finding.bits);
    json.field("kind", finding.name).field("origin", toString(finding.origin));
    json.field("state", toString(finding.state));
    json.field("severity", severityName(static_cast<std::uint8_t>(finding.severity)));
    json.field("message", finding.message).field("finding_id", finding.id);
    if (!finding.metric.empty())
        json.field("metric", finding.metric);
    if (finding.hasValue)
        json.key("value").number(finding.value);
    if (!finding.unit.empty())
        json.field("unit", finding.unit);
    if (!finding.sourceId.empty())
        json.field("source_id", finding.sourceId);
    json.key("terms").raw(termsToJson(finding.terms));
    writeExpected(json, steps);
    json.key("evidence").raw(validOr(finding.evidence, JsonKind::Array, "[]"));
    json.endObject();
}

} // namespace

Result<std::string> encodePrediction(const CaseExpectation &expectation, WallNs clock)
{
    if (expectation.since == NoTime)
        return Error{Error::Code::InvalidInput,
                     "the case of " + expectation.entityId + " has no time, which the envelope requires"};
    std::string out;
    JsonWriter json(out);
    const auto time = [&](std::string_view name, WallNs at) {
        if (at != NoTime)
            json.field(name, formatTimestamp(at));
    };
    json.beginObject();
    json.field("ts", formatTimestamp(expectation.since)).field("event_type", PredictionType);
    json.field("entity_id", expectation.entityId);
    json.key("tags").beginObject().field("tenant", expectation.tenant).endObject();
    json.key("attrs").beginObject();
    if (!expectation.next.empty()) {
        json.field("step", expectation.next.front().step);
        json.key("probability").number(expectation.next.front().probability);
    }
    time("eta", expectation.eta);
    if (expectation.late != NoTime) {
        time("low", expectation.since);
        time("high", expectation.late);
        json.key("confidence").number(CaseExpectation::LateShare);
    }
    time("overdue", expectation.overdue);
    time("missing", expectation.missing);
    json.key("expected").beginArray();
    for (const ExpectedNext &next : expectation.next)
        json.beginObject().field("step", next.step).key("probability").number(next.probability).endObject();
    json.endArray();
    json.field("last_step", expectation.lastStep).field("entity_type", expectation.entityType);
    json.key("samples").unsignedInteger(expectation.samples);
    json.field("standing", toString(standingAt(expectation, clock)));
    json.endObject();
    json.field("idempotency_key", "prediction:" + derivedId({expectation.tenant, expectation.entityType,
                                                             expectation.entityId, expectation.lastStep,
                                                             std::to_string(raw(expectation.since))}));
    json.key("source").beginObject().field("system", DeviationSource).endObject();
    json.endObject();
    return out;
}

bool isDeviation(const Finding &finding)
{
    return finding.origin == FindingOrigin::Entropy || finding.origin == FindingOrigin::Absence;
}

Result<std::string> encodeDeviation(const Finding &finding, const DeviationForm &form)
{
    if (finding.ts == NoTime)
        return Error{Error::Code::InvalidInput,
                     "the finding " + finding.id + " has no time, which the envelope requires"};
    const std::vector<ExpectedStep> steps = expectedSteps(finding);
    std::string out;
    JsonWriter json(out);
    json.beginObject();
    json.field("ts", formatTimestamp(finding.ts)).field("event_type", form.type);
    json.field("entity_id", finding.entityId).field("correlation_id", finding.id);
    writeTags(json, finding);
    writeAttrs(json, finding, steps);
    json.field("idempotency_key", (form.type == DeviationType ? "deviation:" : "finding:") + finding.id);
    json.key("source").beginObject().field("system", DeviationSource).endObject();
    if (form.legacyTopLevel) {
        json.field("step", finding.step);
        writeEntropies(json, entropiesOf(finding, steps));
    }
    json.endObject();
    return out;
}

} // namespace eventops
