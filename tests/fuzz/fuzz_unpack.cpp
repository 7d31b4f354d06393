// SPDX-License-Identifier: MIT
//
// Any bytes as what comes packed or in binary: gzip, Snappy, remote-write, OTLP's three requests in Protocol Buffers,
// base64. Refused with words, or within the limit; JSON that comes out is JSON.
#include "core/base/base64.h"
#include "core/base/gzip.h"
#include "core/codec/codec.h"
#include "core/codec/json_reader.h"
#include "core/codec/otlp_protobuf.h"
#include "core/codec/snappy.h"
#include "tests/fuzz/fuzz_target.h"

using namespace eventops;
using namespace eventops::fuzz;

EVENTOPS_FUZZ(unpack)
{
    constexpr std::size_t UnpackedMax = 1u << 16;
    const std::size_t choice = takeChoice(bytes, 7);
    if (choice == 0) {
        const auto out = gunzip(bytes, UnpackedMax);
        require(out ? out.value().size() <= UnpackedMax : !out.error().message.empty());
    } else if (choice == 1) {
        require(snappyUnpacked(bytes).value_or("").size() <= (64u << 20));
    } else if (choice == 2) {
        Batch batch = batchOf(bytes);
        const DecodeFailure failure = codecByName("prometheus.remote")->makeDecoder()->decode(batch, 0);
        require(!failure || (batch.events.empty() && !failure.detail.empty()));
    } else if (choice < 6) {
        const auto json = otlpJson(static_cast<OtlpExport>(choice - 3), bytes);
        JsonReader reader;
        require(json ? !reader.read(json.value()) : !json.error().message.empty());
        if (json)
            require(reader.kind() == JsonKind::Object);
    } else {
        std::string plain, again;
        if (readBase64(bytes, plain)) // what stands beyond the last byte is nothing
            require(base64(plain).size() == bytes.size() && readBase64(base64(plain), again) && again == plain);
    }
}
