// SPDX-License-Identifier: MIT
//
// Any text as a filter: an error that names its place, or a filter that can be asked of an event.
#include "core/filter/filter.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace eventops;
    const auto filter = Filter::parse({reinterpret_cast<const char *>(data), size});
    if (!filter) {
        if (filter.error().code != Error::Code::InvalidArgument || filter.error().message.empty())
            std::abort();
        return 0;
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
    return 0;
}
