// SPDX-License-Identifier: MIT
//
// Any text as a filter: an error that names its place, or a filter that can be asked of an event.
#include "core/filter/filter.h"
#include "tests/fuzz/fuzz_target.h"

using namespace eventops;

EVENTOPS_FUZZ(filter)
{
    const auto filter = Filter::parse(bytes);
    if (!filter) {
        if (filter.error().code != Error::Code::InvalidArgument || filter.error().message.empty())
            std::abort();
        return;
    }
    Batch batch;
    Event &event = batch.events.emplace_back();
    event.tsEvent = WallNs{1'700'000'000'000'000'000};
    event.severity = Severity::Warning;
    event.value = 1.5;
    event.hasValue = true;
    event[Field::EntityId] = batch.strings.intern("host:a");
    event[Field::Message] = batch.strings.intern("connection reset");
    event[Field::Attrs] = batch.strings.intern("{\"a\":{\"b\":[1,2.5,\"x\"]},\"n\":9007199254740993}");
    batch.records.emplace_back();
    const bool matches = filter.value().matches(batch, event);
    if (filter.value().matchesAll() && !matches)
        std::abort();
    for (const std::string &name : filter.value().fieldNames()) {
        if (name.empty())
            std::abort();
    }
}
