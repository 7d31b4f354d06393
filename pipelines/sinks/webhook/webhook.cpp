// SPDX-License-Identifier: MIT
//
// Any HTTP server: batches of events, as lines of JSON or as a batch of CloudEvents, signed as Standard Webhooks are.
#include "core/codec/webhook.h"
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/pipeline/spec.h"
#include "pipelines/sinks/sink_http.h"

#include <optional>

namespace eventops {
namespace {

constexpr std::size_t IdDigits = 32;

constexpr FieldSpec Fields[] = {
    {"url", "string", "required", "Where batches are posted: https, or http on this machine."},
    {"form", "enum:ndjson|cloudevents", "ndjson",
     "ndjson: an event a line; cloudevents: an array of CloudEvents 1.0 with the event as data."},
    {"secret_env", "string", "\"\"", "Environment variable with a secret (whsec_…) to sign with; or"},
    {"secret_file", "string", "\"\"", "file with it, from the workspace on; neither: batches are not signed."},
    {"ca_file", "string", "\"\"", "PEM file of the authorities to trust."},
    {"allow_http", "bool", "false", "Plain http to another machine."},
};

class WebhookBatchWriter final : public Sink
{
public:
    static Result<std::unique_ptr<Sink>> make(const Value &settings, const SinkSurroundings &surroundings)
    {
        auto writer = std::make_unique<WebhookBatchWriter>();
        writer->m_surroundings = surroundings;
        writer->m_address = EVENTOPS_TRY(SinkAddress::read(settings));
        writer->m_lines = EVENTOPS_TRY(settings.at("form").text()) == "ndjson";
        writer->m_secret = EVENTOPS_TRY(readSinkSecret(settings, "secret"));
        return std::unique_ptr<Sink>(std::move(writer));
    }

    std::string target() const override { return m_address.url; }
    std::int64_t retryAfterMs() const override { return m_retryAfterMs; }

    Status open() override
    {
        if (m_secret.given()) {
            const std::string secret = EVENTOPS_TRY(m_secret.read(m_surroundings, "the secret"));
            m_keys = EVENTOPS_TRY(WebhookKeys::parse(secret));
        }
        m_peer = EVENTOPS_TRY(HttpPeer::open(m_address.options(), m_surroundings.mustStop));
        return Ok{};
    }

    Result<std::vector<SinkRefusal>> write(std::span<const SinkDocument> batch) override
    {
        std::string body = m_lines ? "" : "[";
        Sha256 ids;
        for (const SinkDocument &document : batch) {
            ids.update(document.key + '\n');
            if (m_lines) {
                body += document.json + '\n';
                continue;
            }
            body += body.size() > 1 ? "," : "";
            body += encodeWebhookMessage({document.key,
                                          document.type.empty() ? "event" : document.type,
                                          document.entityId,
                                          document.ts,
                                          document.json,
                                          {}});
        }
        body += m_lines ? "" : "]";
        std::vector<std::string> headers;
        if (m_keys) {
            const std::string id = "batch_" + ids.hex().substr(0, IdDigits);
            const std::int64_t seconds = raw(SystemClock().now()) / NsPerSecond;
            headers = {std::string(WebhookIdHeader) + ": " + id,
                       std::string(WebhookTimestampHeader) + ": " + std::to_string(seconds),
                       std::string(WebhookSignatureHeader) + ": " + m_keys->sign(id, seconds, body)};
        }
        const HttpReply reply = m_peer->send(
            "POST", {}, m_lines ? "application/x-ndjson" : "application/cloudevents-batch+json", body, headers);
        m_retryAfterMs = reply.retryAfterMs;
        if (!reply.done())
            return reply.error("the target");
        return std::vector<SinkRefusal>();
    }

private:
    SinkSurroundings m_surroundings;
    SinkAddress m_address;
    bool m_lines = true;
    SinkSecret m_secret;
    std::optional<WebhookKeys> m_keys;
    std::unique_ptr<HttpPeer> m_peer;
    std::int64_t m_retryAfterMs = 0;
};

} // namespace

extern const SinkSpec WebhookSink;
const SinkSpec WebhookSink{
    .name = "webhook",
    .summary = "Any HTTP server: batches of events as NDJSON or CloudEvents, signed as Standard Webhooks are.",
    .fields = Fields,
    .make = WebhookBatchWriter::make,
};

} // namespace eventops
