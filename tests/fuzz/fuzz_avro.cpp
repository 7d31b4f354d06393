// SPDX-License-Identifier: MIT
//
// A schema, a zero byte, a datum: the canonical form of a schema is a schema of that form; a datum that can be read is
// JSON, and what can be written of that reads as the same.
#include "core/codec/avro_data.h"
#include "core/codec/avro_plan.h"
#include "core/codec/avro_schema.h"
#include "core/codec/json_reader.h"
#include "tests/fuzz/fuzz_target.h"

using namespace eventops;
using namespace eventops::fuzz;

EVENTOPS_FUZZ(avro)
{
    const auto schema = AvroSchema::parse(takePart(bytes));
    if (!schema)
        return require(!schema.error().message.empty());
    const auto again = AvroSchema::parse(schema.value()->canonical());
    require(again && again.value()->canonical() == schema.value()->canonical());
    const auto plan = AvroPlan::make(schema.value(), schema.value());
    std::string json;
    if (readAvro(*plan, bytes, json))
        return;
    JsonReader reader;
    const JsonFailure failure = reader.read(json);
    require(!failure || failure.what == JsonFailure::What::TooDeep);
    std::string written, back;
    if (failure || !writeAvro(*schema.value(), json, written))
        return;
    require(!readAvro(*plan, written, back));
}
