// SPDX-License-Identifier: MIT
#include "core/pipeline/spec.h"

namespace eventops {

RecordDecoder::~RecordDecoder() = default;
Source::~Source() = default;

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

} // namespace eventops
