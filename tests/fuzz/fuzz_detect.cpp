// SPDX-License-Identifier: MIT
//
// Any bytes as a dropped file: something known or "unknown", with a confidence from 0 to 1 and records that lie in the
// bytes; with a word of HTTP headers before them when the first byte is odd.
#include "core/codec/codec.h"
#include "core/codec/detect.h"
#include "tests/fuzz/fuzz_target.h"

#include <algorithm>

using namespace eventops;
using namespace eventops::fuzz;

EVENTOPS_FUZZ(detect)
{
    std::vector<std::pair<std::string, std::string>> headers;
    if (takeChoice(bytes, 2) == 1)
        headers.emplace_back("content-type", std::string(takePart(bytes)));
    const Detection found = detect(bytes, headers);
    const auto isSound = [](const DetectedCodec &one) {
        return !one.codec.empty() && one.confidence >= 0.0 && one.confidence <= 1.0;
    };
    require(isSound(found.best) && std::all_of(found.alternatives.begin(), found.alternatives.end(), isSound));
    for (const std::string_view record : found.records)
        require(record.empty() || (record.data() >= bytes.data() && record.end() <= bytes.end()));
    if (found.best.codec != "unknown" && found.best.codec != "mapped")
        require(bool(makeCodec(found.best.codec, Value::map({}))));
}
