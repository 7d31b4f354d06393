// SPDX-License-Identifier: MIT
//
// Qdrant: an event is a point, its JSON the payload, and its text the vector (see feature_vector.h).
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/json_scan.h"
#include "core/pipeline/spec.h"
#include "pipelines/sinks/qdrant/feature_vector.h"
#include "pipelines/sinks/sink_http.h"

#include <charconv>

namespace eventops {
namespace {

constexpr std::string_view Peer = "Qdrant";
constexpr std::int64_t DimensionMin = 16, DimensionMax = 4'096;

constexpr FieldSpec Fields[] = {
    {"url", "string", "required", "Of the server's HTTP interface, port 6333: https, or http on this machine."},
    {"collection", "string", "eventops-events", "Name of the collection; it is made when it is not there."},
    {"dimension", "int", "256", "Length of the vectors, 16 to 4096; a collection keeps the one that it was made with."},
    {"api_key_env", "string", "\"\"", "Environment variable with the API key; or"},
    {"api_key_file", "string", "\"\"", "file with it, from the workspace on; only its owner may read it."},
    {"ca_file", "string", "\"\"", "PEM file of the authorities to trust."},
    {"allow_http", "bool", "false", "Plain http to another machine."},
};

/// A UUID of version 8 (RFC 9562) from the event's key: a point's id is a UUID or a number.
std::string pointId(const std::string &key)
{
    std::string hex = sha256Hex("eventops event " + key);
    hex[12] = '8';
    constexpr std::string_view Variant = "89ab";
    hex[16] = Variant[static_cast<std::size_t>(hex[16]) % Variant.size()];
    return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' + hex.substr(16, 4) + '-'
           + hex.substr(20, 12);
}

/// What of an event is compared: what people read in it, and what it is about.
std::string comparedText(const SinkDocument &document)
{
    std::string out;
    for (const std::string *part : {&document.message, &document.type, &document.metric, &document.severity,
                                    &document.entityType, &document.entityId, &document.tags})
        out += *part + '\n';
    return out;
}

class QdrantWriter final : public Sink
{
public:
    static Result<std::unique_ptr<Sink>> make(const Value &settings, const SinkSurroundings &surroundings)
    {
        auto writer = std::make_unique<QdrantWriter>();
        writer->m_surroundings = surroundings;
        writer->m_address = EVENTOPS_TRY(SinkAddress::read(settings));
        writer->m_collection = EVENTOPS_TRY(readSinkName(settings.at("collection"), "a collection"));
        writer->m_key = EVENTOPS_TRY(readSinkSecret(settings, "api_key"));
        const std::int64_t dimension = EVENTOPS_TRY(settings.at("dimension").integer());
        if (dimension < DimensionMin || dimension > DimensionMax)
            return settings.at("dimension").error("a vector has 16 to 4096 numbers", "leave it out: 256");
        writer->m_dimension = static_cast<std::size_t>(dimension);
        return std::unique_ptr<Sink>(std::move(writer));
    }

    std::string target() const override { return m_address.url + " collection " + m_collection; }
    std::int64_t retryAfterMs() const override { return m_retryAfterMs; }

    Status open() override
    {
        HttpPeerOptions options = m_address.options();
        if (m_key.given())
            options.headers.push_back("api-key: " + EVENTOPS_TRY(m_key.read(m_surroundings, "Qdrant's API key")));
        m_peer = EVENTOPS_TRY(HttpPeer::open(std::move(options), m_surroundings.mustStop));
        const std::string path = "/collections/" + m_collection;
        const HttpReply there = m_peer->get(path);
        if (there.done())
            return checkDimension(there.body);
        if (there.kind != HttpReply::Kind::Answered || there.status != 404)
            return told(there);
        std::string body = "{\"vectors\":{\"size\":" + std::to_string(m_dimension) + ",\"distance\":\"Cosine\"}}";
        const HttpReply made = m_peer->send("PUT", path, "application/json", body);
        return made.kind == HttpReply::Kind::Answered && made.status == 409 ? Status(Ok{}) : told(made);
    }

    Result<std::vector<SinkRefusal>> write(std::span<const SinkDocument> batch) override
    {
        std::string body = "{\"points\":[";
        for (const SinkDocument &document : batch) {
            body += body.ends_with('[') ? "{\"id\":\"" : ",{\"id\":\"";
            body += pointId(document.key) + "\",\"vector\":[";
            for (const float x : featureVector(comparedText(document), m_dimension)) {
                char digits[32];
                const auto end = std::to_chars(digits, digits + sizeof digits, x);
                body.append(digits, end.ptr);
                body += ',';
            }
            body.back() = ']';
            body += ",\"payload\":" + document.json + '}';
        }
        body += "]}";
        const std::string path = "/collections/" + m_collection + "/points?wait=true";
        const HttpReply reply = m_peer->send("PUT", path, "application/json", body);
        EVENTOPS_TRY(told(reply));
        const auto status = jsonFind(reply.body, "status");
        if (!status || status->text != "ok")
            return Error{Error::Code::Unavailable, "what answers is no Qdrant: " + httpWords(reply.body)};
        return std::vector<SinkRefusal>();
    }

private:
    Status told(const HttpReply &reply)
    {
        m_retryAfterMs = reply.retryAfterMs;
        return reply.done() ? Status(Ok{}) : Status(reply.error(std::string(Peer)));
    }

    Status checkDimension(const std::string &answer) const
    {
        const auto size = jsonFind(answer, "result.config.params.vectors.size");
        if (size && size->text == std::to_string(m_dimension))
            return Ok{};
        return Error{Error::Code::InvalidConfig,
                     "the collection " + m_collection + " has vectors of "
                         + (size ? std::string(size->text) : std::string("another kind")) + ", not of "
                         + std::to_string(m_dimension),
                     {},
                     "name another collection, or set dimension to what it has"};
    }

    SinkSurroundings m_surroundings;
    SinkAddress m_address;
    std::string m_collection;
    SinkSecret m_key;
    std::size_t m_dimension = 0;
    std::unique_ptr<HttpPeer> m_peer;
    std::int64_t m_retryAfterMs = 0;
};

} // namespace

extern const SinkSpec QdrantSink;
const SinkSpec QdrantSink{
    .name = "qdrant",
    .summary = "Qdrant: the event as the payload of a point whose vector is its text, by feature hashing.",
    .fields = Fields,
    .make = QdrantWriter::make,
};

} // namespace eventops
