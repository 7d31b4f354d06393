// SPDX-License-Identifier: MIT
#include "core/codec/metric_sample.h"

#include "core/base/json.h"
#include "core/codec/json_envelope.h"

#include <algorithm>
#include <cmath>

namespace eventops {
namespace {

constexpr std::string_view EntityLabels[] = {"instance", "host", "node", "pod", "job"}; ///< The first that is there.

} // namespace

void appendSample(Batch &batch, std::uint32_t record, std::string_view codec, const MetricSample &sample)
{
    std::string scratch;
    Event &event = appendEvent(batch, record, codec);
    event[Field::Tenant] = batch.strings.intern("default");
    event[Field::Type] = batch.strings.intern("signals.metric");
    event[Field::SourceType] = batch.strings.intern("prometheus");
    event[Field::Metric] = batch.strings.intern(sample.metric);
    if (!std::isfinite(sample.value)) { // a sample, and no number
        event[Field::ValueText] = batch.strings.intern(std::isnan(sample.value) ? "NaN"
                                                       : sample.value > 0       ? "+Inf"
                                                                                : "-Inf");
    } else if (!setValue(batch, event, sample.valueText, scratch)) { // as ".5", which JSON does not write so
        event.value = sample.value;
        event.hasValue = true;
    }
    if (sample.ts != NoTime) {
        event.tsEvent = sample.ts;
        event[Field::TsText] = batch.strings.append(sample.timeText);
    }
    std::string tags;
    JsonWriter json(tags);
    json.beginObject();
    for (const auto &[name, text] : sample.labels)
        json.field(name, text);
    json.endObject();
    if (!sample.labels.empty())
        event[Field::Tags] = batch.strings.intern(tags);
    if (!sample.attrs.empty())
        event[Field::Attrs] = batch.strings.append(sample.attrs);
    for (const std::string_view name : EntityLabels) {
        const auto isNamed = [&](const auto &pair) {
            return pair.first == name;
        };
        const auto label = std::find_if(sample.labels.begin(), sample.labels.end(), isNamed);
        if (label == sample.labels.end())
            continue;
        event[Field::EntityType] = batch.strings.intern(name == "job" ? "Service" : "Host");
        event[Field::EntityId] = batch.strings.intern(label->second);
        break;
    }
}

} // namespace eventops
