// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/codec.h"
#include "core/codec/document_format.h"
#include "core/codec/json_envelope.h"

#include <memory>
#include <string_view>

/// The codecs, one file each. Internal to core/codec: outside use codecByName() and makeCodec().
namespace eventops {

const Codec &agentCodec();        ///< eventops.agent
const Codec &autoCodec();         ///< auto
const Codec &chronosProcessedCodec(); ///< chronos.processed
const Codec &chronosRawCodec();   ///< chronos.raw
const Codec &csvCodec();          ///< csv
const Codec &genericJsonCodec();  ///< json
const Codec &karmaApiCodec();     ///< karma.api.v1
const Codec &karmaCodec();        ///< karma.v1
const Codec &logCodec();          ///< log
const Codec &monitoringCodec();   ///< monitoring.v1
const Codec &prometheusCodec();   ///< prometheus
const Codec &remoteWriteCodec();  ///< prometheus.remote
const Codec &textCodec();         ///< text

Result<std::shared_ptr<const Codec>> makeAgentCodec(const Value &settings);
Result<std::shared_ptr<const Codec>> makeAutoCodec(const Value &settings);
Result<std::shared_ptr<const Codec>> makeChronosRawCodec(const Value &settings);
Result<std::shared_ptr<const Codec>> makeCloudEventsCodec(const Value &settings);
Result<std::shared_ptr<const Codec>> makeKarmaCodec(const Value &settings);
Result<std::shared_ptr<const Codec>> makeLogCodec(const Value &settings);
Result<std::shared_ptr<const Codec>> makeMappedCodec(const Value &settings);
Result<std::shared_ptr<const Codec>> makeMonitoringCodec(const Value &settings);
Result<std::shared_ptr<const Codec>> makeMonitoringAvroCodec(const Value &settings); ///< monitoring.envelope.v1
Result<std::shared_ptr<const Codec>> makeSyslogCodec(const Value &settings);

/// The fields that an agent's line must have. The upstream normaliser demands none of them and fills in "default",
/// "unknown" and 0; an engine that stores for years had better see that a tenant is missing.
struct AgentRules {
    bool tenant = true;
    bool host = true;
    bool metric = true;
    bool value = true;
    bool ts = true;
};
Result<AgentRules> agentRules(const Value &settings);

// What `auto` asks of the others.
bool looksLikeAgent(const JsonReader &json);
bool looksLikeChronos(const JsonReader &json);
bool looksLikeKarma(const JsonReader &json);
bool looksLikeKarmaApi(const JsonReader &json);
bool looksLikeMonitoring(const JsonReader &json);
std::unique_ptr<JsonEnvelope> makeCloudEventEnvelope();
std::unique_ptr<JsonEnvelope> makeChronosEnvelope();
std::unique_ptr<JsonEnvelope> makeGenericJsonEnvelope();
std::unique_ptr<JsonEnvelope> makeKarmaEnvelope();
std::unique_ptr<JsonEnvelope> makeKarmaApiEnvelope();
std::unique_ptr<JsonEnvelope> makeMonitoringEnvelope(bool attributeTypes = false, bool tagTypes = false);

/// Codecs and envelopes of documentFormats().
std::span<const std::unique_ptr<const Codec>> formatCodecs();
std::unique_ptr<JsonEnvelope> makeFormatEnvelope(const DocumentFormat &format);

// X6: the side channel beside an attribute that is no text, "cores": "8", "cores:type": "number".
inline constexpr std::string_view MonitoringTypeSuffix = ":type";
std::string_view monitoringTypeName(JsonKind kind);

} // namespace eventops
