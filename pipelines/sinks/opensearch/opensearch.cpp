// SPDX-License-Identifier: MIT
//
// OpenSearch by its bulk API: op `create` under the event's key, so a document that comes twice is there once.
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/json_scan.h"
#include "core/pipeline/spec.h"
#include "pipelines/sinks/sink_http.h"
#include "pipelines/sinks/sink_texts.h"

#include <algorithm>
#include <charconv>

namespace eventops {
namespace {

constexpr std::size_t IdBytesMax = 512; ///< OpenSearch 2.9 and later takes no longer one.
constexpr std::string_view Peer = "OpenSearch";

constexpr FieldSpec Fields[] = {
    {"url", "string", "required", "Of the cluster: https, or http on this machine."},
    {"index", "string", "eventops-events", "Name of the index, in small letters; it is made with a template."},
    {"user", "string", "\"\"", "For HTTP basic authentication; empty: none."},
    {"password_env", "string", "\"\"", "Environment variable with the user's password; or"},
    {"password_file", "string", "\"\"", "file with it, from the workspace on; only its owner may read it."},
    {"ca_file", "string", "\"\"", "PEM file of the authorities to trust."},
    {"allow_http", "bool", "false", "Plain http to another machine."},
};

long numberOf(std::string_view text)
{
    long number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

class OpenSearchWriter final : public Sink
{
public:
    static Result<std::unique_ptr<Sink>> make(const Value &settings, const SinkSurroundings &surroundings)
    {
        auto writer = std::make_unique<OpenSearchWriter>();
        writer->m_surroundings = surroundings;
        writer->m_address = EVENTOPS_TRY(SinkAddress::read(settings));
        writer->m_index = EVENTOPS_TRY(readSinkName(settings.at("index"), "an index"));
        if (std::any_of(writer->m_index.begin(), writer->m_index.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
            return settings.at("index").error("an index of OpenSearch has no capital letters",
                                              "write it in small ones");
        writer->m_user = EVENTOPS_TRY(settings.at("user").text());
        writer->m_password = EVENTOPS_TRY(readSinkSecret(settings, "password"));
        if (writer->m_user.empty() == writer->m_password.given())
            return settings.at("user").error("user and password_env or password_file belong together",
                                             "give both, or neither");
        return std::unique_ptr<Sink>(std::move(writer));
    }

    std::string target() const override { return m_address.url + " index " + m_index; }
    std::int64_t retryAfterMs() const override { return m_retryAfterMs; }

    /// The template is put anew each time: what it says may have changed with the version.
    Status open() override
    {
        HttpPeerOptions options = m_address.options();
        if (m_password.given()) {
            const std::string password = EVENTOPS_TRY(m_password.read(m_surroundings, "OpenSearch's password"));
            options.headers.push_back("Authorization: " + basicAuthorization(m_user, password));
        }
        m_peer = EVENTOPS_TRY(HttpPeer::open(std::move(options), m_surroundings.mustStop));
        const std::string_view shipped = sinkText("opensearch/template.json");
        const std::string body =
            "{\"index_patterns\":[\"" + m_index + "\"],\"priority\":200," + std::string(shipped.substr(1));
        EVENTOPS_TRY(told(m_peer->send("PUT", "/_index_template/" + m_index, "application/json", body)));
        const HttpReply there = m_peer->send("HEAD", '/' + m_index, {}, {});
        if (there.kind != HttpReply::Kind::Answered || (there.status != 200 && there.status != 404))
            return told(there);
        if (there.status == 200)
            return Ok{};
        const HttpReply made = m_peer->send("PUT", '/' + m_index, "application/json", "{}");
        if (made.status == 400 && made.body.find("resource_already_exists_exception") != std::string::npos)
            return Ok{}; // another one was quicker
        return told(made);
    }

    Result<std::vector<SinkRefusal>> write(std::span<const SinkDocument> batch) override
    {
        std::string body;
        for (const SinkDocument &document : batch) {
            body += "{\"create\":{\"_id\":";
            appendJsonString(body,
                             document.key.size() <= IdBytesMax ? document.key : "sha256:" + sha256Hex(document.key));
            body += "}}\n";
            body += document.json;
            body += '\n';
        }
        const HttpReply reply = m_peer->send("POST", '/' + m_index + "/_bulk", "application/x-ndjson", body);
        EVENTOPS_TRY(told(reply));
        return judge(reply.body, batch.size());
    }

private:
    Status told(const HttpReply &reply)
    {
        m_retryAfterMs = reply.retryAfterMs;
        return reply.done() ? Status(Ok{}) : Status(reply.error(std::string(Peer)));
    }

    /// What became of each document: the items stand in the order of the request.
    Result<std::vector<SinkRefusal>> judge(const std::string &answer, std::size_t documents)
    {
        const auto items = jsonFind(answer, "items");
        if (!jsonIsValid(answer) || !items || items->kind != JsonSlice::Kind::Array)
            return Error{Error::Code::Unavailable, "what answers is no OpenSearch: " + httpWords(answer)};
        std::vector<SinkRefusal> refused;
        std::string passing;
        std::size_t at = 0, place = 0;
        for (auto item = jsonNext(items->text, at); item; item = jsonNext(items->text, at), ++place) {
            const auto status = jsonFind(item->value.text, "create.status");
            const long code = status ? numberOf(status->text) : 0;
            if ((code >= 200 && code < 300) || code == 409)
                continue; // 409: it is there already
            std::string why = "status " + std::to_string(code);
            for (const char *name : {"create.error.type", "create.error.reason", "create.error.caused_by.reason"}) {
                if (const auto text = jsonFind(item->value.text, name); text && text->kind == JsonSlice::Kind::String) {
                    why += ": ";
                    appendJsonUnescaped(why, text->text);
                }
            }
            if (code == 0 || code == 404 || code == 408 || code == 429 || code >= 500)
                passing = why; // no fault of the document; those that are there answer 409 the next time
            else
                refused.push_back({place, httpWords(why)});
        }
        if (place != documents)
            return Error{Error::Code::Unavailable, "OpenSearch answers for " + std::to_string(place) + " documents of "
                                                       + std::to_string(documents)};
        if (!passing.empty())
            return Error{Error::Code::Unavailable, "OpenSearch takes only a part: " + httpWords(passing)};
        return refused;
    }

    SinkSurroundings m_surroundings;
    SinkAddress m_address;
    std::string m_index, m_user;
    SinkSecret m_password;
    std::unique_ptr<HttpPeer> m_peer;
    std::int64_t m_retryAfterMs = 0;
};

} // namespace

extern const SinkSpec OpensearchSink;
const SinkSpec OpensearchSink{
    .name = "opensearch",
    .summary = "OpenSearch or Elasticsearch: the event as a document of an index, under its own id.",
    .fields = Fields,
    .make = OpenSearchWriter::make,
};

} // namespace eventops
