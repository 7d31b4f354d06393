// SPDX-License-Identifier: MIT
#include "core/pipeline/spec.h"

namespace eventops {

RecordDecoder::~RecordDecoder() = default;
Source::~Source() = default;
Sink::~Sink() = default;

const StageSpec *Registry::stage(std::string_view name) const
{
    for (const StageSpec *spec : stages) {
        if (spec->name == name)
            return spec;
    }
    return nullptr;
}

const SourceSpec *Registry::source(std::string_view name) const
{
    for (const SourceSpec *spec : sources) {
        if (spec->name == name)
            return spec;
    }
    return nullptr;
}

const SinkSpec *Registry::sink(std::string_view name) const
{
    for (const SinkSpec *spec : sinks) {
        if (spec->name == name)
            return spec;
    }
    return nullptr;
}

std::span<const FieldSpec> sinkCommonFields()
{
    static constexpr FieldSpec Fields[] = {
        {"name", "string", "\"\"", "Letters, digits, - and _; one of a kind may do without: the kind's name."},
        {"filter", "string", "\"\"", "Only events that match, as for eventops query; empty: all."},
        {"batch", "int", "500", "Events in one request, 1 to 5000."},
        {"timeout", "duration", "10s", "For one whole request, 100ms to 120s."},
    };
    return Fields;
}

std::vector<FieldSpec> sinkFields(const SinkSpec &spec)
{
    const auto common = sinkCommonFields();
    std::vector<FieldSpec> out(common.begin(), common.end());
    out.insert(out.end(), spec.fields.begin(), spec.fields.end());
    return out;
}

} // namespace eventops
