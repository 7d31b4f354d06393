// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"
#include "core/pipeline/spec.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops::test {

/// A batch written by hand: one record an event, sequence numbers from `nextSeq`.
struct HandBatch {
    Batch batch;
    Seq nextSeq = 1;

    /// Tenant "acme"; sets the entity key as the runner does.
    Event &add(std::string_view entityType, std::string_view entityId, std::int64_t second = 0,
               std::initializer_list<std::pair<Field, std::string_view>> fields = {})
    {
        RawRecord record;
        record.seq = nextSeq++;
        record.outcome = Outcome::Stored;
        batch.records.push_back(record);
        Event event;
        event.record = static_cast<std::uint32_t>(batch.records.size() - 1);
        event.tsEvent = WallNs{second * NsPerSecond};
        event[Field::Tenant] = batch.strings.intern("acme");
        if (!entityType.empty())
            event[Field::EntityType] = batch.strings.intern(entityType);
        if (!entityId.empty())
            event[Field::EntityId] = batch.strings.intern(entityId);
        for (const auto &[field, text] : fields)
            event[field] = batch.strings.intern(text);
        event.entityKey = entityKey("acme", entityType, entityId);
        batch.events.push_back(event);
        return batch.events.back();
    }

    void addMetric(std::string_view host, std::string_view metric, double value, std::int64_t second = 0)
    {
        Event &event = add("Host", host, second, {{Field::Metric, metric}, {Field::Unit, "percent"}});
        event.hasValue = true;
        event.value = value;
    }

    void addStep(std::string_view entityType, std::string_view id, std::string_view step, std::int64_t second)
    {
        add(entityType, id, second, {{Field::Step, step}, {Field::Type, step}});
    }
};

/// Settings of a stage as config hands them over: defaults but for what is given.
inline Value stageSettings(const StageSpec &spec, std::initializer_list<std::pair<std::string_view, Value>> given = {})
{
    Value settings = Value::map({});
    for (const FieldSpec &field : spec.fields) {
        if (field.defaultValue == "[]")
            settings.set(std::string(field.name), Value::list({}));
        else if (field.defaultValue == "{}")
            settings.set(std::string(field.name), Value::map({}));
        else
            settings.set(std::string(field.name), Value::scalar(std::string(field.defaultValue)));
    }
    for (const auto &[name, value] : given)
        settings.set(std::string(name), value);
    return settings;
}

} // namespace eventops::test
