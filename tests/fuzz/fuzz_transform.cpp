// SPDX-License-Identifier: MIT
//
// The settings of a JSONTransformer, a zero byte, a document; or, by the first byte, a shipped kind of table in YAML:
// an error with words, or an output whose data is an object. A template never looks at what it put in.
#include "core/codec/json_reader.h"
#include "core/codec/transform_mapping.h"
#include "core/yaml/yaml.h"
#include "tests/fuzz/fuzz_target.h"

using namespace eventops;
using namespace eventops::fuzz;

namespace {

Result<TransformMapping> mappingOf(bool isTable, std::string_view text)
{
    if (!isTable)
        return TransformMapping::fromRules(text);
    return TransformMapping::parse(EVENTOPS_TRY(parseYaml(text, "table.yaml")));
}

} // namespace

EVENTOPS_FUZZ(transform)
{
    const bool isTable = takeChoice(bytes, 2) == 1;
    const std::string_view text = takePart(bytes);
    const auto mapping = mappingOf(isTable, text);
    if (mapping) {
        const auto output = mapping.value().apply(bytes);
        require(output || !output.error().message.empty());
        for (const auto &event : output ? output.value().events : std::vector<TransformerOutput::Processed>{}) {
            JsonReader reader;
            require(!reader.read(event.data) && reader.kind() == JsonKind::Object);
        }
    } else {
        require(!mapping.error().message.empty());
    }
    JsonReader reader;
    if (reader.read(bytes) || reader.kind() != JsonKind::Object)
        return;
    const std::string filled = PathTemplate("{a}").fill(reader.document(), {"{a}", "{b}", ""});
    const auto inside = jsonMember(reader.document(), "a");
    std::string scratch;
    if (inside && jsonKind(*inside) == JsonKind::String)
        require(filled == jsonText(*inside, scratch));
}
