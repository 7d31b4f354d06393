// SPDX-License-Identifier: MIT
//
// A map: in YAML, a zero byte, a document: an error with its place, or a codec that reads the document or says why not;
// what it writes of an event can be read by it.
#include "core/codec/codec.h"
#include "core/codec/event_difference.h"
#include "core/codec/json_path.h"
#include "core/yaml/yaml.h"
#include "tests/fuzz/fuzz_target.h"

using namespace eventops;
using namespace eventops::fuzz;

EVENTOPS_FUZZ(mapping)
{
    const std::string_view text = takePart(bytes);
    std::string error;
    require(JsonPath::parse(text, error) || !error.empty());
    const auto map = parseYaml(text, "map.yaml");
    if (!map)
        return require(!map.error().message.empty());
    const auto codec = makeCodec("mapped", Value::map({{"map", map.value()}}));
    if (!codec)
        return require(!codec.error().message.empty());
    Batch batch = batchOf(bytes);
    const DecodeFailure failure = codec.value()->makeDecoder()->decode(batch, 0);
    require(!failure || (batch.events.empty() && !failure.detail.empty()));
    if (batch.events.empty())
        return;
    LossReport loss;
    const auto written = codec.value()->encode(batch, batch.events.front(), loss);
    Batch back;
    require(written ? readBack(*codec.value()->makeDecoder(), written.value(), back)
                    : !written.error().message.empty());
}
